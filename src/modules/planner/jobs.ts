import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { PRESENCE_LOCK } from '../../platform/database/session.ts';
import { AppError } from '../../platform/errors.ts';
import type { JobHandler } from '../../platform/jobs/index.ts';
import { log } from '../../platform/log.ts';
import { type CaptureDeps, captureAgain } from './capture.ts';
import { refreshPlan } from './plan-service.ts';

/** Seconds after which a message that is still `received` is looked at. */
const UNFINISHED_S = 30;

const refreshPayload = z.object({ timezone: z.string() });
const capturePayload = z.object({ inbox_item_id: z.uuid(), timezone: z.string() });

export function plannerJobs(deps: CaptureDeps) {
  return {
    'planner.refresh_plan': async (payload, ctx) => {
      const { timezone } = refreshPayload.parse(payload);
      await ctx.transaction((inner) => refreshPlan(inner, timezone));
    },

    /** Finds the messages whose process died over them, for all users, and leaves each to a job. */
    'planner.resume': async (_payload, ctx) => {
      await ctx.db.asService('find messages that were left unfinished', (tx) =>
        tx.execute(sql`
          select steward.add_job('planner.capture',
            jsonb_build_object('user_id', i.user_id, 'inbox_item_id', i.id, 'timezone', u.timezone), null, null, 'planner.capture:' || i.id)
          from inbox_items i join users u on u.id = i.user_id
          where i.status = 'received' and i.received_at < now() - make_interval(secs => ${UNFINISHED_S})
            and (i.owner is null or pg_try_advisory_xact_lock_shared(${PRESENCE_LOCK}, i.owner))`),
      );
    },

    /** Takes up one of them. What a model or a person must mend is in the inbox then; trying again would not help. */
    'planner.capture': async (payload, ctx) => {
      const { inbox_item_id, timezone } = capturePayload.parse(payload);
      try {
        await captureAgain(deps, ctx, inbox_item_id, timezone);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        log.info(
          { inbox_item_id, code: error.code, request_id: ctx.requestId },
          'a message could not be sorted',
        );
      }
    },
  } satisfies Record<string, JobHandler>;
}
