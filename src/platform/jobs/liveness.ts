import { sql } from 'drizzle-orm';
import type { Database } from '../database/index.ts';
import { PRESENCE_LOCK } from '../database/session.ts';
import { log } from '../log.ts';

/** Milliseconds between two looks at the peers: a dead one's jobs are taken over within this, plus one poll. */
const INTERVAL = 2000;

/**
 * Says which graphile workers this process runs, and frees the jobs of processes that are gone: their advisory
 * lock is gone with their connection, so nothing has to be guessed from times.
 *
 * @returns a function that stops looking and takes this process off the list
 */
export async function watchPeers(db: Database, workerIds: readonly string[]): Promise<() => Promise<void>> {
  const look = async (): Promise<void> => {
    await db.asService('worker liveness', async (tx) => {
      const number = db.presence();
      await tx.execute(sql`
        insert into workers (number, worker_ids) values (${number}, ${sql.param([...workerIds])}::text[])
        on conflict (number) do update set worker_ids = excluded.worker_ids`);
      // Skips rows that a peer is looking at; taking the lock of a living process fails at once.
      const dead = await tx.execute<{ number: number; worker_ids: string[] }>(sql`
        delete from workers where number in (
          select number from workers where number <> ${number} for update skip locked
        ) and pg_try_advisory_xact_lock(${PRESENCE_LOCK}, number) returning number, worker_ids`);
      for (const { number, worker_ids } of dead.rows) {
        log.info({ process: number }, 'a worker is gone; its jobs are free again');
        // After a lost connection this process has a new number; its own workers are well.
        const gone = worker_ids.filter((id) => !workerIds.includes(id));
        await tx.execute(sql`select graphile_worker.force_unlock_workers(${sql.param(gone)}::text[])`);
      }
    });
  };
  await look();
  let looking: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    looking = look().catch((error) => log.warn({ err: error }, 'could not look at the other workers'));
  }, INTERVAL);
  return async () => {
    clearInterval(timer);
    await looking;
    await db.asService('worker liveness', (tx) =>
      tx.execute(sql`delete from workers where number = ${db.presence()}`),
    );
  };
}
