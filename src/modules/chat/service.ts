/** The SQL of conversations, messages and runs. */
import { and, asc, desc, eq, gte, inArray, isNull, lt, ne, notExists, or, sql } from 'drizzle-orm';
import type { Tx } from '../../platform/database/index.ts';
import { AppError } from '../../platform/errors.ts';
import { derivedId, newId } from '../../platform/ids.ts';
import type { OperationContext } from '../../platform/operations/index.ts';
import type { MessagePart } from './parts.ts';
import { conversations, messages, runChunks, runSteps, runs } from './schema.ts';

export type Conversation = typeof conversations.$inferSelect;
export type Message = typeof messages.$inferSelect;
export type Run = typeof runs.$inferSelect;
export type RunStep = typeof runSteps.$inferSelect;

/** Characters of the first message that make a title. */
const TITLE_LENGTH = 60;

const ACTIVE = ['queued', 'running'] as const;

export function isActive({ status }: Pick<Run, 'status'>): boolean {
  return status === 'queued' || status === 'running';
}

export async function findConversation(
  tx: Tx,
  userId: string,
  id: string,
): Promise<Conversation | undefined> {
  const [found] = await tx
    .select()
    .from(conversations)
    .where(and(eq(conversations.user_id, userId), eq(conversations.id, id)));
  return found;
}

/** @throws AppError `not_found` */
export async function getConversation(tx: Tx, userId: string, id: string): Promise<Conversation> {
  const found = await findConversation(tx, userId, id);
  if (!found) throw new AppError('not_found', 'there is no such conversation.');
  return found;
}

/** Newest activity first. @param after the updated_at and id of the page before's last row */
export async function listConversations(
  tx: Tx,
  userId: string,
  options: { limit: number; archived: boolean; after: readonly [string, string] | undefined },
): Promise<Conversation[]> {
  const { after } = options;
  return tx
    .select()
    .from(conversations)
    .where(
      and(
        eq(conversations.user_id, userId),
        options.archived ? sql`archived_at is not null` : isNull(conversations.archived_at),
        after &&
          or(
            lt(conversations.updated_at, new Date(after[0])),
            and(eq(conversations.updated_at, new Date(after[0])), lt(conversations.id, after[1])),
          ),
      ),
    )
    .orderBy(desc(conversations.updated_at), desc(conversations.id))
    .limit(options.limit + 1);
}

/** What was said, oldest first; an answer that is still being written is left out, its stream has it. */
export async function listMessages(
  tx: Tx,
  userId: string,
  conversationId: string,
  options: { limit: number; before: readonly [string, string] | undefined },
): Promise<Message[]> {
  const { before } = options;
  const rows = await tx
    .select()
    .from(messages)
    .where(
      and(
        eq(messages.user_id, userId),
        eq(messages.conversation_id, conversationId),
        notExists(
          tx
            .select({ one: sql`1` })
            .from(runs)
            .where(
              and(eq(runs.user_id, userId), eq(runs.answer_id, messages.id), inArray(runs.status, ACTIVE)),
            ),
        ),
        before &&
          or(
            lt(messages.created_at, new Date(before[0])),
            and(eq(messages.created_at, new Date(before[0])), lt(messages.id, before[1])),
          ),
      ),
    )
    .orderBy(desc(messages.created_at), desc(messages.id))
    .limit(options.limit + 1);
  return rows;
}

export interface Sent {
  readonly conversation: Conversation;
  readonly run: Run;
  /** The message had been sent before; nothing was changed. */
  readonly repeated: boolean;
}

/**
 * Stores what a person says and opens the run that answers it.
 *
 * @throws AppError `conflict` while the conversation's last answer is still being written
 */
