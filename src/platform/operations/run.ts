/**
 * Running an operation, the same for every face:
 *
 * 1. may this caller?          401, 403
 * 2. is the input right?       400, naming each field
 * 3. not too often?            429
 * 4. was it asked before?      the stored answer, or 409 when the same key came with another request
 * 5. the handler, in the user's transaction (or in stages of its own)
 * 6. events and jobs in that same transaction; the answer, stripped to what the output declares
 */
import { sql } from 'drizzle-orm';
import type { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { Database, Tx } from '../database/index.ts';
import { eventLog } from '../database/schema.ts';
import { AppError } from '../errors.ts';
import { newId } from '../ids.ts';
import { log } from '../log.ts';
import { type Claim, claim, release, requestHash, settle } from './idempotency.ts';
import type { Actor, Operation, OperationContext, StagedContext, StreamMessage } from './operation.ts';
import { countCall } from './rate-limit.ts';

/** What running an operation needs, whatever the face. */
export interface Runtime {
  readonly db: Database;
  readonly clock: Clock;
  readonly rateLimitFactor: number;
}

export interface Call {
  /** undefined: nobody has signed in. */
  readonly actor: Actor | undefined;
  readonly requestId: string;
  readonly idempotencyKey?: string | undefined;
  readonly signal?: AbortSignal;
}

/** What came of it. `replayed`: this is the answer to an earlier request with the same Idempotency-Key. */
export interface Outcome {
  readonly body: unknown;
  readonly replayed: boolean;
}

/** @throws AppError for whatever the caller can mend; anything else is a defect. */
export async function runOperation(
  runtime: Runtime,
  op: Operation,
  call: Call,
  raw: unknown,
): Promise<Outcome> {
  if (op.kind === 'stream') throw new TypeError(`${op.name} answers with a stream`);
  const { actor, input } = await admit(runtime, op, call, raw);
  if (op.kind === 'transaction') {
    return inTransaction(runtime, actor, call, async (ctx) => {
      const key = keyOf(op, actor, call, raw, null);
      const earlier = key && (await claim(ctx.tx, key, ctx.now));
      if (typeof earlier === 'object') return { body: earlier.body, replayed: true };
      const body = op.output.parse(await op.handler(ctx, input));
      if (key) await settle(ctx.tx, key, op.http.status ?? 200, body);
      return { body, replayed: false };
    });
  }
  const key = keyOf(op, actor, call, raw, await runtime.db.presence());
  const earlier = key && (await claimOrWait(runtime, key));
  if (typeof earlier === 'object') return { body: earlier.body, replayed: true };
  const ctx = stagedContext(runtime, actor, call, earlier === 'resumed');
  const keep = (fn: (tx: Tx) => Promise<void>): Promise<void> => runtime.db.asUser(actor.userId, fn);
  let output: unknown;
  try {
    output = await op.handler(ctx, input);
  } catch (error) {
    // A key that cannot be given back stays taken until this process is gone; the error is what matters.
    if (key)
      await keep((tx) => release(tx, key)).catch((err) => log.warn({ err }, 'a key was not given back'));
    throw error;
  }
  // It has happened: from here on the key is never given back, so that asking again cannot make it happen twice.
  const body = op.output.parse(output);
  if (key) await keep((tx) => settle(tx, key, op.http.status ?? 200, body));
  return { body, replayed: false };
}

/** Like `runOperation`, for those that answer with a stream; undefined when there is nothing to stream. */
export async function openStream(
  runtime: Runtime,
  op: Extract<Operation, { kind: 'stream' }>,
  call: Call,
  raw: unknown,
): Promise<AsyncIterable<StreamMessage> | undefined> {
  const { actor, input } = await admit(runtime, op, call, raw);
  return op.handler(stagedContext(runtime, actor, call), input);
}

/**
 * Runs `fn` in a transaction of the actor's user, with what operations and jobs are given, and writes the events
 * and jobs that it asked for before the commit.
 *
 * @param tx a transaction of the same user to take part in, instead of one of its own
 */
export async function inTransaction<T>(
  runtime: Pick<Runtime, 'db' | 'clock'>,
  actor: Actor,
  call: Pick<Call, 'requestId' | 'idempotencyKey'>,
  fn: (ctx: OperationContext) => Promise<T>,
  tx?: Tx,
): Promise<T> {
  const now = runtime.clock.now();
  const run = async (tx: Tx): Promise<T> => {
    const events: (typeof eventLog.$inferInsert)[] = [];
    const jobs: Parameters<OperationContext['enqueue']>[] = [];
    const result = await fn({
      tx,
      now,
      actor,
      userId: actor.userId,
      requestId: call.requestId,
      idempotencyKey: call.idempotencyKey,
      event: (type, entity, payload = {}) => {
        events.push({
          id: newId(),
          user_id: actor.userId,
          request_id: call.requestId,
          actor_kind: actor.kind,
          actor_id: actor.id,
          event_type: type,
          entity_type: entity?.type,
          entity_id: entity?.id,
          payload_json: payload,
          created_at: now,
        });
      },
      enqueue: (...job) => jobs.push(job),
    });
    await Promise.all([
      events.length > 0 && tx.insert(eventLog).values(events),
      ...jobs.map(([job, payload, options]) => {
        const runAt = options?.runAt?.toISOString() ?? null;
        return tx.execute(
          sql`select steward.add_job(${job}, ${JSON.stringify({ ...payload, request_id: call.requestId })}::jsonb, ${runAt}::timestamptz, null, ${options?.jobKey ?? null})`,
        );
      }),
    ]);
    return result;
  };
  return tx ? run(tx) : runtime.db.asUser(actor.userId, run);
}

async function admit<I extends z.ZodObject>(
  runtime: Runtime,
  op: Operation & { input: I },
  call: Call,
  raw: unknown,
): Promise<{ actor: Actor; input: z.output<I> }> {
  const access = op.access ?? 'user';
  const actor = call.actor ?? (access === 'public' ? ANYBODY : undefined);
  if (!actor)
    throw new AppError('unauthorized', 'sign in, or send an API key as "Authorization: Bearer <key>".');
  if (access === 'admin' && actor.role !== 'admin') {
    throw new AppError('forbidden', `only an administrator may do this (${op.name}).`);
  }
  refuseUnstorable(raw, '');
  const parsed = op.input.safeParse(raw);
  if (!parsed.success) throw invalidInput(parsed.error);
  if (op.rateLimit !== undefined && runtime.rateLimitFactor > 0) {
    await countCall(runtime, actor.userId, op.name, op.rateLimit * runtime.rateLimitFactor);
  }
  return { actor, input: parsed.data };
}

/** PostgreSQL's text holds no NUL and no half of a character; refused here once, instead of failing in the middle. */
function refuseUnstorable(value: unknown, path: string): void {
  if (typeof value === 'string') {
    if (!value.isWellFormed() || value.includes('\0')) {
      throw new AppError('validation_failed', `${path || 'input'}: holds a character that cannot be stored.`);
    }
  } else if (value !== null && typeof value === 'object') {
    for (const [name, inner] of Object.entries(value)) {
      refuseUnstorable(name, path);
      refuseUnstorable(inner, path === '' ? name : `${path}.${name}`);
    }
  }
}

/** Who calls a public operation without having signed in: a user that owns nothing. */
const ANYBODY: Actor = {
  kind: 'system',
  id: null,
  userId: '00000000-0000-0000-0000-000000000000',
  role: 'user',
  timezone: 'UTC',
};

function invalidInput(error: z.ZodError): AppError {
  const details = error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message }));
  const first = details[0]!;
  return new AppError('validation_failed', `${first.path || 'input'}: ${first.message}`, { details });
}

