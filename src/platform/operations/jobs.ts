import { and, desc, eq, isNull, lt, or, sql } from 'drizzle-orm';
import { z } from 'zod';
import { deadJobs } from '../database/schema.ts';
import { AppError } from '../errors.ts';
import { operation } from './operation.ts';
import { decodeCursor, pageInput, pageOutput, toPage } from './page.ts';

const deadJob = z.object({
  id: z.uuid(),
  task: z.string(),
  payload: z.record(z.string(), z.unknown()),
  attempts: z.number().int(),
  last_error: z.string(),
  failed_at: z.date(),
  retried_at: z.date().nullable(),
});

/** The dead letters: work that was given up after its last attempt. */
export const jobs = {
  dead: operation({
    name: 'jobs.dead',
    summary: 'Jobs that gave up, newest first',
    http: { method: 'GET', path: '/v1/jobs/dead' },
    effect: 'read',
    input: pageInput,
    output: pageOutput(deadJob),
    handler: async (ctx, input) => {
      const after = decodeCursor(input.cursor, z.tuple([z.iso.datetime(), z.uuid()]));
      const rows = await ctx.tx
        .select()
        .from(deadJobs)
        .where(
          and(
            eq(deadJobs.user_id, ctx.userId),
            isNull(deadJobs.retried_at),
            after &&
              or(
                lt(deadJobs.failed_at, new Date(after[0])),
                and(eq(deadJobs.failed_at, new Date(after[0])), lt(deadJobs.id, after[1])),
              ),
          ),
        )
        .orderBy(desc(deadJobs.failed_at), desc(deadJobs.id))
        .limit(input.limit + 1);
      return toPage(rows, input.limit, (row) => [row.failed_at.toISOString(), row.id]);
    },
  }),
  retry: operation({
    name: 'jobs.retry',
    summary: 'Try a job again that gave up',
    http: { method: 'POST', path: '/v1/jobs/dead/{id}/retry' },
    effect: 'write',
    input: z.object({ id: z.uuid() }),
    output: deadJob,
    handler: async (ctx, { id }) => {
      const [job] = await ctx.tx
        .update(deadJobs)
        .set({ retried_at: sql`now()` })
        .where(and(eq(deadJobs.id, id), eq(deadJobs.user_id, ctx.userId), isNull(deadJobs.retried_at)))
        .returning();
      if (!job) throw new AppError('not_found', 'there is no such job, or it was retried already.');
      ctx.enqueue(job.task, job.payload);
      ctx.event('job.retried', { type: 'job', id });
      return job;
    },
  }),
};
