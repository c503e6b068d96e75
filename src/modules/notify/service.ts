/** The SQL of channels. Whose a chat is must be asked before there is a user, so much of it runs as a service. */
import { and, desc, eq, gt, isNotNull, isNull, lt, ne, sql } from 'drizzle-orm';
import type { Database, Tx } from '../../platform/database/index.ts';
import { AppError } from '../../platform/errors.ts';
import type { Actor } from '../../platform/operations/index.ts';
import { channelLinks, channelUpdates, linkCodes, type Shown } from './schema.ts';

export type Link = typeof channelLinks.$inferSelect;
export type UpdateRow = typeof channelUpdates.$inferSelect;

const ofChat = (chatId: string) =>
  and(eq(channelLinks.channel, 'telegram'), eq(channelLinks.external_id, chatId));

/** The person who linked a chat, with a user's rights alone. */
export async function actorOfChat(db: Database, chatId: string): Promise<Actor | undefined> {
  const { rows } = await db.asService('find the user of a telegram chat', (tx) =>
    tx.execute<{ id: string; user_id: string; timezone: string }>(sql`
      select l.id, l.user_id, u.timezone from channel_links l join users u on u.id = l.user_id
      where l.channel = 'telegram' and l.external_id = ${chatId}`),
  );
  const [row] = rows;
  return row && { kind: 'user', id: row.id, userId: row.user_id, role: 'user', timezone: row.timezone };
}

export function listLinks(tx: Tx, userId: string, limit: number, after: string | undefined): Promise<Link[]> {
  return tx
    .select()
    .from(channelLinks)
    .where(
      and(eq(channelLinks.user_id, userId), after === undefined ? undefined : lt(channelLinks.id, after)),
    )
    .orderBy(desc(channelLinks.id))
    .limit(limit + 1);
}

/** @throws AppError `not_found` */
export async function deleteLink(tx: Tx, userId: string, id: string): Promise<void> {
  const gone = await tx
    .delete(channelLinks)
    .where(and(eq(channelLinks.id, id), eq(channelLinks.user_id, userId)))
    .returning({ id: channelLinks.id });
  if (gone.length === 0) throw new AppError('not_found', 'there is no such channel.');
}

/** Keeps the hash of a new code; the codes before it work no longer. */
export async function insertCode(tx: Tx, row: typeof linkCodes.$inferInsert): Promise<void> {
  await tx.delete(linkCodes).where(and(eq(linkCodes.user_id, row.user_id), isNull(linkCodes.used_at)));
  await tx.insert(linkCodes).values(row);
}

/**
 * Uses a code up and links the chat to who made it.
 *
 * @throws AppError `not_found` for a code that is wrong, used or expired, `conflict` when the chat is somebody else's
 */
export async function redeemCode(tx: Tx, codeHash: string, chatId: string, now: Date): Promise<Link> {
  const [code] = await tx
    .update(linkCodes)
    .set({ used_at: now })
    .where(and(eq(linkCodes.code_hash, codeHash), isNull(linkCodes.used_at), gt(linkCodes.expires_at, now)))
    .returning();
  if (!code) throw new AppError('not_found', 'this code is wrong, was used, or has expired; make a new one.');
  await tx
    .insert(channelLinks)
    .values({ user_id: code.user_id, channel: 'telegram', external_id: chatId, created_at: now })
    .onConflictDoNothing();
  const [link] = await tx.select().from(channelLinks).where(ofChat(chatId));
  if (link?.user_id !== code.user_id)
    throw new AppError('conflict', 'this chat is linked to another account; remove it there first.');
  return link;
}

/** @returns the row of an update that is new; undefined when it came before */
export async function insertUpdate(
  tx: Tx,
  row: typeof channelUpdates.$inferInsert,
): Promise<UpdateRow | undefined> {
  const [inserted] = await tx.insert(channelUpdates).values(row).onConflictDoNothing().returning();
  return inserted;
}

export async function readUpdate(tx: Tx, externalId: string): Promise<UpdateRow | undefined> {
  const [row] = await tx
    .select()
    .from(channelUpdates)
    .where(and(eq(channelUpdates.channel, 'telegram'), eq(channelUpdates.external_id, externalId)));
  return row;
}

export async function setUpdate(
  tx: Tx,
  id: string,
  changes: Partial<Pick<UpdateRow, 'user_id' | 'reply' | 'shown' | 'sending_at' | 'sent_at'>>,
): Promise<void> {
  await tx.update(channelUpdates).set(changes).where(eq(channelUpdates.id, id));
}

/** @returns whether the reply is now this caller's to send: of all who ask, one is told so */
export async function claimSending(tx: Tx, id: string, now: Date): Promise<boolean> {
  const mine = await tx
    .update(channelUpdates)
    .set({ sending_at: now })
    .where(and(eq(channelUpdates.id, id), isNull(channelUpdates.sending_at)))
    .returning({ id: channelUpdates.id });
  return mine.length > 0;
}

/** Whether a chat without a user was told `reply` since `since`. Two that ask at once take turns. */
export async function wasTold(tx: Tx, row: UpdateRow, reply: string, since: Date): Promise<boolean> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`telegram ${row.chat_id}`}, 0))`);
  const told = await tx
    .select({ id: channelUpdates.id })
    .from(channelUpdates)
    .where(
      and(
        isNull(channelUpdates.user_id),
        eq(channelUpdates.chat_id, row.chat_id),
        ne(channelUpdates.id, row.id),
        eq(channelUpdates.reply, reply),
        gt(channelUpdates.created_at, since),
      ),
    )
    .limit(1);
  return told.length > 0;
}

/** What the last reply that numbered anything in this chat numbered. */
export async function lastShown(tx: Tx, userId: string, chatId: string): Promise<readonly Shown[]> {
  const [row] = await tx
    .select({ shown: channelUpdates.shown })
    .from(channelUpdates)
    .where(
      and(
        eq(channelUpdates.user_id, userId),
        eq(channelUpdates.chat_id, chatId),
        isNotNull(channelUpdates.shown),
      ),
    )
    .orderBy(desc(channelUpdates.id))
    .limit(1);
  return row?.shown ?? [];
}

/** Takes away what nobody needs any more: updates that Telegram will not repeat, and dead codes. */
export async function sweep(tx: Tx): Promise<void> {
  await tx.execute(sql`delete from channel_updates where created_at < now() - interval '30 days'`);
  await tx.execute(sql`delete from channel_link_codes where expires_at < now() - interval '1 day'`);
}