function stagedContext(runtime: Runtime, actor: Actor, call: Call, resumed = false): StagedContext {
  return {
    actor,
    userId: actor.userId,
    requestId: call.requestId,
    idempotencyKey: call.idempotencyKey,
    now: runtime.clock.now(),
    db: runtime.db,
    resumed,
    signal: call.signal ?? new AbortController().signal,
    transaction: (fn) => inTransaction(runtime, actor, call, fn),
  };
}

/** Reads need no key: asking again is harmless. */
function keyOf(
  op: Operation,
  actor: Actor,
  call: Call,
  raw: unknown,
  owner: number | null,
): Claim | undefined {
  if (call.idempotencyKey === undefined || op.effect === 'read' || op.secret) return undefined;
  return { userId: actor.userId, key: call.idempotencyKey, hash: requestHash(op, actor.userId, raw), owner };
}

/** How long a second request waits for the first with the same key to be answered. */
const WAIT_MS = 30_000;

async function claimOrWait(runtime: Runtime, key: Claim) {
  for (const started = Date.now(); Date.now() - started < WAIT_MS; ) {
    const earlier = await runtime.db.asUser(key.userId, (tx) => claim(tx, key, runtime.clock.now()));
    if (earlier !== 'in progress') return earlier;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new AppError(
    'request_in_progress',
    'the first request with this Idempotency-Key is still being worked on.',
  );
}
