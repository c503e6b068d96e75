/**
 * Links that work once. There is no open sign-up: an account begins with one of these.
 *
 * - `setup` is printed on the first start, and makes the first account, an administrator's; valid until it is used.
 * - `invite` comes from an administrator, and makes an account; seven days.
 * - `sign_in` comes from the operator at the terminal, for somebody who cannot get in (no password, authenticator
 *   lost); fifteen minutes. It asks for no second factor, since it is what remains when that is gone.
 */

import { hashPassword } from 'better-auth/crypto';
import { and, desc, eq, gt, isNull, lt, or, sql } from 'drizzle-orm';
import type { Database, Tx } from '../../platform/database/index.ts';
import { AppError } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { type LinkKind, signInLinks, users } from './schema.ts';
import { randomToken, sha256 } from './secrets.ts';
import { anyUser, insertUser, type Role, setPassword, type User } from './users.ts';

/** How long each kind can be used, in milliseconds. */
const LIFETIME: Record<LinkKind, number | undefined> = {
  setup: undefined,
  invite: 7 * 24 * 60 * 60_000,
  sign_in: 15 * 60_000,
};

type Link = typeof signInLinks.$inferSelect;

interface NewLink {
  readonly kind: LinkKind;
  readonly userId?: string;
  readonly email?: string | undefined;
  readonly role?: Role | undefined;
  readonly createdBy?: string | undefined;
  readonly now: Date;
}

/** @returns the row, and the token that leads to it, this once */
export async function insertLink(tx: Tx, link: NewLink): Promise<Link & { token: string }> {
  const token = randomToken();
  const lifetime = LIFETIME[link.kind];
  const [row] = await tx
    .insert(signInLinks)
    .values({
      token_hash: sha256(token),
      id: newId(),
      kind: link.kind,
      user_id: link.userId ?? null,
      email: link.email ?? null,
      role: link.role ?? 'user',
      created_by: link.createdBy ?? null,
      created_at: link.now,
      expires_at: lifetime === undefined ? null : new Date(link.now.getTime() + lifetime),
    })
    .returning();
  return { ...row!, token };
}

/** The page that redeems a token. @param base where browsers reach the server */
export function linkUrl(base: string, token: string): string {
  return `${base.replace(/\/$/, '')}/welcome?token=${token}`;
}

/** @returns the token that makes the first account; undefined once there is one */
export function createSetupLink(db: Database, now: Date): Promise<string | undefined> {
  return db.asService('offer the first account', async (tx) => {
    if (await anyUser(tx)) return undefined;
    return (await insertLink(tx, { kind: 'setup', role: 'admin', now })).token;
  });
}

/** @throws AppError `not_found` when nobody has this email */
export async function insertSignInLink(
  tx: Tx,
  email: string,
  now: Date,
): Promise<Link & { token: string; user: User }> {
  const [user] = await tx.select().from(users).where(eq(users.email, email.trim().toLowerCase()));
  if (!user) throw new AppError('not_found', `there is no user ${email}; see steward users list.`);
  return { ...(await insertLink(tx, { kind: 'sign_in', userId: user.id, email: user.email, now })), user };
}

/** @returns the token of a fresh sign-in link. @throws AppError `not_found` */
export async function createSignInLink(db: Database, email: string, now = new Date()): Promise<string> {
  return (await db.asService('make a sign-in link', (tx) => insertSignInLink(tx, email, now))).token;
}

const usable = (token: string, now: Date) =>
  and(
    eq(signInLinks.token_hash, sha256(token)),
    isNull(signInLinks.used_at),
    or(isNull(signInLinks.expires_at), gt(signInLinks.expires_at, now)),
  );

function dead(): AppError {
  return new AppError('not_found', 'this link was used already, or has expired; ask for a new one.');
}

