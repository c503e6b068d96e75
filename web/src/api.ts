/** The one way the page talks to the server: JSON over fetch, with the session's cookie, typed by its operations. */
import type { Routes } from '../../src/app.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What the server, or the lack of one, answered. `status` is 0 and `code` `offline` when nothing answered. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  readonly requestId: string | undefined;
  /** Seconds after which the server will take the request. */
  retryAfter: number | undefined;

  constructor(code: string, message: string, status: number, requestId?: string) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.status = status;
    this.requestId = requestId;
  }
}

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

/** A method and a path, as the server's operations declare them. */
export type Route = keyof Routes;
export type Input<R extends Route> = Routes[R]['input'];
export type Output<R extends Route> = Routes[R]['output'];

/** What may be left out when nothing in it is required. */
type Args<R extends Route> = Record<never, never> extends Input<R> ? [input?: Input<R>] : [input: Input<R>];

/**
 * Calls an operation. `{name}` in the path is taken from the input; the rest becomes the query (GET, DELETE) or the
 * JSON body. Every write carries an Idempotency-Key of its own, so a retry by the network changes nothing twice.
 *
 * @throws ApiError
 */
export async function call<R extends Route>(route: R, ...[input]: Args<R>): Promise<Output<R>> {
  const [method, path] = route.split(' ') as [Method, string];
  const rest: Record<string, unknown> = { ...(input as object) };
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = encodeURIComponent(String(rest[name]));
    delete rest[name];
    return value;
  });
  const inQuery = method === 'GET' || method === 'DELETE';
  const query = inQuery ? queryString(rest) : '';
  const headers: Record<string, string> = { accept: 'application/json' };
  if (method !== 'GET') headers['idempotency-key'] = randomKey();
  if (!inQuery) headers['content-type'] = 'application/json';
  let response: Response;
  try {
    response = await fetch(filled + query, {
      method,
      headers,
      ...(inQuery ? {} : { body: JSON.stringify(rest) }),
    });
  } catch {
    throw new ApiError('offline', 'Steward cannot be reached. Is it running?', 0);
  }
  const text = await response.text();
  const body = parse(text);
  if (!response.ok) throw toApiError(response, body);
  return body as Output<R>;
}

/** Reads the error body of a response that did not come through `call`. */
export function toApiError(response: Response, body: unknown): ApiError {
  const requestId = response.headers.get('x-request-id') ?? undefined;
  const { error, code, message } = (body ?? {}) as {
    error?: { code?: string; message?: string; request_id?: string };
    code?: string;
    message?: string;
  };
  // better-auth answers {code, message} without the envelope.
  const failure = new ApiError(
    error?.code ?? code?.toLowerCase() ?? 'internal',
    sentence(error?.message ?? message ?? `The server answered ${response.status}.`),
    response.status,
    error?.request_id ?? requestId,
  );
  failure.retryAfter = Number(response.headers.get('retry-after')) || undefined;
  return failure;
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function queryString(input: Readonly<Record<string, unknown>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(input)) {
    if (value !== undefined && value !== null && value !== '') query.set(name, String(value));
  }
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

function parse(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `crypto.randomUUID` exists only on https and localhost; a household's server is often neither. */
export function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}
