/** Rows of tasks, goals and problems: made, found, changed, archived and removed alike. */
import { and, desc, eq, inArray, lt, ne, type SQL, sql } from 'drizzle-orm';
import type { PgUpdateSetSource } from 'drizzle-orm/pg-core';
import type { Tx } from '../../platform/database/index.ts';
import { AppError } from '../../platform/errors.ts';
import type { OperationContext } from '../../platform/operations/index.ts';
import { type Goal, type goals, type problems, type Rows, TABLES, type tasks } from './schema.ts';
import { changeStatus, type EntityType, restored, statusEvent } from './statuses.ts';
import { normaliseTitle } from './title.ts';

export type NewRows = {
  task: Omit<typeof tasks.$inferInsert, 'user_id' | 'title_norm'>;
  goal: Omit<typeof goals.$inferInsert, 'user_id' | 'title_norm'>;
  problem: Omit<typeof problems.$inferInsert, 'user_id' | 'title_norm'>;
};

/** What a PATCH may set: absent is unchanged, null clears. `status` goes by the table of transitions. */
export type Changes<T extends EntityType> = { [K in keyof Rows[T]]?: Rows[T][K] | undefined };

/**
 * The three tables have the columns that are used here in common, which TypeScript cannot see through a variable
 * table; the goals' type stands for all of them.
 */
const tableOf = (type: EntityType): typeof goals => TABLES[type] as unknown as typeof goals;

function rowsAs<T extends EntityType>(rows: readonly Goal[]): Rows[T][] {
  return rows as unknown as Rows[T][];
}

export async function insertRows<T extends EntityType>(
  ctx: OperationContext,
  type: T,
  values: readonly NewRows[T][],
): Promise<Rows[T][]> {
  if (values.length === 0) return [];
  const made = await ctx.tx
    .insert(tableOf(type))
    .values(
      values.map((row) => ({
        created_at: ctx.now,
        updated_at: ctx.now,
        ...(row as NewRows['goal']),
        user_id: ctx.userId,
        title_norm: normaliseTitle(row.title),
      })),
    )
    .returning();
  for (const row of made) ctx.event(`${type}.created`, { type, id: row.id }, { title: row.title });
  return rowsAs<T>(made);
}

/** @throws AppError `not_found` */
export async function getRow<T extends EntityType>(
  tx: Tx,
  userId: string,
  type: T,
  id: string,
): Promise<Rows[T]> {
  return theOne(type, await selectRow(tx, userId, type, id));
}

/** A row that is to be changed: what it becomes depends on what it is, so nobody else changes it meanwhile. */
export async function lockRow<T extends EntityType>(
  tx: Tx,
  userId: string,
  type: T,
  id: string,
): Promise<Rows[T]> {
  return theOne(type, await selectRow(tx, userId, type, id).for('update'));
}

function selectRow(tx: Tx, userId: string, type: EntityType, id: string) {
  const table = tableOf(type);
  return tx
    .select()
    .from(table)
    .where(and(eq(table.user_id, userId), eq(table.id, id)));
}

function theOne<T extends EntityType>(type: T, [row]: readonly Goal[]): Rows[T] {
  if (!row) throw new AppError('not_found', `there is no ${type} with this id.`);
  return rowsAs<T>([row])[0]!;
}

/**
 * Those with these titles, by exact title_norm, to be changed; archived tasks are another matter than new ones,
 * hence left out.
 */
export async function findByTitles<T extends EntityType>(
  tx: Tx,
  userId: string,
  type: T,
  norms: readonly string[],
): Promise<Rows[T][]> {
  if (norms.length === 0) return [];
  const table = tableOf(type);
  const found = await tx
    .select()
    .from(table)
    .where(
      and(
        eq(table.user_id, userId),
        inArray(table.title_norm, [...norms]),
        type === 'task' ? ne(table.status, 'archived') : undefined,
      ),
    )
    .orderBy(table.id)
    .for('update');
  return rowsAs<T>(found);
}

/**
 * Makes the changes that differ from what is there, with their event; when none does, nothing happens.
 *
 * @throws AppError `conflict` when the status cannot become that
 */
export async function changeRow<T extends EntityType>(
  ctx: OperationContext,
  type: T,
  row: Rows[T],
  changes: Changes<T>,
): Promise<Rows[T]> {
  const before = row as Record<string, unknown>;
  const wanted: Record<string, unknown> = { ...changes };
  if (changes.status !== undefined) Object.assign(wanted, changeStatus(type, row, changes.status, ctx.now));
  return write(ctx, type, row, before, wanted);
}

/** Brings an archived row back; one that is not archived stays as it is. */
export async function restoreRow<T extends EntityType>(
  ctx: OperationContext,
  type: T,
  row: Rows[T],
): Promise<Rows[T]> {
  if (row.status !== 'archived') return row;
  return write(ctx, type, row, row as Record<string, unknown>, { ...restored(type, row) });
}

