import { sql } from 'drizzle-orm';
import { Temporal } from 'temporal-polyfill';
import type { Tx } from '../../platform/database/index.ts';
import type { OperationContext } from '../../platform/operations/index.ts';
import { makePlan, type Plan, type PlanTask } from './plan.ts';

export interface TodaysPlan extends Plan {
  readonly generated_at: Date;
}

/** @returns the date in `timezone` at that moment, YYYY-MM-DD */
export function dateIn(timezone: string, at: Date): string {
  return Temporal.Instant.fromEpochMilliseconds(at.getTime())
    .toZonedDateTimeISO(timezone)
    .toPlainDate()
    .toString();
}

/** The plan as it is now. @param timezone IANA name */
export async function planToday(tx: Tx, userId: string, now: Date, timezone: string): Promise<TodaysPlan> {
  const today = dateIn(timezone, now);
  const rows = await readUnfinished(tx, userId, today);
  const tasks = rows.map(({ updated_at, ...row }): PlanTask => {
    const touched = new Date(updated_at);
    return { ...row, updated_at: touched, updated_on: dateIn(timezone, touched) };
  });
  return { generated_at: now, ...makePlan(tasks, today) };
}

/** Makes the plan anew and says so. */
export async function refreshPlan(ctx: OperationContext, timezone: string): Promise<TodaysPlan> {
  const plan = await planToday(ctx.tx, ctx.userId, ctx.now, timezone);
  const { today, next, blocked } = plan;
  ctx.event(
    'plan.refreshed',
    { type: 'plan', id: dateIn(timezone, ctx.now) },
    {
      today: today.length,
      next: next.length,
      blocked: blocked.length,
    },
  );
  return plan;
}

type PlanRow = Omit<PlanTask, 'updated_at' | 'updated_on'> & { updated_at: string };

/**
 * Unfinished tasks that are not snoozed, each with its active goals and with what it waits for. One statement: it
 * reads the user's unfinished tasks (tasks_user_status_due) and links (by user), and joins them once.
 */
async function readUnfinished(tx: Tx, userId: string, today: string): Promise<PlanRow[]> {
  const { rows } = await tx.execute<PlanRow & Record<string, unknown>>(sql`
    with unfinished as (
      select 'task' as entity_type, id, title from tasks where user_id = ${userId} and status in ('open', 'blocked')
      union all
      select 'goal', id, title from goals where user_id = ${userId} and status in ('active', 'paused')
      union all
      select 'problem', id, title from problems where user_id = ${userId} and status in ('active', 'monitoring')
    ),
    waits as (
      select from_entity_id as task_id, to_entity_type as entity_type, to_entity_id as id, 'depends_on' as how
      from entity_links where user_id = ${userId} and link_type = 'depends_on' and from_entity_type = 'task'
      union
      select to_entity_id, from_entity_type, from_entity_id, 'blocks'
      from entity_links where user_id = ${userId} and link_type = 'blocks' and to_entity_type = 'task'
    ),
    blockers as (
      select task_id, jsonb_agg(jsonb_build_object('title', u.title, 'how', w.how) order by u.title, u.id) as list
      from waits w join unfinished u on u.entity_type = w.entity_type and u.id = w.id group by task_id
    ),
    goal_links as (
      select from_entity_id as task_id, to_entity_id as goal_id from entity_links
      where user_id = ${userId} and from_entity_type = 'task' and to_entity_type = 'goal'
      union
      select to_entity_id, from_entity_id from entity_links
      where user_id = ${userId} and from_entity_type = 'goal' and to_entity_type = 'task'
    ),
    task_goals as (
      select task_id, jsonb_agg(g.title order by g.title, g.id) as titles
      from goal_links l join goals g on g.user_id = ${userId} and g.id = l.goal_id and g.status = 'active' group by task_id
    )
    select t.id, t.title, t.status, t.priority, t.impact_score, t.due_date::text as due_date,
      t.updated_at::text as updated_at,
      coalesce(g.titles, '[]') as goals, coalesce(b.list, '[]') as blockers
    from tasks t
    left join blockers b on b.task_id = t.id
    left join task_goals g on g.task_id = t.id
    where t.user_id = ${userId} and t.status in ('open', 'blocked')
      and (t.snoozed_until is null or t.snoozed_until <= ${today}::date)`);
  return rows;
}