export async function sendMessage(
  ctx: OperationContext,
  input: { conversationId: string | undefined; clientMsgId: string; text: string },
): Promise<Sent> {
  const { tx, userId } = ctx;
  const conversation = await openConversation(ctx, input);
  const messageId = newId();
  const stored = await tx
    .insert(messages)
    .values({
      id: messageId,
      user_id: userId,
      conversation_id: conversation.id,
      client_msg_id: input.clientMsgId,
      role: 'user',
      parts: [{ type: 'text', text: input.text }],
      created_at: ctx.now,
    })
    .onConflictDoNothing()
    .returning({ id: messages.id });
  if (stored.length === 0) {
    const [earlier] = await tx
      .select({ run: runs })
      .from(messages)
      .innerJoin(runs, and(eq(runs.user_id, messages.user_id), eq(runs.message_id, messages.id)))
      .where(
        and(
          eq(messages.user_id, userId),
          eq(messages.conversation_id, conversation.id),
          eq(messages.client_msg_id, input.clientMsgId),
        ),
      )
      .orderBy(desc(runs.created_at))
      .limit(1);
    if (!earlier)
      throw new AppError('conflict', 'this client_msg_id was used for something else; use a new one.');
    return { conversation, run: earlier.run, repeated: true };
  }
  ctx.event('message.sent', { type: 'message', id: messageId }, { conversation_id: conversation.id });
  const [run] = await Promise.all([
    openRun(ctx, conversation.id, messageId),
    tx
      .update(conversations)
      .set({ updated_at: ctx.now })
      .where(and(eq(conversations.user_id, userId), eq(conversations.id, conversation.id))),
  ]);
  return { conversation, run, repeated: false };
}

/** Without an id, the message's own id says which conversation it begins: sent again, it is found there. */
async function openConversation(
  ctx: OperationContext,
  input: { conversationId: string | undefined; clientMsgId: string; text: string },
): Promise<Conversation> {
  const { tx, userId } = ctx;
  const titled = { title: titleFrom(input.text), title_source: 'message' } as const;
  const id = input.conversationId ?? derivedId(userId, input.clientMsgId);
  if (input.conversationId === undefined) {
    const begun = await createConversation(ctx, { id, ...titled });
    if (begun) return begun;
  }
  const known = await getConversation(tx, userId, id);
  if (known.title_source !== 'none') return known;
  const [updated] = await tx
    .update(conversations)
    .set(titled)
    .where(and(eq(conversations.user_id, userId), eq(conversations.id, id)))
    .returning();
  return updated!;
}

/** @returns undefined when there is one with this id already */
export async function createConversation(
  ctx: OperationContext,
  values: Pick<Conversation, 'id' | 'title' | 'title_source'>,
): Promise<Conversation | undefined> {
  const [created] = await ctx.tx
    .insert(conversations)
    .values({ user_id: ctx.userId, created_at: ctx.now, updated_at: ctx.now, ...values })
    .onConflictDoNothing()
    .returning();
  if (created) ctx.event('conversation.created', { type: 'conversation', id: created.id });
  return created;
}

/** The beginning of a message, cut at a word. */
export function titleFrom(text: string): string {
  const line = [...text.trim().replaceAll(/\s+/g, ' ')];
  if (line.length <= TITLE_LENGTH) return line.join('');
  const cut = line.slice(0, TITLE_LENGTH);
  return `${cut
    .slice(0, Math.max(cut.lastIndexOf(' '), TITLE_LENGTH / 2))
    .join('')
    .trimEnd()}…`;
}

/** A model's title takes the place of a message's beginning, and of nothing else. @returns whether it did */
export async function retitle(tx: Tx, userId: string, id: string, title: string): Promise<boolean> {
  const titled = await tx
    .update(conversations)
    .set({ title, title_source: 'model' })
    .where(
      and(
        eq(conversations.user_id, userId),
        eq(conversations.id, id),
        eq(conversations.title_source, 'message'),
      ),
    )
    .returning({ id: conversations.id });
  return titled.length > 0;
}

/** Opens a run for a message and leaves it to a worker. */
export async function openRun(
  ctx: OperationContext,
  conversationId: string,
  messageId: string,
): Promise<Run> {
  const [run] = await ctx.tx
    .insert(runs)
    .values({
      user_id: ctx.userId,
      conversation_id: conversationId,
      kind: 'turn',
      status: 'queued',
      request_id: ctx.requestId,
      message_id: messageId,
      answer_id: newId(),
      created_at: ctx.now,
    })
    .onConflictDoNothing()
    .returning();
  if (!run)
    throw new AppError(
      'conflict',
      'the last answer of this conversation is still being written; stop it first.',
    );
  ctx.event('run.queued', { type: 'run', id: run.id }, { conversation_id: conversationId });
  ctx.enqueue('chat.turn', { run_id: run.id, timezone: ctx.actor.timezone });
  return run;
}

