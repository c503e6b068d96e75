/**
 * Everything that was said, as it was said. A row is `received` while a process works on it, which its owner's
 * presence lock shows; then it is `applied`, `no_change` or `failed`. Nobody's words are thrown away before they
 * have become something, and not as long as a task refers to them.
 */
import { createHash } from 'node:crypto';
import { and, desc, eq, isNotNull, lt, sql } from 'drizzle-orm';
import type { Tx } from '../../platform/database/index.ts';
import { PRESENCE_LOCK } from '../../platform/database/session.ts';
import { AppError } from '../../platform/errors.ts';
import type { OperationContext } from '../../platform/operations/index.ts';
import { type CaptureResult, NO_CHANGE, NOTHING } from './extraction.ts';
import { lockPlanner } from './links.ts';
import { type InboxItem, inboxItems } from './schema.ts';
import { touchSession } from './sessions.ts';
import { normaliseTitle } from './title.ts';

export interface Thought {
  readonly chat_id: string;
  readonly source: string;
  readonly message: string;
  readonly client_msg_id?: string | undefined;
}

/** `mine`: to be worked on by the caller. `working`: another living process has it. */
export interface Received {
  readonly item: InboxItem;
  readonly state: 'mine' | 'working' | 'finished';
}

/** Why a row is there again: a failure that another try may mend is no answer. */
const isAnswered = ({ status, error_code }: InboxItem): boolean =>
  status === 'failed' ? error_code === 'unprocessable_model_output' : status !== 'received';

/**
 * Stores a message, or finds it where its client sent it before.
 *
 * @param owner the presence number of the process that will work on it
 * @param resumed whether this very request was begun before, by a process that died over it
 */
export async function receive(
  ctx: OperationContext,
  thought: Thought,
  owner: number,
  resumed: boolean,
): Promise<Received> {
  await lockPlanner(ctx.tx, ctx.userId);
  if (thought.client_msg_id === undefined) return receiveByKey(ctx, thought, owner, resumed);
  const known = await byClientId(ctx.tx, ctx.userId, thought, thought.client_msg_id);
  if (!known) return { item: await store(ctx, thought, { status: 'received', owner }), state: 'mine' };
  if (isAnswered(known)) return { item: known, state: 'finished' };
  return takeUp(ctx, known, owner);
}

/**
 * The same for a message without an id of its own: its Idempotency-Key stands for one. A process may die after it
 * has applied a message and before it has kept the answer under the key; the request that resumes it gets that
 * answer. A key that was given back by a failure works on the failed message again, one that has expired names a
 * new message.
 */
async function receiveByKey(
  ctx: OperationContext,
  thought: Thought,
  owner: number,
  resumed: boolean,
): Promise<Received> {
  const { idempotencyKey: key } = ctx;
  if (key === undefined)
    return { item: await store(ctx, thought, { status: 'received', owner }), state: 'mine' };
  // The message is part of it: a key that was given back may come with another one.
  const id = `key:${createHash('sha256').update(`${key}\n${thought.message}`).digest('hex')}`;
  const known = await byClientId(ctx.tx, ctx.userId, thought, id);
  if (known && (known.status === 'received' || known.status === 'failed')) return takeUp(ctx, known, owner);
  if (known && resumed) return { item: known, state: 'finished' };
  if (known) await setItem(ctx, known.id, { client_msg_id: null });
  const item = await store(ctx, { ...thought, client_msg_id: id }, { status: 'received', owner });
  return { item, state: 'mine' };
}

/** Puts a message into the inbox with its session. */
export async function store(
  ctx: OperationContext,
  thought: Thought,
  state: Pick<InboxItem, 'status'> & Partial<Pick<InboxItem, 'owner' | 'result'>>,
): Promise<InboxItem> {
  const session = await touchSession(ctx, thought.chat_id);
  const [item] = await ctx.tx
    .insert(inboxItems)
    .values({
      user_id: ctx.userId,
      chat_id: thought.chat_id,
      session_id: session.id,
      source: thought.source,
      client_msg_id: thought.client_msg_id ?? null,
      message_raw: thought.message,
      message_norm: normaliseTitle(thought.message),
      received_at: ctx.now,
      request_id: ctx.requestId,
      ...state,
    })
    .returning();
  ctx.event(
    'capture.received',
    { type: 'inbox_item', id: item!.id },
    { chat_id: thought.chat_id, source: thought.source },
  );
  return item!;
}

