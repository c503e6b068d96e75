/**
 * The one way to call a model. A call is one step: the prompt goes out, an answer of text and tool calls streams in.
 *
 * - It never throws for what a provider does: the outcome is `ok`, `failed` with an error to show, or `cancelled`.
 *   Defects (of the built-in model, of `onChunk`) are thrown.
 * - Whatever the outcome, `ledgerRow` is the one row for `llm_calls`; the caller inserts it in the transaction in
 *   which it keeps the answer, so that neither exists without the other.
 * - A failure that may pass (429, 5xx, network, silence) is tried again with growing, random waits, as long as
 *   nothing of the answer has reached `onChunk`: what somebody has seen is never said twice.
 *
 * It speaks to the model's own interface (`doStream`) and not through the SDK's `streamText`, which would add a
 * second stream, telemetry and promises that a single step does not need.
 */
import type {
  JSONObject,
  LanguageModelV4CallOptions,
  LanguageModelV4Content,
  LanguageModelV4FinishReason,
  LanguageModelV4Prompt,
  LanguageModelV4ToolChoice,
  LanguageModelV4Usage,
} from '@ai-sdk/provider';
import type { AppError } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { log } from '../../platform/log.ts';
import { costOf, NOTHING } from './cost.ts';
import { type Failure, interruptedFailure, providerFailure, timeoutFailure } from './failure.ts';
import { type ModelChunk, Step, type ToolCall, textOf, toolCallsOf } from './parts.ts';
import type { Purpose } from './purposes.ts';
import type { ResolvedModel } from './resolve.ts';
import type { LedgerRow } from './schema.ts';

export type JsonSchema = Record<string, unknown>;

/** A tool as the model sees it. The model only asks for it; running it is the turn's work. */
export interface ModelTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonSchema;
}

export interface ModelCall {
  readonly model: ResolvedModel;
  readonly userId: string;
  readonly requestId: string;
  /** What is being done, as an operation's or a job's name; the ledger sums by it. */
  readonly operation: string;
  readonly purpose: Purpose;
  /** Which wording of the prompt this is, such as `chat-1`; the ledger keeps it. */
  readonly promptVersion: string;
  readonly prompt: LanguageModelV4Prompt;
  readonly tools?: readonly ModelTool[];
  readonly toolChoice?: LanguageModelV4ToolChoice;
  /** Asks for one JSON value of this schema. The answer's text still has to be parsed and checked. */
  readonly responseSchema?: { readonly name: string; readonly schema: JsonSchema };
  readonly maxOutputTokens?: number;
  /** What a model of ours should know beside the prompt (time zone, now); other providers never see it. */
  readonly context?: JSONObject;
  /** Stops the call; what was said until then is kept. */
  readonly signal?: AbortSignal;
  /** Is given each piece of the answer as it comes, and waited for. Must not throw. */
  readonly onChunk?: (chunk: ModelChunk) => void | Promise<void>;
  readonly conversationId?: string;
  readonly runId?: string;
  readonly limits?: Partial<CallLimits>;
}

export interface CallLimits {
  /** Requests in all, the first included. */
  readonly attempts: number;
  /** Milliseconds without a sign of life after which an attempt is given up. */
  readonly idleMs: number;
  /** Milliseconds: the first wait is half to all of this, by chance; each further one twice as long. */
  readonly backoffMs: number;
  /** The longest wait; a provider that asks for more is not waited for. */
  readonly longestWaitMs: number;
}

interface Answer {
  readonly text: string;
  /** The whole answer in order: text, reasoning, tool calls; `assistantMessage` makes a message of it. */
  readonly parts: LanguageModelV4Content[];
  /** Empty unless the answer is whole: a tool is never run on the word of half an answer. */
  readonly toolCalls: ToolCall[];
  readonly finishReason: LanguageModelV4FinishReason['unified'] | undefined;
  readonly usage: LanguageModelV4Usage | undefined;
  readonly ledgerRow: LedgerRow;
}

export type ModelResult =
  | (Answer & { readonly status: 'ok' | 'cancelled'; readonly error: null })
  | (Answer & { readonly status: 'failed'; readonly error: AppError });

