import { sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Module } from '../../platform/module.ts';
import { chatOperations } from './operations.ts';
import { RunStreams } from './stream.ts';
import { type TurnDeps, turn } from './turn.ts';

const turnPayload = z.object({ run_id: z.uuid(), timezone: z.string() });

/** Conversations and the turns that answer them. */
export function chat(deps: Omit<TurnDeps, 'streams'>) {
  const streams = new RunStreams();
  return {
    name: 'chat',
    operations: chatOperations(streams),
    jobs: {
      'chat.turn': async (payload, ctx) => {
        const { run_id, timezone } = turnPayload.parse(payload);
        await turn({ ...deps, streams }, run_id, timezone, ctx);
      },
      'chat.sweep': async (_payload, ctx) => {
        await ctx.db.asService('sweep chunks of ended runs', (tx) =>
          tx.execute(sql`
            delete from run_chunks c using runs r
            where r.user_id = c.user_id and r.id = c.run_id and r.finished_at < now() - interval '10 minutes'`),
        );
      },
    },
    cron: [{ schedule: '17 * * * *', job: 'chat.sweep' }],
  } satisfies Module;
}
