/** API keys: how programs show who they work for. The key itself is shown once; its SHA-256 is what is kept. */
import { and, desc, eq, isNull, lt, or } from 'drizzle-orm';
import type { Database, Tx } from '../../platform/database/index.ts';
import { AppError } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import type { Actor } from '../../platform/operations/index.ts';
import { apiKeys, type Profile, users } from './schema.ts';
import { randomToken, sha256 } from './secrets.ts';

/** A key as its owner may see it: all but the hash. */
const SHOWN = {
  id: apiKeys.id,
  label: apiKeys.label,
  profile_name: apiKeys.profile_name,
  allow_operator_llm: apiKeys.allow_operator_llm,
  created_at: apiKeys.created_at,
  last_used: apiKeys.last_used,
  is_revoked: apiKeys.is_revoked,
};

export type ApiKey = Pick<typeof apiKeys.$inferSelect, keyof typeof SHOWN>;

export interface NewKey {
  readonly userId: string;
  /** What the owner knows it by, such as the program's name. */
  readonly label: string;
  /** `personal` unless told: an administrator's key administers only when it was made for that. */
  readonly profileName?: Profile | undefined;
  /** Whether the operator's model keys may be used where the user has none. */
  readonly allowOperatorLlm?: boolean | undefined;
}

/** How often `last_used` is written, in milliseconds. */
const LAST_USED_EVERY = 60_000;

export async function insertKey(tx: Tx, key: NewKey): Promise<ApiKey & { key: string }> {
  const raw = `stw_${randomToken()}`;
  const [row] = await tx
    .insert(apiKeys)
    .values({
      key_hash: sha256(raw),
      id: newId(),
      user_id: key.userId,
      label: key.label,
      profile_name: key.profileName ?? 'personal',
      allow_operator_llm: key.allowOperatorLlm ?? false,
      // Ours, to the millisecond: a cursor carries no more, and would skip what the server's clock puts between.
      created_at: new Date(),
    })
    .returning(SHOWN);
  return { ...row!, key: raw };
}

/** @returns the row and, this once, the key itself */
export function createKey(db: Database, key: NewKey): Promise<ApiKey & { key: string }> {
  return db.asService('create an api key', (tx) => insertKey(tx, key));
}

export function listKeys(
  tx: Tx,
  userId: string,
  options: { limit: number; revoked?: boolean | undefined; after?: readonly [string, string] | undefined },
): Promise<ApiKey[]> {
  const { after, revoked } = options;
  return tx
    .select(SHOWN)
    .from(apiKeys)
    .where(
      and(
        eq(apiKeys.user_id, userId),
        revoked === undefined ? undefined : eq(apiKeys.is_revoked, revoked),
        after &&
          or(
            lt(apiKeys.created_at, new Date(after[0])),
            and(eq(apiKeys.created_at, new Date(after[0])), lt(apiKeys.id, after[1])),
          ),
      ),
    )
    .orderBy(desc(apiKeys.created_at), desc(apiKeys.id))
    .limit(options.limit + 1);
}

/** Revoking what is revoked already changes nothing. @throws AppError `not_found` */
export async function revokeKey(tx: Tx, userId: string, id: string): Promise<ApiKey> {
  const [row] = await tx
    .update(apiKeys)
    .set({ is_revoked: true })
    .where(and(eq(apiKeys.user_id, userId), eq(apiKeys.id, id)))
    .returning(SHOWN);
  if (!row) throw new AppError('not_found', 'you have no such key.');
  return row;
}

/** @returns who a raw key acts for. @throws AppError `unauthorized` when it is unknown or revoked */
export function actorOfKey(db: Database, raw: string, now: Date): Promise<Actor> {
  return db.asService('look up an api key', async (tx) => {
    const hash = sha256(raw);
    const [found] = await tx
      .select({
        id: apiKeys.id,
        profile: apiKeys.profile_name,
        revoked: apiKeys.is_revoked,
        lastUsed: apiKeys.last_used,
        userId: users.id,
        role: users.role,
        timezone: users.timezone,
      })
      .from(apiKeys)
      .innerJoin(users, eq(users.id, apiKeys.user_id))
      .where(eq(apiKeys.key_hash, hash));
    if (!found || found.revoked) {
      throw new AppError(
        'unauthorized',
        found ? 'this API key was revoked.' : 'this API key is not known here.',
      );
    }
    const stale = new Date(now.getTime() - LAST_USED_EVERY);
    if (!found.lastUsed || found.lastUsed < stale) {
      await tx
        .update(apiKeys)
        .set({ last_used: now })
        .where(and(eq(apiKeys.key_hash, hash), or(isNull(apiKeys.last_used), lt(apiKeys.last_used, stale))));
    }
    return {
      kind: 'key',
      id: found.id,
      userId: found.userId,
      role: found.profile === 'admin' && found.role === 'admin' ? 'admin' : 'user',
      timezone: found.timezone,
    };
  });
}
