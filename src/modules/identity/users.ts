/** Accounts: making them, finding them, and what they may do. Every function takes a transaction of the owner. */
import { and, asc, count, eq, gt, ne, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Database, Tx } from '../../platform/database/index.ts';
import { AppError } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { authAccounts, authSessions, users } from './schema.ts';

export type User = typeof users.$inferSelect;
export type Role = User['role'];

/** Characters of a password; better-auth is held to the same. */
export const PASSWORD_LENGTH = { min: 10, max: 128 } as const;

export const emailInput = z
  .string()
  .trim()
  .toLowerCase()
  .max(254)
  .pipe(z.email())
  .describe('An email address; its letters are kept in lower case');
export const nameInput = z.string().trim().min(1).max(100).describe('What they are called');
export const passwordInput = z.string().min(PASSWORD_LENGTH.min).max(PASSWORD_LENGTH.max);
export const timezoneInput = z
  .string()
  .max(64)
  .refine(isTimezone, 'must be an IANA time zone, such as Europe/Vienna')
  .describe('IANA time zone, such as Europe/Vienna');

/** Whether `name` is in the time zone database; offsets such as +02:00 are not, they know no summer. */
function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
}

export interface NewUser {
  readonly email: string;
  readonly name: string;
  /** The first account is an administrator's unless told. */
  readonly role?: Role | undefined;
  readonly timezone?: string | undefined;
}

/** @throws AppError `conflict` when the email has an account */
export async function insertUser(tx: Tx, user: NewUser): Promise<User> {
  const [created] = await tx
    .insert(users)
    .values({
      id: newId(),
      email: user.email.trim().toLowerCase(),
      name: user.name,
      role: user.role ?? ((await anyUser(tx)) ? 'user' : 'admin'),
      timezone: user.timezone ?? 'UTC',
    })
    .onConflictDoNothing()
    .returning();
  if (!created) throw new AppError('conflict', `there is an account for ${user.email} already.`);
  return created;
}

/** Makes an account that nobody can use yet: follow it with a sign-in link or a key. @throws AppError `conflict` */
export function createUser(db: Database, user: NewUser): Promise<User> {
  return db.asService('create a user', (tx) => insertUser(tx, user));
}

export async function anyUser(tx: Tx): Promise<boolean> {
  return (await tx.select({ id: users.id }).from(users).limit(1)).length > 0;
}

/** @returns the user with this email or, without one, the only user there is */
export function findUser(db: Database, email?: string): Promise<User | undefined> {
  return db.asService('find a user', async (tx) => {
    const rows = await tx
      .select()
      .from(users)
      .where(email === undefined ? undefined : eq(users.email, email.trim().toLowerCase()))
      .limit(2);
    return rows.length === 1 ? rows[0] : undefined;
  });
}

export function listUsers(tx: Tx, limit: number, after: readonly [string] | undefined): Promise<User[]> {
  return tx
    .select()
    .from(users)
    .where(after && gt(users.id, after[0]))
    .orderBy(asc(users.id))
    .limit(limit + 1);
}

/** @throws AppError `not_found`, or `conflict` when nobody would be left to administer */
export async function setRole(tx: Tx, id: string, role: Role): Promise<User> {
  // Two administrators who demote each other at once must not both succeed.
  await tx.execute(sql`lock table users in share row exclusive mode`);
  if (role !== 'admin') {
    const [others] = await tx
      .select({ left: count() })
      .from(users)
      .where(and(eq(users.role, 'admin'), ne(users.id, id)));
    if (others!.left === 0) throw new AppError('conflict', 'somebody must remain an administrator.');
  }
  const [user] = await tx
    .update(users)
    .set({ role, updated_at: new Date() })
    .where(eq(users.id, id))
    .returning();
  if (!user) throw new AppError('not_found', 'there is no such user.');
  return user;
}

/** Sets or replaces a password and ends the sessions that were opened with the one before. */
export async function setPassword(tx: Tx, userId: string, hash: string): Promise<void> {
  await tx
    .insert(authAccounts)
    .values({ id: newId(), user_id: userId, provider_id: 'credential', account_id: userId, password: hash })
    .onConflictDoUpdate({
      target: [authAccounts.provider_id, authAccounts.account_id],
      set: { password: hash, updated_at: new Date() },
    });
  await tx.delete(authSessions).where(eq(authSessions.user_id, userId));
}

/** The row of `userId` as the application's role sees it. */
const OWN = {
  id: users.id,
  email: users.email,
  name: users.name,
  role: users.role,
  timezone: users.timezone,
};

export async function readOwn(tx: Tx, userId: string) {
  const [me] = await tx.select(OWN).from(users).where(eq(users.id, userId));
  if (!me) throw new AppError('not_found', 'this account is gone.');
  return me;
}

export async function updateOwn(
  tx: Tx,
  userId: string,
  changes: { name?: string | undefined; timezone?: string | undefined },
) {
  const [me] = await tx
    .update(users)
    .set({ ...changes, updated_at: new Date() })
    .where(eq(users.id, userId))
    .returning(OWN);
  if (!me) throw new AppError('not_found', 'this account is gone.');
  return me;
}
