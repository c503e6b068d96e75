/** The SQL of facts, recent context and summaries. */
import { and, asc, desc, eq, gt, inArray, lt, lte, or, sql } from 'drizzle-orm';
import type { Tx } from '../../platform/database/index.ts';
import { newId } from '../../platform/ids.ts';
import type { OperationContext } from '../../platform/operations/index.ts';
import { memories, memorySummaries, recentContextItems } from './schema.ts';

export type Memory = typeof memories.$inferSelect;
export type Summary = typeof memorySummaries.$inferSelect;

export interface EntityRef {
  readonly entity_type: 'task' | 'goal' | 'problem';
  readonly id: string;
  readonly title: string;
}

/** How long what was surfaced can be referred to, and how many items a chat keeps. */
const RECENT_MS = 24 * 60 * 60 * 1000;
const RECENT_ITEMS = 12;

/** Facts that a context is given at most. */
const FACTS = 5;

/** Letters and digits, lower case: two ways to write one fact are one fact. */
export function normaliseFact(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

export async function remember(ctx: OperationContext, content: string): Promise<Memory> {
  const [kept] = await ctx.tx
    .insert(memories)
    .values({
      user_id: ctx.userId,
      content,
      content_norm: normaliseFact(content),
      created_at: ctx.now,
      updated_at: ctx.now,
    })
    .onConflictDoUpdate({
      target: [memories.user_id, memories.content_norm],
      set: { content, updated_at: ctx.now },
    })
    .returning();
  ctx.event('memory.remembered', { type: 'memory', id: kept!.id });
  return kept!;
}

export async function listMemories(
  tx: Tx,
  userId: string,
  limit: number,
  after: readonly [string, string] | undefined,
): Promise<Memory[]> {
  return tx
    .select()
    .from(memories)
    .where(
      and(
        eq(memories.user_id, userId),
        after &&
          or(
            lt(memories.updated_at, new Date(after[0])),
            and(eq(memories.updated_at, new Date(after[0])), lt(memories.id, after[1])),
          ),
      ),
    )
    .orderBy(desc(memories.updated_at), desc(memories.id))
    .limit(limit + 1);
}

/** The facts that share most words with `query`, the newest first among equals; all of them when it has no words. */
export async function recall(tx: Tx, userId: string, query: string, limit: number): Promise<Memory[]> {
  const words = wordsOf(query);
  if (words.length === 0) return (await listMemories(tx, userId, limit, undefined)).slice(0, limit);
  const matches = sql`to_tsvector('simple', ${memories.content}) @@ to_tsquery('simple', ${words.map((word) => `${word}:*`).join(' | ')})`;
  const rank = sql`ts_rank(to_tsvector('simple', ${memories.content}), to_tsquery('simple', ${words.map((word) => `${word}:*`).join(' | ')}))`;
  return tx
    .select()
    .from(memories)
    .where(and(eq(memories.user_id, userId), matches))
    .orderBy(desc(rank), desc(memories.updated_at))
    .limit(limit);
}

/** Words that say nothing about what is looked for. */
const STOP_WORDS = new Set(
  'a about an and are at be do does for from how i in is it know me my of on or our should that the their there this to was we what when where which who why will with you your'.split(
    ' ',
  ),
);

/** @returns the words that tell one text from another, at most twelve */
export function wordsOf(text: string): string[] {
  const words = normaliseFact(text).split(' ');
  return [...new Set(words.filter((word) => word.length > 1 && !STOP_WORDS.has(word)))].slice(0, 12);
}

/** Removes facts for good. @returns how many */
export async function forget(ctx: OperationContext, ids: readonly string[]): Promise<number> {
  if (ids.length === 0) return 0;
  const gone = await ctx.tx
    .delete(memories)
    .where(and(eq(memories.user_id, ctx.userId), inArray(memories.id, [...ids])))
    .returning({ id: memories.id });
  for (const { id } of gone) ctx.event('memory.forgotten', { type: 'memory', id });
  return gone.length;
}

export interface RecentItem {
  readonly entity_type: EntityRef['entity_type'];
  readonly entity_id: string;
}

/** Notes what a chat was shown, in its order; the oldest beyond the twelfth are dropped. */
export async function surface(
  tx: Tx,
  about: { userId: string; chatId: string; items: readonly EntityRef[]; reason: string; now: Date },
): Promise<void> {
  const items = about.items.slice(0, RECENT_ITEMS);
  if (items.length === 0) return;
  await tx
    .insert(recentContextItems)
    .values(
      items.map((item, position) => ({
        id: newId(),
        user_id: about.userId,
        chat_id: about.chatId,
        entity_type: item.entity_type,
        entity_id: item.id,
        position,
        reason: about.reason,
        surfaced_at: about.now,
        expires_at: new Date(about.now.getTime() + RECENT_MS),
      })),
    )
    .onConflictDoUpdate({
      target: [
        recentContextItems.user_id,
        recentContextItems.chat_id,
        recentContextItems.entity_type,
        recentContextItems.entity_id,
      ],
      set: {
        position: sql`excluded.position`,
        reason: sql`excluded.reason`,
        surfaced_at: sql`excluded.surfaced_at`,
        expires_at: sql`excluded.expires_at`,
      },
    });
  await tx.execute(sql`
    delete from recent_context_items where user_id = ${about.userId} and id in (
      select id from recent_context_items where user_id = ${about.userId} and chat_id = ${about.chatId}
      order by surfaced_at desc, position offset ${RECENT_ITEMS})`);
}

/** What was surfaced last and has not expired: the newest answer's items in their order, then older ones. */
export async function recentItems(tx: Tx, userId: string, chatId: string, now: Date): Promise<RecentItem[]> {
  return tx
    .select({ entity_type: recentContextItems.entity_type, entity_id: recentContextItems.entity_id })
    .from(recentContextItems)
    .where(
      and(
        eq(recentContextItems.user_id, userId),
        eq(recentContextItems.chat_id, chatId),
        gt(recentContextItems.expires_at, now),
      ),
    )
    .orderBy(desc(recentContextItems.surfaced_at), asc(recentContextItems.position))
    .limit(RECENT_ITEMS);
}

export async function latestSummary(tx: Tx, userId: string, chatId: string): Promise<string> {
  const [summary] = await tx
    .select({ text: memorySummaries.summary_text })
    .from(memorySummaries)
    .where(and(eq(memorySummaries.user_id, userId), inArray(memorySummaries.chat_id, [chatId, '*'])))
    .orderBy(desc(memorySummaries.created_at), desc(memorySummaries.id))
    .limit(1);
  return summary?.text ?? '';
}

export async function factsFor(tx: Tx, userId: string, query: string): Promise<string[]> {
  return wordsOf(query).length === 0
    ? []
    : (await recall(tx, userId, query, FACTS)).map((memory) => memory.content);
}

export async function listSummaries(
  tx: Tx,
  userId: string,
  filter: { limit: number; chat_id?: string | undefined; summary_type?: Summary['summary_type'] | undefined },
  after: readonly [string, string] | undefined,
): Promise<Summary[]> {
  return tx
    .select()
    .from(memorySummaries)
    .where(
      and(
        eq(memorySummaries.user_id, userId),
        filter.chat_id === undefined ? undefined : eq(memorySummaries.chat_id, filter.chat_id),
        filter.summary_type === undefined ? undefined : eq(memorySummaries.summary_type, filter.summary_type),
        after &&
          or(
            lt(memorySummaries.created_at, new Date(after[0])),
            and(eq(memorySummaries.created_at, new Date(after[0])), lt(memorySummaries.id, after[1])),
          ),
      ),
    )
    .orderBy(desc(memorySummaries.created_at), desc(memorySummaries.id))
    .limit(filter.limit + 1);
}

/** @returns false when this session or period has its summary already */
export async function saveSummary(
  ctx: OperationContext,
  summary: Omit<Summary, 'id' | 'user_id' | 'created_at'>,
): Promise<boolean> {
  const made = await ctx.tx
    .insert(memorySummaries)
    .values({ ...summary, user_id: ctx.userId, created_at: ctx.now })
    .onConflictDoNothing()
    .returning({ id: memorySummaries.id });
  if (made[0])
    ctx.event('summary.created', { type: 'summary', id: made[0].id }, { summary_type: summary.summary_type });
  return made.length > 0;
}

export async function hasSummary(
  tx: Tx,
  userId: string,
  which: { summary_type: Summary['summary_type']; session_id?: string; period_start?: string },
): Promise<boolean> {
  const found = await tx
    .select({ id: memorySummaries.id })
    .from(memorySummaries)
    .where(
      and(
        eq(memorySummaries.user_id, userId),
        eq(memorySummaries.summary_type, which.summary_type),
        which.session_id === undefined ? undefined : eq(memorySummaries.session_id, which.session_id),
        which.period_start === undefined ? undefined : eq(memorySummaries.period_start, which.period_start),
      ),
    )
    .limit(1);
  return found.length > 0;
}

/** What happened in a period, oldest first, as facts for its summary. */
export async function eventsBetween(
  tx: Tx,
  userId: string,
  from: Date,
  to: Date,
): Promise<{ id: string; event_type: string; title: string | null }[]> {
  const { rows } = await tx.execute<{ id: string; event_type: string; title: string | null }>(sql`
    select id, event_type, payload_json ->> 'title' as title from event_log
    where user_id = ${userId} and created_at >= ${from.toISOString()} and created_at < ${to.toISOString()}
      and entity_type in ('task', 'goal', 'problem')
    order by created_at, id limit 500`);
  return rows;
}

/** Deletes what has had its time: expired context and answers to idempotent requests. */
export async function deleteExpired(tx: Tx, now: Date): Promise<void> {
  await tx.delete(recentContextItems).where(lte(recentContextItems.expires_at, now));
  await tx.execute(sql`delete from idempotency_keys where expires_at <= ${now.toISOString()}`);
}
