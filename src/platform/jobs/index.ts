/**
 * Work for later. graphile-worker hands each job to exactly one worker; what a job changes goes through the same
 * transaction as an operation's. A job that fails is tried again after the waits of BACKOFF_S; after the last it is
 * kept in dead_jobs, where a person can see why and try it again.
 */

import { EventEmitter } from 'node:events';
import { sql } from 'drizzle-orm';
import {
  Logger as GraphileLogger,
  parseCronItems,
  type Runner,
  run as startWorkers,
  type TaskList,
  type WorkerEvents,
} from 'graphile-worker';
import type { Clock } from '../clock.ts';
import type { Database } from '../database/index.ts';
import { deadJobs } from '../database/schema.ts';
import { newId } from '../ids.ts';
import { errorMessage, log } from '../log.ts';
import type { Module } from '../module.ts';
import { type Actor, inTransaction, type OperationContext } from '../operations/index.ts';
import { watchPeers } from './liveness.ts';

/** Seconds before each further attempt. */
const BACKOFF_S = [2, 5, 15, 45, 120] as const;
const ATTEMPTS = BACKOFF_S.length;

export interface JobContext {
  readonly userId: string;
  readonly actor: Actor;
  readonly requestId: string;
  readonly now: Date;
  readonly db: Database;
  /** Aborted when this process is asked to stop: save what is done and return or throw; the job is run again. */
  readonly signal: AbortSignal;
  transaction<T>(fn: (ctx: OperationContext) => Promise<T>): Promise<T>;
}

export type JobHandler = (payload: Record<string, unknown>, ctx: JobContext) => Promise<void>;

export interface Workers {
  stop(): Promise<void>;
}

interface Payload extends Record<string, unknown> {
  user_id?: string;
  request_id?: string;
  attempt?: number;
}

/** @param options.concurrency jobs at a time in this process */
export async function startJobs(options: {
  db: Database;
  clock: Clock;
  modules: readonly Module[];
  concurrency: number;
  /** Milliseconds between looks for jobs that no notification announced. */
  pollInterval?: number;
}): Promise<Workers> {
  const { db, clock, modules } = options;
  const stopping = new AbortController();
  const tasks: TaskList = {};
  for (const module of modules) {
    for (const [name, handler] of Object.entries(module.jobs ?? {})) {
      tasks[name] = async (payload, { job }) =>
        runJob({ db, clock, signal: stopping.signal }, name, handler, payload as Payload, {
          // Tried again under one key: a process that dies in between leaves one job, not two. The owner before
          // the colon is put there by steward.add_job, which will do so again.
          retryKey: job.key?.replace(/^[^:]+:/, '') ?? `retry:${job.id}`,
        });
    }
  }
  const events: WorkerEvents = new EventEmitter();
  let poolId = '';
  events.on('pool:create', ({ workerPool }) => {
    poolId = workerPool.id;
  });
  const runner: Runner = await startWorkers({
    pgPool: db.ownerPool,
    taskList: tasks,
    concurrency: options.concurrency,
    pollInterval: options.pollInterval ?? 2000,
    noHandleSignals: true,
    events,
    parsedCronItems: parseCronItems(
      modules.flatMap((module) =>
        (module.cron ?? []).map(({ schedule, job }) => ({ task: job, match: schedule })),
      ),
    ),
    logger: quietLogger(),
  });
  const stopWatching = await watchPeers(db, poolId).catch(async (error: unknown) => {
    await runner.stop();
    throw error;
  });
  return {
    stop: async () => {
      stopping.abort();
      await runner.stop();
      await stopWatching();
    },
  };
}

async function runJob(
  runtime: { db: Database; clock: Clock; signal: AbortSignal },
  name: string,
  handler: JobHandler,
  { user_id, request_id, attempt = 1, ...payload }: Payload,
  { retryKey }: { retryKey: string },
): Promise<void> {
  const userId = user_id ?? '00000000-0000-0000-0000-000000000000';
  const requestId = request_id ?? newId();
  const actor: Actor = { kind: 'system', id: name, userId, role: 'user', timezone: 'UTC' };
  const transaction: JobContext['transaction'] = (fn) => inTransaction(runtime, actor, { requestId }, fn);
  try {
    await handler(payload, {
      userId,
      actor,
      requestId,
      now: runtime.clock.now(),
      db: runtime.db,
      signal: runtime.signal,
      transaction,
    });
  } catch (error) {
    // Asked to stop: graphile-worker gives the job to another worker as it is.
    if (runtime.signal.aborted) throw error;
    log.warn({ job: name, attempt, request_id: requestId, err: error }, 'a job failed');
    // Work of nobody's comes again by itself.
    if (user_id === undefined) return;
    const again = { ...payload, user_id: userId, request_id: requestId, attempt: attempt + 1 };
    await runtime.db.asUser(userId, async (tx) => {
      if (attempt < ATTEMPTS) {
        await tx.execute(
          sql`select steward.add_job(${name}, ${JSON.stringify(again)}::jsonb, now() + make_interval(secs => ${BACKOFF_S[attempt - 1]!}), null, ${retryKey})`,
        );
      } else {
        await tx.insert(deadJobs).values({
          user_id: userId,
          task: name,
          payload,
          attempts: attempt,
          last_error: errorMessage(error).slice(0, 2000),
        });
      }
    });
  }
}

/** graphile-worker reports each job at its own start and end; what matters is logged here with the request's id. */
function quietLogger() {
  return new GraphileLogger(() => (level, message) => {
    if (level === 'error') log.error(message);
  });
}