/** What a link is for, without using it. @throws AppError `not_found` */
export function readLink(db: Database, token: string, now: Date): Promise<Pick<Link, 'kind' | 'email'>> {
  return db.asService('look at a link', async (tx) => {
    const [link] = await tx
      .select({ kind: signInLinks.kind, email: signInLinks.email })
      .from(signInLinks)
      .where(usable(token, now));
    if (!link) throw dead();
    return link;
  });
}

export interface Redemption {
  readonly token: string;
  /** The part of the email before the @ unless told. */
  readonly name?: string | undefined;
  /** Ignored where the link itself names one. */
  readonly email?: string | undefined;
  /** Needed for an account; with a sign-in link it replaces the password and ends all other sessions. */
  readonly password?: string | undefined;
  readonly timezone?: string | undefined;
}

/**
 * Uses a link up, in the transaction that makes its account: of two who redeem it at once, one succeeds.
 *
 * @param onDone what else belongs into that transaction
 * @throws AppError `not_found`, `validation_failed` when something is missing, `conflict` when the email has an account
 */
export async function redeemLink(
  db: Database,
  redemption: Redemption,
  now: Date,
  onDone: (tx: Tx, link: Link, user: User) => Promise<void>,
): Promise<User> {
  const { kind, email: bound } = await readLink(db, redemption.token, now);
  const email = bound ?? redemption.email;
  if (email === undefined) throw missing('email');
  if (kind !== 'sign_in' && redemption.password === undefined) throw missing('password');
  // Before the transaction: it takes a tenth of a second, and nobody should wait for it with a lock.
  const password = redemption.password === undefined ? undefined : await hashPassword(redemption.password);
  return db.asService('redeem a link', async (tx) => {
    if (kind === 'setup') {
      // Two processes may each have printed a link; there is one first account all the same.
      await tx.execute(sql`lock table users in share row exclusive mode`);
      if (await anyUser(tx)) throw dead();
    }
    const [link] = await tx
      .update(signInLinks)
      .set({ used_at: now })
      .where(usable(redemption.token, now))
      .returning();
    if (!link) throw dead();
    const user =
      link.user_id === null
        ? await insertUser(tx, {
            email,
            name: redemption.name ?? email.split('@')[0]!,
            role: link.role,
            timezone: redemption.timezone,
          })
        : (await tx.select().from(users).where(eq(users.id, link.user_id)))[0]!;
    if (password !== undefined) await setPassword(tx, user.id, password);
    await onDone(tx, link, user);
    return user;
  });
}

function missing(field: string): AppError {
  return new AppError('validation_failed', `${field}: needed to make an account`, {
    details: [{ path: field, message: 'needed to make an account' }],
  });
}

export type Invitation = Pick<Link, 'id' | 'email' | 'role' | 'created_at' | 'expires_at' | 'used_at'>;

/** Invitations of all administrators, newest first; those that were used stay in the list. */
export function listInvitations(
  tx: Tx,
  limit: number,
  after: readonly [string, string] | undefined,
): Promise<Invitation[]> {
  const { id, email, role, created_at, expires_at, used_at } = signInLinks;
  return tx
    .select({ id, email, role, created_at, expires_at, used_at })
    .from(signInLinks)
    .where(
      and(
        eq(signInLinks.kind, 'invite'),
        after &&
          or(lt(created_at, new Date(after[0])), and(eq(created_at, new Date(after[0])), lt(id, after[1]))),
      ),
    )
    .orderBy(desc(created_at), desc(id))
    .limit(limit + 1);
}

/** Takes an invitation back. @throws AppError `not_found` when there is none that could still be used */
export async function revokeInvitation(tx: Tx, id: string): Promise<void> {
  const gone = await tx
    .delete(signInLinks)
    .where(and(eq(signInLinks.id, id), eq(signInLinks.kind, 'invite'), isNull(signInLinks.used_at)))
    .returning({ id: signInLinks.id });
  if (gone.length === 0)
    throw new AppError('not_found', 'there is no such invitation, or it was used already.');
}
