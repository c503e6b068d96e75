/**
 * What went wrong at a provider, said in our words: a code, a message that says what to do, whether trying again
 * may help. The provider's own error is never passed on: it may hold the prompt, the request's headers or the key.
 */
import { AppError, type ErrorCode } from '../../platform/errors.ts';
import { type ProviderId, provider } from './providers.ts';
import { redact } from './redact.ts';

/** Who failed: enough to say what to do about it. */
interface Target {
  readonly provider: ProviderId;
  readonly modelId: string;
  readonly baseUrl: string | undefined;
  /** Never shown; removed from whatever the provider said. */
  readonly secrets: readonly string[];
}

export interface Failure {
  readonly error: AppError;
  /** Trying the same request again may succeed. */
  readonly retry: boolean;
  /** Milliseconds that the provider asked to wait before that. */
  readonly waitMs: number | undefined;
  /** The provider refused, or was never reached: it does not charge. */
  readonly free: boolean;
}

type Kind = 'auth' | 'quota' | 'rate' | 'missing' | 'rejected' | 'timeout' | 'unavailable';

interface Facts {
  readonly status: number | undefined;
  /** The provider's words, redacted and short; empty when it gave none. */
  readonly said: string;
  readonly waitMs: number | undefined;
  /** It answered with a refusal or was never reached: nothing was worked on. */
  readonly unmet: boolean;
}

const KINDS: Record<
  Kind,
  { code: ErrorCode; retry: boolean; says: (target: Target, facts: Facts) => string }
> = {
  auth: {
    code: 'provider_auth',
    retry: false,
    says: (target) =>
      `${name(target)} does not accept ${keyOf(target)}. Put a valid key there and restart Steward, or choose another model.`,
  },
  quota: {
    code: 'provider_quota',
    retry: false,
    says: (target) =>
      `the account at ${name(target)} has no credit left or has met its limit. Add credit there, or choose another model.`,
  },
  rate: {
    code: 'provider_rate_limited',
    retry: true,
    says: (target, { waitMs }) =>
      `${name(target)} asks for fewer requests. Try again ${waitMs === undefined ? 'in a minute' : `in ${Math.ceil(waitMs / 1000)} s`}, or choose another model.`,
  },
  missing: {
    code: 'model_not_found',
    retry: false,
    says: (target) =>
      `${name(target)} has no model "${target.modelId}" for this account. Choose one that it has (see "steward models list").`,
  },
  rejected: {
    code: 'provider_rejected',
    retry: false,
    says: (target, { said }) =>
      `${name(target)} refused the request${said === '' ? '' : `: ${said}`}. Shorten it or choose another model.`,
  },
  timeout: {
    code: 'provider_timeout',
    retry: true,
    says: (target) =>
      `${name(target)} stopped answering. Try again, allow it more time with STEWARD_MODEL_TIMEOUT (seconds), or choose another model.`,
  },
  unavailable: {
    code: 'provider_unavailable',
    retry: true,
    says: (target) =>
      provider(target.provider).kind === 'local'
        ? `${name(target)} does not answer at ${target.baseUrl}. Start it, or choose another model.`
        : `${name(target)} cannot be reached or has a failure of its own. Try again later, or choose another model.`,
  },
};

/** @param thrown what the provider's client threw or put into the stream */
export function providerFailure(thrown: unknown, target: Target): Failure {
  const error = unwrap(thrown);
  const status = error.statusCode;
  const text = [error.message, error.responseBody, error.code, error.type].filter(Boolean).join(' ');
  const facts: Facts = {
    status,
    said: redact(firstLine(error.message ?? ''), target.secrets),
    waitMs: retryAfter(error.responseHeaders),
    unmet: status === undefined ? NOT_REACHED.test(text) : status >= 400,
  };
  return failure(kindOf(status, text), target, facts);
}

const CUT_OFF: Facts = { status: undefined, said: '', waitMs: undefined, unmet: false };
const NOT_REACHED = /cannot connect|ECONNREFUSED|ENOTFOUND|EAI_AGAIN/i;

