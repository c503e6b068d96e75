import type { Module } from '../../platform/module.ts';
import type { CaptureDeps } from './capture.ts';
import { plannerJobs } from './jobs.ts';
import { plannerOperations } from './operations.ts';

export type { CaptureDeps } from './capture.ts';
export {
  entitiesByIds,
  type FoundEntity,
  nearestEntities,
  obstaclesTo,
  searchEntities,
} from './find.ts';
export { compactInbox, REMOVABLE, recentMessages } from './inbox.ts';
export { planToday } from './plan-service.ts';
export { endInactiveSessions, sessionById } from './sessions.ts';

/** Tasks, goals, problems and their links, what is captured into them, and the plan for today. */
export function planner(deps: CaptureDeps) {
  return {
    name: 'planner',
    operations: plannerOperations(deps),
    jobs: plannerJobs(deps),
    cron: [{ schedule: '* * * * *', job: 'planner.resume' }],
  } satisfies Module;
}