/** @returns what came of it, also when that is a failure; see above */
export async function callModel(call: ModelCall): Promise<ModelResult> {
  const limits: CallLimits = { ...defaultLimits(), ...call.limits };
  const options = callOptions(call);
  const begun = new Date();
  const clock = performance.now();
  for (let attempts = 1; ; attempts++) {
    const step = new Step();
    const { outcome, relayed } = await attempt(call, options, step, limits.idleMs);
    if (typeof outcome === 'object') {
      const { code, details } = outcome.error;
      log.warn(
        { request_id: call.requestId, operation: call.operation, attempts, code, details },
        'a model call failed',
      );
    }
    if (typeof outcome === 'object' && outcome.retry && !relayed && attempts < limits.attempts) {
      const wait = outcome.waitMs ?? (0.5 + Math.random() / 2) * limits.backoffMs * 2 ** (attempts - 1);
      if (wait <= limits.longestWaitMs && (await pause(wait, call.signal))) continue;
    }
    const cancelled = outcome === 'cancelled' || call.signal?.aborted === true;
    const failure = typeof outcome === 'object' && !cancelled ? outcome : undefined;
    const parts = step.parts();
    const answer: Answer = {
      parts,
      text: textOf(parts),
      toolCalls: outcome === 'ok' ? toolCallsOf(parts) : [],
      finishReason: step.finishReason?.unified,
      usage: step.usage,
      ledgerRow: ledgerRow(call, step.usage, failure, cancelled && outcome !== 'ok', {
        attempts,
        begun,
        latencyMs: performance.now() - clock,
        silent: parts.length === 0,
      }),
    };
    if (outcome === 'ok') return { ...answer, status: 'ok', error: null };
    return failure
      ? { ...answer, status: 'failed', error: failure.error }
      : { ...answer, status: 'cancelled', error: null };
  }
}

type Outcome = 'ok' | 'cancelled' | Failure;

/** One request. `relayed`: some of its answer has reached `onChunk`. */
async function attempt(
  call: ModelCall,
  options: LanguageModelV4CallOptions,
  step: Step,
  idleMs: number,
): Promise<{ outcome: Outcome; relayed: boolean }> {
  const { model, signal, onChunk } = call;
  if (signal?.aborted) return { outcome: 'cancelled', relayed: false };
  let relayed = false;
  let stopped: 'cancelled' | 'idle' | undefined;
  let defect: { readonly error: unknown } | undefined;
  let failed: { readonly error: unknown } | undefined;
  const request = new AbortController();
  const stop = (why: 'cancelled' | 'idle') => {
    stopped ??= why;
    request.abort();
  };
  const cancel = () => stop('cancelled');
  signal?.addEventListener('abort', cancel, { once: true });
  const idle = setTimeout(() => stop('idle'), idleMs);
  try {
    // A model may take no notice of the signal: nothing here waits for one that was stopped.
    const gone = new Promise<never>((_, reject) => {
      request.signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true });
    });
    const { stream } = await Promise.race([
      model.model.doStream({ ...options, abortSignal: request.signal }),
      gone,
    ]);
    const reader = stream.getReader();
    const close = () => void reader.cancel().catch(() => undefined);
    request.signal.addEventListener('abort', close, { once: true });
    if (request.signal.aborted) close();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      idle.refresh();
      if (value.type === 'error') {
        failed = { error: value.error };
        break;
      }
      const chunk = step.add(value);
      if (chunk && onChunk) {
        relayed = true;
        try {
          await onChunk(chunk);
        } catch (error) {
          defect = { error };
          break;
        }
        idle.refresh();
      }
    }
  } catch (error) {
    failed = { error };
  } finally {
    clearTimeout(idle);
    signal?.removeEventListener('abort', cancel);
    // Closes the connection when the answer was not read to its end; without effect otherwise.
    if (!step.finishReason) request.abort();
  }
  if (defect) throw defect.error;
  if (stopped === 'cancelled') return { outcome: 'cancelled', relayed };
  if (stopped === 'idle') return { outcome: timeoutFailure(model), relayed };
  // What our own model throws is a defect, and must look like one.
  if (failed && model.provider === 'builtin') throw failed.error;
  if (failed) return { outcome: providerFailure(failed.error, model), relayed };
  const end = step.finishReason?.unified;
  if (end === undefined || end === 'error' || end === 'interrupted')
    return { outcome: interruptedFailure(model), relayed };
  return { outcome: 'ok', relayed };
}

