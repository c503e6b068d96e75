/**
 * The SQL of one-time links: for the first account, for an invitation, for signing in. The link carries a token; its
 * hash is stored.
 */
import { and, desc, eq, gt, isNull, lt, or, sql } from 'drizzle-orm';
import type { Database, Tx } from '../../platform/database/index.ts';
import { AppError } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { signInLinks } from './schema.ts';
import { hashSecret, newSecret } from './secrets.ts';
import { isAnybodyThere, normalEmail } from './users.ts';

export type SignInLink = typeof signInLinks.$inferSelect;

export interface NewLink {
  readonly kind: SignInLink['kind'];
  /** Whom a `sign_in` link lets in; the others make a user. */
  readonly userId?: string;
  /** The only email that an invitation may be used for; without one, its reader chooses. */
  readonly email?: string | undefined;
  /** What the new user will be; `user` unless told. */
  readonly role?: SignInLink['role'];
  readonly createdBy?: string | undefined;
}

const MINUTE = 60_000;

/** How long a link may be used, in milliseconds. */
const LIFETIME: Readonly<Record<SignInLink['kind'], number>> = {
  setup: 7 * 24 * 60 * MINUTE,
  invite: 7 * 24 * 60 * MINUTE,
  sign_in: 15 * MINUTE,
};

/** @returns the token that the link carries, and its row */
export async function insertLink(tx: Tx, values: NewLink): Promise<{ token: string; link: SignInLink }> {
  const token = newSecret();
  const [link] = await tx
    .insert(signInLinks)
    .values({
      token_hash: hashSecret(token),
      id: newId(),
      kind: values.kind,
      user_id: values.userId ?? null,
      email: values.email === undefined ? null : normalEmail(values.email),
      role: values.role ?? 'user',
      created_by: values.createdBy ?? null,
      expires_at: new Date(Date.now() + LIFETIME[values.kind]),
    })
    .returning();
  return { token, link: link! };
}

/** @returns the token that the link carries, and its row */
export function createSignInLink(db: Database, values: NewLink): Promise<{ token: string; link: SignInLink }> {
  return db.asService('create a sign-in link', (tx) => insertLink(tx, values));
}

/** Where a browser takes a token to. */
export function linkUrl(url: string, token: string): string {
  return `${url.replace(/\/$/, '')}/welcome?token=${token}`;
}

/** A fresh token for the first account; undefined once there is a user. Earlier ones are void. */
export function setupToken(db: Database): Promise<string | undefined> {
  return db.asService('first account', async (tx) => {
    if (await isAnybodyThere(tx)) return undefined;
    await tx.delete(signInLinks).where(eq(signInLinks.kind, 'setup'));
    return (await insertLink(tx, { kind: 'setup', role: 'admin' })).token;
  });
}

const isUsable = and(isNull(signInLinks.used_at), gt(signInLinks.expires_at, sql`now()`));

/**
 * The link of a token that can still be used.
 *
 * @throws AppError `not_found` when it is unknown, used or too old; which of them is not said
 */
export async function usableLink(tx: Tx, token: string): Promise<SignInLink> {
  const [link] = await tx
    .select()
    .from(signInLinks)
    .where(and(eq(signInLinks.token_hash, hashSecret(token)), isUsable));
  return link ?? refuse();
}

/** Uses a link up: of several at once, one gets it. @throws AppError `not_found` */
export async function takeLink(tx: Tx, token: string): Promise<SignInLink> {
  const [link] = await tx
    .update(signInLinks)
    .set({ used_at: sql`now()` })
    .where(and(eq(signInLinks.token_hash, hashSecret(token)), isUsable))
    .returning();
  return link ?? refuse();
}

function refuse(): never {
  throw new AppError('not_found', 'this link was used already, or its time is over; ask for another.');
}

/** Invitations that nobody has used, the newest first; one more than `limit`. Uses sign_in_links_kind. */
export function listInvitations(
  tx: Tx,
  limit: number,
  after: readonly [createdAt: string, id: string] | undefined,
): Promise<SignInLink[]> {
  const beyond =
    after &&
    or(
      lt(signInLinks.created_at, new Date(after[0])),
      and(eq(signInLinks.created_at, new Date(after[0])), lt(signInLinks.id, after[1])),
    );
  return tx
    .select()
    .from(signInLinks)
    .where(and(eq(signInLinks.kind, 'invite'), isUsable, beyond))
    .orderBy(desc(signInLinks.created_at), desc(signInLinks.id))
    .limit(limit + 1);
}

/** @throws AppError `not_found` */
export async function revokeInvitation(tx: Tx, id: string): Promise<void> {
  const gone = await tx
    .delete(signInLinks)
    .where(and(eq(signInLinks.id, id), eq(signInLinks.kind, 'invite'), isNull(signInLinks.used_at)))
    .returning({ id: signInLinks.id });
  if (gone.length === 0) throw new AppError('not_found', 'there is no such invitation.');
}
