/**
 * A key that a client sends with a write names that write: sent again, it gets the first answer and changes
 * nothing. The row that says so is written in the write's own transaction, so a second request with the key waits
 * at the unique index until the first has committed or gone. Staged operations have no such transaction: their row
 * is there before the work begins and names its owner, and the owner's advisory lock says whether it still lives.
 */
import { createHash } from 'node:crypto';
import { and, eq, isNull, sql } from 'drizzle-orm';
import type { Tx } from '../database/index.ts';
import { idempotencyKeys } from '../database/schema.ts';
import { PRESENCE_LOCK } from '../database/session.ts';
import { AppError } from '../errors.ts';
import type { Operation } from './operation.ts';

/** How long an answer is kept. */
const KEPT_MS = 24 * 60 * 60 * 1000;

export interface Claim {
  readonly userId: string;
  readonly key: string;
  readonly hash: string;
  /** The presence number of the process that will answer; null within the write's own transaction. */
  readonly owner: number | null;
}

/** method + path + user + input: what makes two requests the same request. */
export function requestHash(op: Operation, userId: string, raw: unknown): string {
  return createHash('sha256')
    .update(`${op.http.method}\n${op.http.path}\n${userId}\n${canonical(raw)}`)
    .digest('hex');
}

/** JSON with the keys of every object in order, so that the same input always gives the same text. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/**
 * Takes the key for a request, or says what came of the request that had it before.
 *
 * @returns undefined when the request is to be carried out, `resumed` when that was begun by a process that is gone
 * @throws AppError `idempotency_conflict` when the key came with another request
 */
export async function claim(
  tx: Tx,
  wanted: Claim,
  now: Date,
): Promise<{ body: unknown } | 'in progress' | 'resumed' | undefined> {
  const { userId, key, hash, owner } = wanted;
  const row = {
    user_id: userId,
    idempotency_key: key,
    request_hash: hash,
    owner,
    created_at: now,
    expires_at: new Date(now.getTime() + KEPT_MS),
  };
  const taken = await tx
    .insert(idempotencyKeys)
    .values(row)
    .onConflictDoNothing({ target: [idempotencyKeys.user_id, idempotencyKeys.idempotency_key] })
    .returning({ id: idempotencyKeys.id });
  if (taken.length > 0) return undefined;
  const [earlier] = await tx
    .select({
      hash: idempotencyKeys.request_hash,
      status: idempotencyKeys.response_status,
      body: idempotencyKeys.response_body,
      expires_at: idempotencyKeys.expires_at,
      abandoned: sql<boolean>`${idempotencyKeys.response_status} is null and pg_try_advisory_xact_lock_shared(${PRESENCE_LOCK}, ${idempotencyKeys.owner})`,
    })
    .from(idempotencyKeys)
    .where(named(wanted))
    .for('update');
  // Given back between the two statements: it is free.
  if (!earlier) return claim(tx, wanted, now);
  if (earlier.expires_at <= now || (earlier.abandoned && earlier.hash === hash)) {
    await tx
      .update(idempotencyKeys)
      .set({ ...row, response_status: null, response_body: null })
      .where(named(wanted));
    return earlier.abandoned && earlier.expires_at > now ? 'resumed' : undefined;
  }
  if (earlier.hash !== hash) {
    throw new AppError(
      'idempotency_conflict',
      'this Idempotency-Key came with another request before; use a new one.',
    );
  }
  return earlier.status === null ? 'in progress' : { body: earlier.body };
}

/** Keeps the answer for those who ask again; without effect when another process has taken the request over. */
export async function settle(tx: Tx, claim: Claim, status: number, body: unknown): Promise<void> {
  await tx.update(idempotencyKeys).set({ response_status: status, response_body: body }).where(held(claim));
}

/** Gives the key back after a failure: the same request may be tried again. */
export async function release(tx: Tx, claim: Claim): Promise<void> {
  await tx.delete(idempotencyKeys).where(held(claim));
}

function named({ userId, key }: Claim) {
  return and(eq(idempotencyKeys.user_id, userId), eq(idempotencyKeys.idempotency_key, key));
}

/** The row as its owner left it: not answered, and not taken over. */
function held(claim: Claim) {
  return and(
    named(claim),
    isNull(idempotencyKeys.response_status),
    claim.owner === null ? isNull(idempotencyKeys.owner) : eq(idempotencyKeys.owner, claim.owner),
  );
}