/** No sign of life for as long as is allowed. */
export function timeoutFailure(target: Target): Failure {
  return failure('timeout', target, CUT_OFF);
}

/** The stream ended before the model had finished. */
export function interruptedFailure(target: Target): Failure {
  return failure('unavailable', target, CUT_OFF);
}

function failure(kind: Kind, target: Target, facts: Facts): Failure {
  const { code, retry, says } = KINDS[kind];
  const details = {
    provider: target.provider,
    model: target.modelId,
    ...(facts.status !== undefined && facts.status >= 400 ? { status: facts.status } : {}),
    ...(facts.waitMs === undefined ? {} : { retry_after: Math.ceil(facts.waitMs / 1000) }),
  };
  return {
    error: new AppError(code, says(target, facts), { details }),
    retry,
    waitMs: facts.waitMs,
    free: facts.unmet,
  };
}

/** Providers say "no money" with 400, 402, 403 or 429; their words tell it apart. */
const NO_CREDIT =
  /insufficient_quota|insufficient (?:credit|balance|funds)|credit balance|billing_(?:hard_limit|not_active)/i;

/** Google answers a wrong key with 400. */
const BAD_KEY = /api[ _]key[ _](?:not valid|invalid)/i;

function kindOf(status: number | undefined, text: string): Kind {
  if (status === undefined || status >= 500) return status === 504 ? 'timeout' : 'unavailable';
  if (status === 402 || (status !== 401 && NO_CREDIT.test(text))) return 'quota';
  if (status === 401 || status === 403 || BAD_KEY.test(text)) return 'auth';
  if (status === 404) return 'missing';
  if (status === 408) return 'timeout';
  if (status === 429) return 'rate';
  return status >= 400 ? 'rejected' : 'unavailable';
}

/** What the clients' errors have in common: exceptions of HTTP calls and errors within a stream. */
interface ClientError {
  readonly message?: string;
  readonly statusCode?: number;
  readonly responseBody?: string;
  readonly responseHeaders?: Readonly<Record<string, string>>;
  readonly code?: string | number;
  readonly type?: string;
}

function unwrap(thrown: unknown): ClientError {
  if (typeof thrown === 'string') return { message: thrown };
  if (typeof thrown !== 'object' || thrown === null) return {};
  const error = thrown as ClientError;
  if (
    error.statusCode === undefined &&
    typeof error.code === 'number' &&
    error.code >= 400 &&
    error.code <= 599
  ) {
    return { ...error, statusCode: error.code };
  }
  // A key that is not there at all is found by the client before it calls.
  if (thrown instanceof Error && thrown.name === 'AI_LoadAPIKeyError')
    return { message: thrown.message, statusCode: 401 };
  if (
    thrown instanceof Error &&
    /^AI_(InvalidPrompt|InvalidArgument|UnsupportedFunctionality)/.test(thrown.name)
  ) {
    return { message: thrown.message, statusCode: 400 };
  }
  return error;
}

/** @returns milliseconds, from `retry-after-ms`, or from `retry-after` in seconds or as a date. */
function retryAfter(headers: Readonly<Record<string, string>> | undefined): number | undefined {
  const exact = Number(headers?.['retry-after-ms'] ?? Number.NaN);
  if (exact >= 0) return exact;
  const value = headers?.['retry-after'];
  if (value === undefined) return undefined;
  const ms = /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

const LONGEST_QUOTE = 300;

function firstLine(text: string): string {
  const line = text
    .trim()
    .split('\n', 1)[0]!
    .replace(/[.\s]+$/, '');
  return line.length > LONGEST_QUOTE ? `${line.slice(0, LONGEST_QUOTE)}…` : line;
}

function name(target: Target): string {
  return provider(target.provider).name;
}

function keyOf(target: Target): string {
  const { key } = provider(target.provider).env;
  return key === undefined ? 'the request' : `the key in ${key}`;
}
