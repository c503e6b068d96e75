/** The SQL of users. The application's role may read its own row and change nothing, so changes are the service's. */
import { and, asc, eq, gt, or, sql } from 'drizzle-orm';
import type { Database, Tx } from '../../platform/database/index.ts';
import { AppError } from '../../platform/errors.ts';
import { users } from './schema.ts';

export type User = typeof users.$inferSelect;

export interface NewUser {
  readonly email: string;
  readonly name: string;
  readonly role?: User['role'];
  /** IANA name; UTC unless told. */
  readonly timezone?: string;
}

export const normalEmail = (email: string): string => email.trim().toLowerCase();

/** @throws AppError `conflict` when the email has an account already */
export async function insertUser(tx: Tx, values: NewUser): Promise<User> {
  const [user] = await tx
    .insert(users)
    .values({ ...values, email: normalEmail(values.email) })
    .onConflictDoNothing({ target: users.email })
    .returning();
  if (!user) throw new AppError('conflict', `${normalEmail(values.email)} has an account already.`);
  return user;
}

/** @throws AppError `conflict` when the email has an account already */
export function createUser(db: Database, values: NewUser): Promise<User> {
  return db.asService('create a user', (tx) => insertUser(tx, values));
}

/** The user of that email; without one, the only user if there is exactly one. */
export function findUser(db: Database, email: string | undefined): Promise<User | undefined> {
  return db.asService('find a user', async (tx) => {
    const found = await tx
      .select()
      .from(users)
      .where(email === undefined ? undefined : eq(users.email, normalEmail(email)))
      .limit(2);
    return found.length === 1 ? found[0] : undefined;
  });
}

export async function isAnybodyThere(tx: Tx): Promise<boolean> {
  return (await tx.select({ id: users.id }).from(users).limit(1)).length > 0;
}

/** The oldest first; one more than `limit`, so that the caller sees whether there is a next page. */
export function listUsers(
  tx: Tx,
  limit: number,
  after: readonly [createdAt: string, id: string] | undefined,
): Promise<User[]> {
  const beyond =
    after &&
    or(
      gt(users.created_at, new Date(after[0])),
      and(eq(users.created_at, new Date(after[0])), gt(users.id, after[1])),
    );
  return tx
    .select()
    .from(users)
    .where(beyond)
    .orderBy(asc(users.created_at), asc(users.id))
    .limit(limit + 1);
}

/** @throws AppError `not_found` */
export async function getUser(tx: Tx, id: string): Promise<User> {
  const [user] = await tx.select().from(users).where(eq(users.id, id));
  if (!user) throw new AppError('not_found', 'there is no such user.');
  return user;
}

/** @throws AppError `not_found` */
export async function getUserByEmail(tx: Tx, email: string): Promise<User> {
  const [user] = await tx
    .select()
    .from(users)
    .where(eq(users.email, normalEmail(email)));
  if (!user) throw new AppError('not_found', `there is no user ${normalEmail(email)}.`);
  return user;
}

/** @throws AppError `not_found` */
export async function updateUser(
  tx: Tx,
  id: string,
  values: { name?: string | undefined; timezone?: string | undefined },
): Promise<User> {
  const [user] = await tx
    .update(users)
    .set({ ...values, updated_at: sql`now()` })
    .where(eq(users.id, id))
    .returning();
  if (!user) throw new AppError('not_found', 'there is no such user.');
  return user;
}