async function byClientId(
  tx: Tx,
  userId: string,
  thought: Thought,
  clientMsgId: string,
): Promise<InboxItem | undefined> {
  const [item] = await tx
    .select()
    .from(inboxItems)
    .where(
      and(
        eq(inboxItems.user_id, userId),
        eq(inboxItems.source, thought.source),
        eq(inboxItems.chat_id, thought.chat_id),
        eq(inboxItems.client_msg_id, clientMsgId),
        isNotNull(inboxItems.client_msg_id),
      ),
    );
  return item;
}

/** Takes a row that nobody works on; one whose owner is gone is free, as after a crash. Needs `lockPlanner`. */
export async function takeUp(ctx: OperationContext, item: InboxItem, owner: number): Promise<Received> {
  if (item.status === 'received' && item.owner !== null && !(await isGone(ctx.tx, item.owner))) {
    return { item, state: 'working' };
  }
  return {
    item: await setItem(ctx, item.id, { status: 'received', owner, error_code: null, error_message: null }),
    state: 'mine',
  };
}

async function isGone(tx: Tx, owner: number): Promise<boolean> {
  const { rows } = await tx.execute<{ gone: boolean }>(
    sql`select pg_try_advisory_xact_lock_shared(${PRESENCE_LOCK}, ${owner}) as gone`,
  );
  return rows[0]!.gone;
}

export async function setItem(
  ctx: OperationContext,
  id: string,
  values: Partial<
    Pick<InboxItem, 'client_msg_id' | 'status' | 'owner' | 'error_code' | 'error_message' | 'result'>
  >,
): Promise<InboxItem> {
  const [item] = await ctx.tx
    .update(inboxItems)
    .set(values)
    .where(and(eq(inboxItems.user_id, ctx.userId), eq(inboxItems.id, id)))
    .returning();
  if (!item) throw new AppError('not_found', 'there is no message with this id.');
  return item;
}

/** @throws AppError `not_found` */
export async function getItem(tx: Tx, userId: string, id: string): Promise<InboxItem> {
  const [item] = await tx
    .select()
    .from(inboxItems)
    .where(and(eq(inboxItems.user_id, userId), eq(inboxItems.id, id)));
  if (!item) throw new AppError('not_found', 'there is no message with this id.');
  return item;
}

/** What a row answers to whoever sends it again. */
export function resultOf(item: InboxItem): CaptureResult {
  return item.result ?? unchanged(item.id);
}

export function unchanged(inboxItemId: string | null): CaptureResult {
  return { inbox_item_id: inboxItemId, applied: NOTHING, items: [], skipped: [], reason: NO_CHANGE };
}

/** The newest first; one more than `limit`. */
export async function listInbox(
  tx: Tx,
  userId: string,
  filter: { status?: InboxItem['status'] | undefined; chat_id?: string | undefined; limit: number },
  after: string | undefined,
): Promise<InboxItem[]> {
  return tx
    .select()
    .from(inboxItems)
    .where(
      and(
        eq(inboxItems.user_id, userId),
        filter.status === undefined ? undefined : eq(inboxItems.status, filter.status),
        filter.chat_id === undefined ? undefined : eq(inboxItems.chat_id, filter.chat_id),
        after === undefined ? undefined : lt(inboxItems.id, after),
      ),
    )
    .orderBy(desc(inboxItems.id))
    .limit(filter.limit + 1);
}

/** The last messages of a chat, the oldest first, each on one line. */
export async function recentMessages(
  tx: Tx,
  userId: string,
  chatId: string,
  count: number,
): Promise<string[]> {
  const rows = await tx
    .select({ message: inboxItems.message_raw })
    .from(inboxItems)
    .where(and(eq(inboxItems.user_id, userId), eq(inboxItems.chat_id, chatId)))
    .orderBy(desc(inboxItems.received_at), desc(inboxItems.id))
    .limit(count);
  return rows.reverse().map(({ message }) => `user: ${message.replaceAll(/\s+/g, ' ')}`);
}

/** What need not be kept for ever of `inbox_items i`: it has been dealt with, and is in no task's history. */
export const REMOVABLE = sql`i.status in ('applied', 'no_change', 'dismissed')
  and not exists (select from tasks t where t.user_id = i.user_id and t.source_inbox_item_id = i.id)`;

/** Removes what was received before `before` and is removable. @returns how many rows */
export async function compactInbox(ctx: OperationContext, before: Date): Promise<number> {
  const { rowCount } = await ctx.tx.execute(sql`
    delete from inbox_items i
    where i.user_id = ${ctx.userId} and i.received_at < ${before.toISOString()}::timestamptz and ${REMOVABLE}`);
  return rowCount ?? 0;
}
