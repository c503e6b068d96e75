/** A session is a stretch of talk in one chat; half an hour of silence ends it. */
import { and, desc, eq, isNull, lt, sql } from 'drizzle-orm';
import type { Tx } from '../../platform/database/index.ts';
import { AppError } from '../../platform/errors.ts';
import type { OperationContext } from '../../platform/operations/index.ts';
import { type ChatSession, chatSessions } from './schema.ts';

export const INACTIVE_MS = 30 * 60_000;

/** The memory module's job that tells what happened in a session that has ended. */
const SESSION_ENDED_JOB = 'memory.session_ended';

/** The chat's session at this moment: the open one, or a new one after too long a silence. Needs `lockPlanner`. */
export async function touchSession(ctx: OperationContext, chatId: string): Promise<ChatSession> {
  const [open] = await ctx.tx
    .select()
    .from(chatSessions)
    .where(
      and(
        eq(chatSessions.user_id, ctx.userId),
        eq(chatSessions.chat_id, chatId),
        isNull(chatSessions.ended_at),
      ),
    );
  if (open && ctx.now.getTime() - open.last_activity_at.getTime() < INACTIVE_MS) {
    const [touched] = await ctx.tx
      .update(chatSessions)
      .set({ last_activity_at: ctx.now })
      .where(and(eq(chatSessions.user_id, ctx.userId), eq(chatSessions.id, open.id)))
      .returning();
    return touched!;
  }
  if (open) {
    await endSession(ctx, open);
    ctx.enqueue(SESSION_ENDED_JOB, { session_id: open.id });
  }
  const [begun] = await ctx.tx
    .insert(chatSessions)
    .values({ user_id: ctx.userId, chat_id: chatId, started_at: ctx.now, last_activity_at: ctx.now })
    .returning();
  ctx.event('session.started', { type: 'session', id: begun!.id }, { chat_id: chatId });
  return begun!;
}

async function endSession(ctx: OperationContext, session: ChatSession): Promise<ChatSession> {
  const [ended] = await ctx.tx
    .update(chatSessions)
    .set({ ended_at: ctx.now })
    .where(and(eq(chatSessions.user_id, ctx.userId), eq(chatSessions.id, session.id)))
    .returning();
  ctx.event('session.ended', { type: 'session', id: session.id }, { chat_id: session.chat_id });
  return ended!;
}

/** Ends a session that somebody says is over; one that has ended stays as it is. @throws AppError `not_found` */
export async function endByHand(ctx: OperationContext, id: string): Promise<ChatSession> {
  const session = await sessionById(ctx.tx, ctx.userId, id);
  if (!session) throw new AppError('not_found', 'there is no session with this id.');
  if (session.ended_at) return session;
  const ended = await endSession(ctx, session);
  ctx.enqueue(SESSION_ENDED_JOB, { session_id: id });
  return ended;
}

/** Ends what has been silent since `before`. @returns the sessions that this ended */
export async function endInactiveSessions(ctx: OperationContext, before: Date): Promise<ChatSession[]> {
  const ended = await ctx.tx
    .update(chatSessions)
    .set({ ended_at: ctx.now })
    .where(
      and(
        eq(chatSessions.user_id, ctx.userId),
        isNull(chatSessions.ended_at),
        lt(chatSessions.last_activity_at, before),
      ),
    )
    .returning();
  for (const { id, chat_id } of ended) ctx.event('session.ended', { type: 'session', id }, { chat_id });
  return ended;
}

export async function sessionById(tx: Tx, userId: string, id: string): Promise<ChatSession | undefined> {
  const [session] = await tx
    .select()
    .from(chatSessions)
    .where(and(eq(chatSessions.user_id, userId), eq(chatSessions.id, id)));
  return session;
}

/** The newest first; one more than `limit`. */
export async function listSessions(
  tx: Tx,
  userId: string,
  filter: { chat_id?: string | undefined; open?: boolean | undefined; limit: number },
  after: string | undefined,
): Promise<ChatSession[]> {
  return tx
    .select()
    .from(chatSessions)
    .where(
      and(
        eq(chatSessions.user_id, userId),
        filter.chat_id === undefined ? undefined : eq(chatSessions.chat_id, filter.chat_id),
        filter.open === undefined ? undefined : sql`(ended_at is null) = ${filter.open}`,
        after === undefined ? undefined : lt(chatSessions.id, after),
      ),
    )
    .orderBy(desc(chatSessions.id))
    .limit(filter.limit + 1);
}
