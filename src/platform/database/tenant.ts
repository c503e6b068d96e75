import { timestamp, uuid } from 'drizzle-orm/pg-core';
import { newId } from '../ids.ts';

/** The columns that every tenant table begins with; the migration's `steward.tenant_table` adds the policies. */
export const id = () => uuid('id').primaryKey().$defaultFn(newId);
export const userId = () => uuid('user_id').notNull();

/** A point in time: `timestamptz`, UTC. */
export const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });
// Made here and not by the database, whose microseconds a Date and so a cursor would lose: pages would skip rows.
export const createdAt = () =>
  instant('created_at')
    .notNull()
    .$defaultFn(() => new Date());
export const updatedAt = () =>
  instant('updated_at')
    .notNull()
    .$defaultFn(() => new Date());
