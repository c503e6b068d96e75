/** The SQL of conversations, messages and runs. */
import { and, asc, desc, eq, inArray, isNull, lt, ne, notExists, or, sql } from 'drizzle-orm';
import type { Tx } from '../../platform/database/index.ts';
import { AppError } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import type { OperationContext } from '../../platform/operations/index.ts';
import type { MessagePart } from './parts.ts';
import { conversations, messages, runSteps, runs } from './schema.ts';

export type Conversation = typeof conversations.$inferSelect;
export type Message = typeof messages.$inferSelect;
export type Run = typeof runs.$inferSelect;
export type RunStep = typeof runSteps.$inferSelect;

/** Characters of the first message that make a title. */
const TITLE_LENGTH = 60;

const ACTIVE = ['queued', 'running'] as const;

/** @throws AppError `not_found` */
export async function getConversation(tx: Tx, userId: string, id: string): Promise<Conversation> {
  const [found] = await tx
    .select()
    .from(conversations)
    .where(and(eq(conversations.user_id, userId), eq(conversations.id, id)));
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
  const conversation = await openConversation(ctx, input.conversationId, input.text);
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
  await tx
    .update(conversations)
    .set({ updated_at: ctx.now })
    .where(and(eq(conversations.user_id, userId), eq(conversations.id, conversation.id)));
  ctx.event('message.sent', { type: 'message', id: messageId }, { conversation_id: conversation.id });
  return { conversation, run: await openRun(ctx, conversation.id, messageId), repeated: false };
}

async function openConversation(
  ctx: OperationContext,
  id: string | undefined,
  text: string,
): Promise<Conversation> {
  if (id !== undefined) {
    const known = await getConversation(ctx.tx, ctx.userId, id);
    if (known.title_source !== 'none') return known;
    const [titled] = await ctx.tx
      .update(conversations)
      .set({ title: titleFrom(text), title_source: 'message' })
      .where(and(eq(conversations.user_id, ctx.userId), eq(conversations.id, id)))
      .returning();
    return titled!;
  }
  return createConversation(ctx, { title: titleFrom(text), title_source: 'message' });
}

export async function createConversation(
  ctx: OperationContext,
  values: Pick<Conversation, 'title' | 'title_source'>,
): Promise<Conversation> {
  const [created] = await ctx.tx
    .insert(conversations)
    .values({ user_id: ctx.userId, created_at: ctx.now, updated_at: ctx.now, ...values })
    .returning();
  ctx.event('conversation.created', { type: 'conversation', id: created!.id });
  return created!;
}

/** The beginning of a message, cut at a word. */
export function titleFrom(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, ' ');
  if (line.length <= TITLE_LENGTH) return line;
  const cut = line.slice(0, TITLE_LENGTH);
  return `${cut.slice(0, Math.max(cut.lastIndexOf(' '), TITLE_LENGTH / 2)).trimEnd()}…`;
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

export async function activeRun(tx: Tx, userId: string, conversationId: string): Promise<Run | undefined> {
  const [run] = await tx
    .select()
    .from(runs)
    .where(
      and(eq(runs.user_id, userId), eq(runs.conversation_id, conversationId), inArray(runs.status, ACTIVE)),
    );
  return run;
}

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

export async function setRun(tx: Tx, run: Run, values: Partial<Run>): Promise<void> {
  await tx
    .update(runs)
    .set(values)
    .where(and(eq(runs.user_id, run.user_id), eq(runs.id, run.id)));
}

export async function stepsOf(tx: Tx, run: Run): Promise<RunStep[]> {
  return tx
    .select()
    .from(runSteps)
    .where(and(eq(runSteps.user_id, run.user_id), eq(runSteps.run_id, run.id)))
    .orderBy(asc(runSteps.seq));
}

export async function addSteps(tx: Tx, steps: readonly (typeof runSteps.$inferInsert)[]): Promise<void> {
  await tx.insert(runSteps).values([...steps]);
}

export async function finishStep(
  tx: Tx,
  step: RunStep,
  values: { status: 'completed' | 'failed'; output: unknown; finished_at: Date },
): Promise<void> {
  await tx
    .update(runSteps)
    .set(values)
    .where(and(eq(runSteps.user_id, step.user_id), eq(runSteps.id, step.id), eq(runSteps.status, 'pending')));
}

/** The conversation up to and without the answer that `run` writes, oldest first. @param turns messages at most */
export async function historyOf(tx: Tx, run: Run, turns: number): Promise<Message[]> {
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
    .limit(turns);
  return rows.reverse();
}

export async function getParts(tx: Tx, run: Run): Promise<MessagePart[]> {
  const [answer] = await tx
    .select({ parts: messages.parts })
    .from(messages)
    .where(and(eq(messages.user_id, run.user_id), eq(messages.id, run.answer_id)));
  return answer?.parts ?? [];
}

/** Keeps the answer as far as it has come. */
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
      created_at: now,
    })
    .onConflictDoUpdate({ target: messages.id, set: { parts } });
}
