import { sql } from 'drizzle-orm';
import { Temporal } from 'temporal-polyfill';
import { z } from 'zod';
import type { Database } from '../../platform/database/index.ts';
import type { JobContext, JobHandler } from '../../platform/jobs/index.ts';
import { compactInbox, endInactiveSessions, REMOVABLE, sessionById } from '../planner/index.ts';
import * as service from './service.ts';
import { factsOf, tell, word } from './summarise.ts';

/** Minutes without a message after which a session has ended. */
const INACTIVE_MIN = 30;
/** Days after which inbox rows that no task refers to are removed. */
const KEPT_DAYS = 30;

const sessionPayload = z.object({ session_id: z.uuid() });
const rollUpPayload = z.object({ timezone: z.string() });

/** Work that comes again is found for all users at once and left to a job for each. */
async function enqueueFor(
  db: Database,
  reason: string,
  job: string,
  users: ReturnType<typeof sql>,
): Promise<void> {
  await db.asService(reason, (tx) =>
    tx.execute(sql`
      select steward.add_job(${job}, u.payload || jsonb_build_object('user_id', u.user_id), null, null, ${job} || ':' || u.user_id)
      from (${users}) as u`),
  );
}

export const jobs = {
  /** A session has ended: what happened in it is told once, however often this runs. */
  'memory.session_ended': async (payload, ctx) => {
    const { session_id } = sessionPayload.parse(payload);
    const begun = await ctx.transaction(async ({ tx }) => {
      if (await service.hasSummary(tx, ctx.userId, { summary_type: 'session', session_id })) return undefined;
      const session = await sessionById(tx, ctx.userId, session_id);
      if (!session) return undefined;
      const until = session.ended_at ?? ctx.now;
      return { session, events: await service.eventsBetween(tx, ctx.userId, session.started_at, until) };
    });
    if (!begun) return;
    const { session, events } = begun;
    await summarise(ctx, events, {
      chat_id: session.chat_id,
      session_id,
      summary_type: 'session',
      period_start: session.started_at.toISOString().slice(0, 10),
    });
  },

  'memory.sweep': async (_payload, ctx) => {
    await enqueueFor(
      ctx.db,
      'find sessions that have ended',
      'memory.end_sessions',
      sql`select distinct user_id, '{}'::jsonb as payload from chat_sessions
          where ended_at is null and last_activity_at < now() - make_interval(mins => ${INACTIVE_MIN})`,
    );
  },

  'memory.end_sessions': async (_payload, ctx) => {
    await ctx.transaction(async (inner) => {
      const before = new Date(ctx.now.getTime() - INACTIVE_MIN * 60_000);
      for (const session of await endInactiveSessions(inner, before)) {
        inner.enqueue('memory.session_ended', { session_id: session.id });
      }
      await service.deleteExpired(inner.tx, ctx.now);
    });
  },

  'memory.roll_up': async (_payload, ctx) => {
    await enqueueFor(
      ctx.db,
      'find users whose day has ended',
      'memory.roll_up_user',
      sql`select u.id as user_id, jsonb_build_object('timezone', u.timezone) as payload from users u
          where exists (select from event_log e where e.user_id = u.id and e.created_at > now() - interval '9 days')
            and not exists (select from memory_summaries s where s.user_id = u.id and s.summary_type = 'daily'
                            and s.period_start = (now() at time zone u.timezone)::date - 1)
            or exists (select from inbox_items i where i.user_id = u.id
                       and i.received_at < now() - make_interval(days => ${KEPT_DAYS}) and ${REMOVABLE})`,
    );
  },

  /** Yesterday and, once it is over, last week; then what is older than its time is removed. */
  'memory.roll_up_user': async (payload, ctx) => {
    const { timezone } = rollUpPayload.parse(payload);
    const today = Temporal.Instant.from(ctx.now.toISOString()).toZonedDateTimeISO(timezone).toPlainDate();
    await summarisePeriod(ctx, 'daily', today.subtract({ days: 1 }), today, timezone);
    const monday = today.subtract({ days: today.dayOfWeek - 1 });
    await summarisePeriod(ctx, 'weekly', monday.subtract({ days: 7 }), monday, timezone);
    await ctx.transaction(async (inner) => {
      const removed = await compactInbox(inner, new Date(ctx.now.getTime() - KEPT_DAYS * 24 * 60 * 60_000));
      if (removed > 0) inner.event('inbox.compacted', undefined, { removed });
    });
  },
} satisfies Record<string, JobHandler>;

async function summarisePeriod(
  ctx: JobContext,
  type: 'daily' | 'weekly',
  from: Temporal.PlainDate,
  to: Temporal.PlainDate,
  timezone: string,
): Promise<void> {
  const period_start = from.toString();
  const instant = (date: Temporal.PlainDate): Date =>
    new Date(date.toZonedDateTime({ timeZone: timezone }).epochMilliseconds);
  const events = await ctx.transaction(async ({ tx }) =>
    (await service.hasSummary(tx, ctx.userId, { summary_type: type, period_start }))
      ? undefined
      : service.eventsBetween(tx, ctx.userId, instant(from), instant(to)),
  );
  if (events)
    await summarise(ctx, events, { chat_id: '*', session_id: null, summary_type: type, period_start });
}

/** A period in which nothing happened has no summary. */
async function summarise(
  ctx: JobContext,
  events: Awaited<ReturnType<typeof service.eventsBetween>>,
  about: Pick<service.Summary, 'chat_id' | 'session_id' | 'summary_type' | 'period_start'>,
): Promise<void> {
  const facts = factsOf(events);
  const plain = tell(facts);
  if (plain === '') return;
  const text = await word(ctx, `memory.${about.summary_type}_summary`, plain);
  await ctx.transaction((inner) =>
    service.saveSummary(inner, {
      ...about,
      summary_text: text,
      facts_json: facts,
      source_event_ids: events.map(({ id }) => id),
    }),
  );
}
