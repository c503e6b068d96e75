import { z } from 'zod';
import type { Module } from '../../platform/module.ts';
import { chatOperations } from './operations.ts';
import { sweepChunks } from './service.ts';
import { RunStreams } from './stream.ts';
import { giveTitle } from './title.ts';
import { type TurnDeps, turn } from './turn.ts';

export { offered } from './tools.ts';

const turnPayload = z.object({ run_id: z.uuid(), timezone: z.string() });
const titlePayload = z.object({ conversation_id: z.uuid() });

/** Conversations and the turns that answer them. */
export function chat(needs: Omit<TurnDeps, 'streams'>) {
  const deps = { ...needs, streams: new RunStreams() };
  return {
    name: 'chat',
    operations: chatOperations(deps.streams),
    jobs: {
      'chat.turn': async (payload, ctx) => {
        const { run_id, timezone } = turnPayload.parse(payload);
        await turn(deps, run_id, timezone, ctx);
      },
      'chat.title': async (payload, ctx) => {
        await giveTitle(deps, titlePayload.parse(payload).conversation_id, ctx);
      },
      'chat.sweep': async (_payload, ctx) => {
        await ctx.db.asService('sweep chunks of ended runs', sweepChunks);
      },
    },
    cron: [{ schedule: '17 * * * *', job: 'chat.sweep' }],
  } satisfies Module;
}