/** STEWARD_MODEL_TIMEOUT is in seconds; a local model that is still being loaded may need more than a minute. */
function defaultLimits(env: NodeJS.ProcessEnv = process.env): CallLimits {
  const seconds = Number(env.STEWARD_MODEL_TIMEOUT);
  return {
    attempts: 3,
    idleMs: seconds > 0 ? seconds * 1000 : 60_000,
    backoffMs: 500,
    longestWaitMs: 30_000,
  };
}

function callOptions(call: ModelCall): LanguageModelV4CallOptions {
  const { model, tools, responseSchema, context } = call;
  return {
    prompt:
      responseSchema && model.schemaInPrompt ? withSchema(call.prompt, responseSchema.schema) : call.prompt,
    providerOptions: {
      ...model.providerOptions,
      steward: { purpose: call.purpose, operation: call.operation, ...context },
    },
    ...(tools && tools.length > 0
      ? {
          tools: tools.map(({ name, description, inputSchema }) => ({
            type: 'function' as const,
            name,
            description,
            inputSchema,
          })),
        }
      : {}),
    ...(call.toolChoice ? { toolChoice: call.toolChoice } : {}),
    ...(responseSchema ? { responseFormat: { type: 'json' as const, ...responseSchema } } : {}),
    ...(call.maxOutputTokens === undefined ? {} : { maxOutputTokens: call.maxOutputTokens }),
  };
}

/** Says the schema in the first system message, for servers that cannot be held to one. */
function withSchema(prompt: LanguageModelV4Prompt, schema: JsonSchema): LanguageModelV4Prompt {
  const text = `Answer with one JSON value and nothing else. It has to satisfy this JSON Schema:\n${JSON.stringify(schema)}`;
  const [first, ...rest] = prompt;
  return first?.role === 'system'
    ? [{ ...first, content: `${first.content}\n\n${text}` }, ...rest]
    : [{ role: 'system', content: text }, ...prompt];
}

function ledgerRow(
  call: ModelCall,
  usage: LanguageModelV4Usage | undefined,
  failure: Failure | undefined,
  cancelled: boolean,
  how: { attempts: number; begun: Date; latencyMs: number; silent: boolean },
): LedgerRow {
  const { provider, modelId } = call.model;
  const refused = failure?.free === true && how.silent && usage === undefined;
  // What a provider counted before it was cut off is not what it charges.
  const cost = costOf(provider, modelId, failure || cancelled ? undefined : usage, how.begun);
  return {
    id: newId(),
    user_id: call.userId,
    request_id: call.requestId,
    operation: call.operation,
    purpose: call.purpose,
    provider,
    model: modelId,
    prompt_version: call.promptVersion,
    conversation_id: call.conversationId ?? null,
    run_id: call.runId ?? null,
    status: failure ? 'failed' : cancelled ? 'cancelled' : 'ok',
    error_code: failure?.error.code ?? null,
    attempts: how.attempts,
    latency_ms: Math.round(how.latencyMs),
    input_tokens: count(usage?.inputTokens.total),
    cached_input_tokens: count(usage?.inputTokens.cacheRead),
    cache_write_tokens: count(usage?.inputTokens.cacheWrite),
    output_tokens: count(usage?.outputTokens.total),
    reasoning_tokens: count(usage?.outputTokens.reasoning),
    cost: refused ? NOTHING : (cost?.amount ?? null),
    currency: 'USD',
    price_date: refused ? null : (cost?.priceDate ?? null),
    created_at: how.begun,
  };
}

/** A provider's nonsense (a negative or broken count) is unknown. */
function count(tokens: number | undefined): number | null {
  return tokens !== undefined && Number.isSafeInteger(tokens) && tokens >= 0 ? tokens : null;
}

/** @returns false when it was cut short */
function pause(ms: number, signal: AbortSignal | undefined): Promise<boolean> {
  if (signal?.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const stop = () => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve(true);
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
