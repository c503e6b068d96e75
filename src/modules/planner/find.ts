/** Tasks, goals and problems looked for together: by words, by links, by status and date. */
import { type SQL, sql } from 'drizzle-orm';
import type { Tx } from '../../platform/database/index.ts';

export interface FoundEntity extends Record<string, unknown> {
  readonly entity_type: 'task' | 'goal' | 'problem';
  readonly id: string;
  readonly title: string;
  readonly status: string;
  /** A task's due date, a goal's target date. */
  readonly due_date: string | null;
}

type EntityType = FoundEntity['entity_type'];

/** Statuses in which something still asks for attention. */
export const UNFINISHED: Readonly<Record<EntityType, readonly string[]>> = {
  task: ['open', 'blocked'],
  goal: ['active', 'paused'],
  problem: ['active', 'monitoring'],
};

/** The newest rows of each kind that are considered; a user's older ones are found by their words. */
const NEWEST = 200;

/** One kind's rows in the common shape. @param where further conditions on its table */
function rowsOf(type: EntityType, userId: string, statuses: readonly string[], where: SQL): SQL {
  const table = { task: sql`tasks`, goal: sql`goals`, problem: sql`problems` }[type];
  const date = { task: sql`due_date`, goal: sql`target_date`, problem: sql`null::date` }[type];
  return sql`(select ${sql.raw(`'${type}'`)} as entity_type, id, title, title_norm, status, ${date} as due_date, updated_at
    from ${table} where user_id = ${userId} and status = any(${sql.param([...statuses])}::text[]) ${where}
    order by updated_at desc limit ${NEWEST})`;
}

/** A condition that holds when the title has one of the words, or, with `all`, each of them. */
function hasWords(words: readonly string[], all: boolean): SQL {
  if (words.length === 0) return sql`true`;
  // Words are letters and digits alone: nothing in them means anything to LIKE.
  const conditions = words.map((word) => sql`title_norm like ${`%${word}%`}`);
  return sql.join(conditions, all ? sql` and ` : sql` or `);
}

/**
 * What a message is about: first what its words name, then what is linked to that, then what was touched last.
 *
 * @param words letters and digits, lower case
 */
export async function nearestEntities(
  tx: Tx,
  userId: string,
  words: readonly string[],
  limit: number,
): Promise<FoundEntity[]> {
  const kinds = (['task', 'goal', 'problem'] as const).map((type) =>
    rowsOf(type, userId, UNFINISHED[type], sql``),
  );
  const named = words.length === 0 ? sql`false` : hasWords(words, false);
  const { rows } = await tx.execute<FoundEntity>(sql`
    with candidates as materialized (${sql.join(kinds, sql` union all `)}),
    named as (select entity_type, id from candidates where ${named}),
    linked as (
      select l.to_entity_type as entity_type, l.to_entity_id as id from entity_links l
      join named n on n.entity_type = l.from_entity_type and n.id = l.from_entity_id where l.user_id = ${userId}
      union
      select l.from_entity_type, l.from_entity_id from entity_links l
      join named n on n.entity_type = l.to_entity_type and n.id = l.to_entity_id where l.user_id = ${userId}
    )
    select entity_type, id, title, status, due_date::text as due_date from candidates c
    order by case when (entity_type, id) in (select entity_type, id from named) then 0
                  when (entity_type, id) in (select entity_type, id from linked) then 1 else 2 end,
             updated_at desc, id
    limit ${limit}`);
  return rows;
}

export interface EntityFilter {
  readonly types: readonly EntityType[];
  /** By kind; those still unfinished unless told. */
  readonly statuses?: Readonly<Partial<Record<EntityType, readonly string[]>>>;
  /** The title holds each of these. */
  readonly words?: readonly string[];
  /** YYYY-MM-DD, both included. */
  readonly dueFrom?: string;
  readonly dueTo?: string;
  readonly limit: number;
}

/** The soonest due first, then the last touched. */
export async function searchEntities(tx: Tx, userId: string, filter: EntityFilter): Promise<FoundEntity[]> {
  const words = hasWords(filter.words ?? [], true);
  const kinds = filter.types.map((type) =>
    rowsOf(type, userId, filter.statuses?.[type] ?? UNFINISHED[type], sql`and (${words})`),
  );
  const due = [
    ...(filter.dueFrom === undefined ? [] : [sql`due_date >= ${filter.dueFrom}::date`]),
    ...(filter.dueTo === undefined ? [] : [sql`due_date <= ${filter.dueTo}::date`]),
  ];
  const { rows } = await tx.execute<FoundEntity>(sql`
    select entity_type, id, title, status, due_date::text as due_date from (${sql.join(kinds, sql` union all `)}) as e
    where ${due.length === 0 ? sql`true` : sql.join(due, sql` and `)}
    order by due_date asc nulls last, updated_at desc, id limit ${filter.limit}`);
  return rows;
}

/** Those that still exist, in the order asked for. */
export async function entitiesByIds(
  tx: Tx,
  userId: string,
  refs: readonly { readonly entity_type: EntityType; readonly entity_id: string }[],
): Promise<FoundEntity[]> {
  if (refs.length === 0) return [];
  const ids = sql`${sql.param(refs.map((ref) => ref.entity_id))}::uuid[]`;
  const { rows } = await tx.execute<FoundEntity>(sql`
    select * from (
      select 'task' as entity_type, id, title, status, due_date::text as due_date from tasks where user_id = ${userId} and id = any(${ids})
      union all
      select 'goal', id, title, status, target_date::text from goals where user_id = ${userId} and id = any(${ids})
      union all
      select 'problem', id, title, status, null from problems where user_id = ${userId} and id = any(${ids})
    ) as e order by array_position(${ids}, id)`);
  return rows;
}

/** What stands in the way of these: what they wait for, what blocks them, and the problems linked to them. */
export async function obstaclesTo(tx: Tx, userId: string, ids: readonly string[]): Promise<FoundEntity[]> {
  if (ids.length === 0) return [];
  const subject = sql`${sql.param([...ids])}::uuid[]`;
  const { rows } = await tx.execute<{ entity_type: EntityType; entity_id: string }>(sql`
    with subjects as (
      select unnest(${subject}) as id
      union
      select from_entity_id from entity_links
      where user_id = ${userId} and link_type = 'supports_goal' and to_entity_id = any(${subject})
    )
    select to_entity_type as entity_type, to_entity_id as entity_id from entity_links
    where user_id = ${userId} and from_entity_id in (select id from subjects)
      and (link_type = 'depends_on' or (link_type in ('related', 'addresses_problem') and to_entity_type = 'problem'))
    union
    select from_entity_type, from_entity_id from entity_links
    where user_id = ${userId} and to_entity_id in (select id from subjects)
      and (link_type = 'blocks' or (link_type = 'related' and from_entity_type = 'problem'))`);
  const found = await entitiesByIds(tx, userId, rows);
  return found.filter((entity) => UNFINISHED[entity.entity_type].includes(entity.status));
}
