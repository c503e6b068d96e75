/** The SQL of API keys. They are read before anybody is known, so the application's role has no part in them. */
import { and, desc, eq, lt, or, sql } from 'drizzle-orm';
import type { Database, Tx } from '../../platform/database/index.ts';
import { AppError } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { apiKeys, type PROFILES } from './schema.ts';
import { hashSecret, newSecret } from './secrets.ts';
import type { User } from './users.ts';

export type Profile = (typeof PROFILES)[number];
export type ApiKey = Omit<typeof apiKeys.$inferSelect, 'key_hash'>;

export interface NewKey {
  readonly userId: string;
  /** What the key is for, in its owner's words. */
  readonly label: string;
  /** `personal` unless told. */
  readonly profile?: Profile;
}

/** @returns the key itself too, which is not stored and cannot be shown again */
export async function insertKey(tx: Tx, values: NewKey): Promise<ApiKey & { key: string }> {
  const key = `stw_${newSecret()}`;
  const [inserted] = await tx
    .insert(apiKeys)
    .values({
      key_hash: hashSecret(key),
      id: newId(),
      user_id: values.userId,
      label: values.label,
      profile_name: values.profile ?? 'personal',
    })
    .returning();
  const { key_hash: _, ...row } = inserted!;
  return { ...row, key };
}

/** @returns the key itself too, which is not stored and cannot be shown again */
export function createKey(db: Database, values: NewKey): Promise<ApiKey & { key: string }> {
  return db.asService('create a key', (tx) => insertKey(tx, values));
}

/** The newest first; one more than `limit`. Uses api_keys_user. */
export function listKeys(
  tx: Tx,
  userId: string,
  limit: number,
  after: readonly [createdAt: string, id: string] | undefined,
): Promise<ApiKey[]> {
  const beyond =
    after &&
    or(
      lt(apiKeys.created_at, new Date(after[0])),
      and(eq(apiKeys.created_at, new Date(after[0])), lt(apiKeys.id, after[1])),
    );
  return tx
    .select()
    .from(apiKeys)
    .where(and(eq(apiKeys.user_id, userId), beyond))
    .orderBy(desc(apiKeys.created_at), desc(apiKeys.id))
    .limit(limit + 1);
}

/** Revoking what is revoked already changes nothing. @throws AppError `not_found` */
export async function revokeKey(tx: Tx, userId: string, id: string): Promise<ApiKey> {
  const [row] = await tx
    .update(apiKeys)
    .set({ is_revoked: true })
    .where(and(eq(apiKeys.user_id, userId), eq(apiKeys.id, id)))
    .returning();
  if (!row) throw new AppError('not_found', 'there is no such key.');
  return row;
}

export interface KeyOwner {
  readonly keyId: string;
  readonly userId: string;
  readonly profile: Profile;
  readonly role: User['role'];
  readonly timezone: string;
}

/** Whose key this is; undefined when it is unknown or revoked. Notes its use, at most once a minute. */
export function keyOwner(db: Database, key: string): Promise<KeyOwner | undefined> {
  return db.asService('recognise a key', async (tx) => {
    const { rows } = await tx.execute<{
      id: string;
      user_id: string;
      profile_name: Profile;
      role: User['role'];
      timezone: string;
      is_stale: boolean;
    }>(sql`
      select k.id, k.user_id, k.profile_name, u.role, u.timezone,
             coalesce(k.last_used < now() - interval '1 minute', true) as is_stale
      from api_keys k join users u on u.id = k.user_id
      where k.key_hash = ${hashSecret(key)} and not k.is_revoked`);
    const row = rows[0];
    if (!row) return undefined;
    if (row.is_stale) {
      // Asked again here: of two that saw it stale, one writes.
      await tx.execute(sql`
        update api_keys set last_used = now()
        where id = ${row.id} and coalesce(last_used < now() - interval '1 minute', true)`);
    }
    return {
      keyId: row.id,
      userId: row.user_id,
      profile: row.profile_name,
      role: row.role,
      timezone: row.timezone,
    };
  });
}
