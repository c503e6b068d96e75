import type { Module } from '../../platform/module.ts';
import { jobs } from './jobs.ts';
import { operations } from './operations.ts';

export { contextForChat } from './context.ts';
export { recentItems, surface } from './service.ts';

/** Facts, summaries, what was last on the table, and what a model is told of it. */
export const memory = {
  name: 'memory',
  operations,
  jobs,
  cron: [
    { schedule: '*/10 * * * *', job: 'memory.sweep' },
    { schedule: '40 * * * *', job: 'memory.roll_up' },
  ],
} satisfies Module;