/** The newest run; only it can be at work, as a conversation has one answer at a time. */
export async function lastRun(tx: Tx, userId: string, conversationId: string): Promise<Run | undefined> {
  const [run] = await tx
    .select()
    .from(runs)
    .where(and(eq(runs.user_id, userId), eq(runs.conversation_id, conversationId)))
    .orderBy(desc(runs.created_at), desc(runs.id))
    .limit(1);
  return run;
}

export async function getRun(tx: Tx, userId: string, id: string): Promise<Run | undefined> {
  const [run] = await tx
    .select()
    .from(runs)
    .where(and(eq(runs.user_id, userId), eq(runs.id, id)));
  return run;
}

/** Takes an active run over for a new attempt; earlier attempts may then write no more. */
export async function beginRun(tx: Tx, userId: string, id: string, now: Date): Promise<Run | undefined> {
  // Nobody is told that a run has begun, so nobody waits for the disk: what a crash forgets is begun again.
  const relaxed = tx.execute(sql`set local synchronous_commit = off`);
  const begun = tx
    .update(runs)
    .set({
      status: 'running',
      attempts: sql`${runs.attempts} + 1`,
      started_at: sql`coalesce(${runs.started_at}, ${now.toISOString()})`,
    })
    .where(and(eq(runs.user_id, userId), eq(runs.id, id), inArray(runs.status, ACTIVE)))
    .returning();
  const [, [run]] = await Promise.all([relaxed, begun]);
  return run;
}

const thisAttempt = (run: Run) =>
  and(
    eq(runs.user_id, run.user_id),
    eq(runs.id, run.id),
    eq(runs.status, 'running'),
    eq(runs.attempts, run.attempts),
  );

/** Holds the run until the transaction ends. @returns false when another attempt has it, or it is gone */
export async function holdRun(tx: Tx, run: Run): Promise<boolean> {
  const held = await tx.select({ id: runs.id }).from(runs).where(thisAttempt(run)).for('update');
  return held.length > 0;
}

export type End = Pick<Run, 'status' | 'error_code' | 'error_message' | 'finished_at'>;

/** Ends the run; what it had still to do is not done any more. @returns as `holdRun` */
export async function endRun(tx: Tx, run: Run, end: End): Promise<boolean> {
  const ended = await tx.update(runs).set(end).where(thisAttempt(run)).returning({ id: runs.id });
  if (ended.length > 0 && end.status !== 'completed') {
    await tx
      .update(runSteps)
      .set({ status: 'failed', finished_at: end.finished_at })
      .where(
        and(eq(runSteps.user_id, run.user_id), eq(runSteps.run_id, run.id), eq(runSteps.status, 'pending')),
      );
  }
  return ended.length > 0;
}

/** Milliseconds that a run is given to end by itself when it is stopped. */
const STOP_MS = 3000;

/** Ends a run that nobody has begun, and asks one that is at work to end; if it does not, a new attempt ends it. */
export async function stopRun(ctx: OperationContext, run: Run): Promise<void> {
  const mine = and(eq(runs.user_id, run.user_id), eq(runs.id, run.id));
  const unbegun = await ctx.tx
    .update(runs)
    .set({ status: 'cancelled', stop_requested_at: ctx.now, finished_at: ctx.now })
    .where(and(mine, eq(runs.status, 'queued')))
    .returning({ id: runs.id });
  const about = { type: 'run', id: run.id };
  if (unbegun.length > 0) return ctx.event('run.cancelled', about, { conversation_id: run.conversation_id });
  await ctx.tx.update(runs).set({ stop_requested_at: ctx.now }).where(mine);
  ctx.event('run.stop_requested', about, { conversation_id: run.conversation_id });
  const runAt = new Date(ctx.now.getTime() + STOP_MS);
  ctx.enqueue('chat.turn', { run_id: run.id, timezone: ctx.actor.timezone }, { runAt });
}