async function write<T extends EntityType>(
  ctx: OperationContext,
  type: T,
  row: Rows[T],
  before: Readonly<Record<string, unknown>>,
  wanted: Readonly<Record<string, unknown>>,
): Promise<Rows[T]> {
  const set = Object.fromEntries(
    Object.entries(wanted).filter(([name, value]) => value !== undefined && !same(before[name], value)),
  );
  const changed = Object.keys(set);
  if (changed.length === 0) return row;
  if (typeof set.title === 'string') set.title_norm = normaliseTitle(set.title);
  const table = tableOf(type);
  const [after] = await ctx.tx
    .update(table)
    .set({ ...set, updated_at: ctx.now } as PgUpdateSetSource<typeof goals>)
    .where(and(eq(table.user_id, ctx.userId), eq(table.id, row.id)))
    .returning();
  if (!after) throw new AppError('not_found', `there is no ${type} with this id.`);
  const told =
    set.status !== undefined
      ? statusEvent(type, row.status, after.status)
      : changed.length === 1 && changed[0] === 'snoozed_until'
        ? 'task.snoozed'
        : `${type}.updated`;
  ctx.event(told, { type, id: row.id }, { title: after.title, changed });
  return rowsAs<T>([after])[0]!;
}

function same(a: unknown, b: unknown): boolean {
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime();
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => item === b[index]);
  return a === b;
}

/** Removes it for good, with its links. @throws AppError `not_found` */
export async function deleteRow(ctx: OperationContext, type: EntityType, id: string): Promise<void> {
  const table = tableOf(type);
  const [gone] = await ctx.tx
    .delete(table)
    .where(and(eq(table.user_id, ctx.userId), eq(table.id, id)))
    .returning({ title: table.title });
  if (!gone) throw new AppError('not_found', `there is no ${type} with this id.`);
  ctx.event(`${type}.deleted`, { type, id }, { title: gone.title });
}

export interface ListFilter {
  /** Any of these. */
  readonly status?: string | readonly string[] | undefined;
  readonly q?: string | undefined;
  /** Of tasks. */
  readonly goal_id?: string | undefined;
  readonly tag?: string | undefined;
  /** YYYY-MM-DD, itself not included. */
  readonly due_before?: string | undefined;
  /** `created`, the newest first, or of tasks `due`, the soonest first and those without a date last. */
  readonly sort?: 'created' | 'due' | undefined;
  readonly limit: number;
}

/** Where a page of a list ended. Ids are in the order of creation. */
export type ListCursor = readonly [due: string | null, id: string];

/** One more than `limit`, so that the caller sees whether there is a next page. */
export async function listRows<T extends EntityType>(
  tx: Tx,
  userId: string,
  type: T,
  filter: ListFilter,
  after: ListCursor | undefined,
): Promise<Rows[T][]> {
  const table = tableOf(type);
  const byDue = type === 'task' && filter.sort === 'due';
  const found = await tx
    .select()
    .from(table)
    .where(
      and(
        eq(table.user_id, userId),
        filter.status === undefined
          ? undefined
          : sql`status = any(${sql.param([filter.status].flat())}::text[])`,
        filter.tag === undefined ? undefined : sql`tags @> array[${filter.tag}]::text[]`,
        filter.due_before === undefined ? undefined : sql`due_date < ${filter.due_before}::date`,
        filter.goal_id === undefined ? undefined : linkedToGoal(userId, filter.goal_id),
        filter.q === undefined ? undefined : holdsWords(type, filter.q),
        after && (byDue ? beyondDue(after) : lt(table.id, after[1])),
      ),
    )
    .orderBy(...(byDue ? [sql`due_date asc nulls last`, desc(table.id)] : [desc(table.id)]))
    .limit(filter.limit + 1);
  return rowsAs<T>(found);
}

function beyondDue([due, id]: ListCursor): SQL {
  return due === null
    ? sql`(due_date is null and id < ${id}::uuid)`
    : sql`(due_date > ${due}::date or due_date is null or (due_date = ${due}::date and id < ${id}::uuid))`;
}

function linkedToGoal(userId: string, goalId: string): SQL {
  return sql`tasks.id in (
    select from_entity_id from entity_links where user_id = ${userId} and from_entity_type = 'task'
      and to_entity_type = 'goal' and to_entity_id = ${goalId}::uuid
    union all
    select to_entity_id from entity_links where user_id = ${userId} and to_entity_type = 'task'
      and from_entity_type = 'goal' and from_entity_id = ${goalId}::uuid)`;
}

/**
 * Every word is in the title or the text beneath it. A server with the C locale lowers ASCII alone, so that a word is
 * also looked for as it begins a sentence and as it is shouted.
 */
function holdsWords(type: EntityType, q: string): SQL | undefined {
  const body = type === 'task' ? sql`notes` : sql`description`;
  const words = normaliseTitle(q)
    .split(' ')
    .filter((word) => word !== '');
  const holding = (text: string) => `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`;
  const each = words.map((word) => {
    const written = [capitalised(word), word.toUpperCase()].map((form) => sql`${body} like ${holding(form)}`);
    const found = [
      sql`title_norm like ${holding(word)}`,
      sql`lower(${body}) like ${holding(word)}`,
      ...written,
    ];
    return sql`(${sql.join(found, sql` or `)})`;
  });
  return and(...each);
}

const capitalised = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