export async function stepsOf(tx: Tx, run: Run): Promise<RunStep[]> {
  return tx
    .select()
    .from(runSteps)
    .where(and(eq(runSteps.user_id, run.user_id), eq(runSteps.run_id, run.id)))
    .orderBy(asc(runSteps.seq));
}

export type NewStep = typeof runSteps.$inferInsert;

/** @returns the steps as they are kept, in their order */
export async function addSteps(tx: Tx, steps: readonly NewStep[]): Promise<RunStep[]> {
  return tx
    .insert(runSteps)
    .values([...steps])
    .returning();
}

export async function finishStep(tx: Tx, step: RunStep): Promise<void> {
  const { status, output, finished_at } = step;
  await tx
    .update(runSteps)
    .set({ status, output, finished_at })
    .where(and(eq(runSteps.user_id, step.user_id), eq(runSteps.id, step.id)));
}

/** The newest messages that a model is given at most. */
const HISTORY = 24;

/** The conversation up to and without the answer that `run` writes, oldest first. */
export async function historyOf(tx: Tx, run: Run): Promise<Message[]> {
  const rows = await tx
    .select()
    .from(messages)
    .where(
      and(
        eq(messages.user_id, run.user_id),
        eq(messages.conversation_id, run.conversation_id),
        ne(messages.id, run.answer_id),
      ),
    )
    .orderBy(desc(messages.created_at), desc(messages.id))
    .limit(HISTORY);
  return rows.reverse();
}

export async function firstMessages(
  tx: Tx,
  userId: string,
  conversationId: string,
  count: number,
): Promise<Message[]> {
  return tx
    .select()
    .from(messages)
    .where(and(eq(messages.user_id, userId), eq(messages.conversation_id, conversationId)))
    .orderBy(asc(messages.created_at), asc(messages.id))
    .limit(count);
}

export async function getParts(tx: Tx, run: Run): Promise<MessagePart[]> {
  const [answer] = await tx
    .select({ parts: messages.parts })
    .from(messages)
    .where(and(eq(messages.user_id, run.user_id), eq(messages.id, run.answer_id)));
  return answer?.parts ?? [];
}

/** Keeps the answer as far as it has come. It comes after the message, whatever the clocks of two machines say. */
export async function saveParts(tx: Tx, run: Run, parts: MessagePart[], now: Date): Promise<void> {
  await tx
    .insert(messages)
    .values({
      id: run.answer_id,
      user_id: run.user_id,
      conversation_id: run.conversation_id,
      run_id: run.id,
      role: 'assistant',
      parts,
      created_at: new Date(Math.max(now.getTime(), run.created_at.getTime() + 1)),
    })
    .onConflictDoUpdate({ target: messages.id, set: { parts } });
}

/** Every process that serves listeners hears here whose chunks have come. */
export const CHUNKS_CHANNEL = 'run_chunks';

/** Keeps what an attempt has said, for those who listen in other processes. */
export async function addChunks(tx: Tx, row: typeof runChunks.$inferInsert): Promise<void> {
  await tx.insert(runChunks).values(row);
  await tx.execute(sql`select pg_notify(${CHUNKS_CHANNEL}, ${row.run_id})`);
}

/** Chunks of runs that ended a while ago: nobody is in the middle of them any more. */
export async function sweepChunks(tx: Tx): Promise<void> {
  await tx.execute(sql`
    delete from run_chunks c where not exists (
      select from runs r where r.user_id = c.user_id and r.id = c.run_id
        and (r.finished_at is null or r.finished_at > now() - interval '10 minutes'))`);
}

/** A run, what its newest attempt has said from row `seq` on, and the answer once it has ended. */
export async function readRun(tx: Tx, userId: string, runId: string, seq: number) {
  // The run first: once it has ended no further row is written.
  const run = await getRun(tx, userId, runId);
  if (!run) return undefined;
  const rows = await tx
    .select({ seq: runChunks.seq, chunks: runChunks.chunks })
    .from(runChunks)
    .where(
      and(
        eq(runChunks.user_id, userId),
        eq(runChunks.run_id, runId),
        eq(runChunks.attempt, run.attempts),
        gte(runChunks.seq, seq),
      ),
    )
    .orderBy(asc(runChunks.seq));
  return { run, rows, ended: isActive(run) ? undefined : { parts: await getParts(tx, run) } };
}
