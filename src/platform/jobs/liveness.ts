import { sql } from 'drizzle-orm';
import type { Database } from '../database/index.ts';
import { PRESENCE_LOCK } from '../database/session.ts';
import { log } from '../log.ts';

/** Milliseconds between two looks at the peers. */
const INTERVAL = 1000;
/**
 * Milliseconds for which a peer must look dead: one that lost its connection has a new one, and has said so, well
 * within this. A dead one's jobs are taken over after this and one more look.
 */
const GRACE = 1900;

/** Seconds after which a job whose worker nobody knows is free: its process died before it could say its name. */
const UNKNOWN_S = 10;

/**
 * Says which jobs this process works on, and frees those of processes that are gone: their advisory lock is gone
 * with their connection, so nothing has to be guessed from times.
 *
 * @param poolId the name by which graphile-worker marks this process's jobs
 * @returns a function that stops looking and takes this process off the list
 */
export async function watchPeers(db: Database, poolId: string): Promise<() => Promise<void>> {
  /** Since when each peer looks dead. */
  const suspects = new Map<number, number>();
  const look = async (): Promise<void> => {
    const number = await db.presence();
    await db.asService('worker liveness', async (tx) => {
      await tx.execute(sql`
        insert into workers (number, pool_id) values (${number}, ${poolId})
        on conflict (number) do update set pool_id = excluded.pool_id`);
      // Skips rows that a peer is looking at; taking the lock of a living process fails at once.
      const silent = await tx.execute<{ number: number }>(sql`
        select number from workers where number <> ${number} and pg_try_advisory_xact_lock(${PRESENCE_LOCK}, number)
        for update skip locked`);
      const now = performance.now();
      for (const known of suspects.keys()) {
        if (!silent.rows.some((row) => row.number === known)) suspects.delete(known);
      }
      for (const row of silent.rows) if (!suspects.has(row.number)) suspects.set(row.number, now);
      const gone = [...suspects].filter(([, since]) => now - since >= GRACE).map(([peer]) => peer);
      const dead = await tx.execute<{ pool_id: string }>(sql`
        delete from workers where number = any(${sql.param(gone)}::int[]) returning pool_id`);
      // After a lost connection a process has a new number and the same pool, which is well.
      const { rows: orphaned } = await tx.execute<{ pool_id: string }>(sql`
        select distinct locked_by as pool_id from graphile_worker.jobs
        where locked_by is not null and locked_by not in (select pool_id from workers)
          and (locked_by = any(${sql.param(dead.rows.map((row) => row.pool_id))}::text[])
               or locked_at < now() - make_interval(secs => ${UNKNOWN_S}))`);
      if (orphaned.length === 0) return;
      const pools = orphaned.map((row) => row.pool_id);
      log.info({ pools }, 'a worker is gone; its jobs are free again');
      // Idle workers look at once instead of at their next poll.
      await tx.execute(sql`
        select graphile_worker.force_unlock_workers(${sql.param(pools)}::text[]), pg_notify('jobs:insert', '{"count":8}')`);
    });
  };
  await look();
  let looking: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const lookAgain = (): void => {
    clearTimeout(timer);
    looking = looking
      .then(look)
      .catch((error) => log.warn({ err: error }, 'could not look at the other workers'))
      .finally(() => {
        clearTimeout(timer);
        if (!stopped) timer = setTimeout(lookAgain, INTERVAL);
      });
  };
  timer = setTimeout(lookAgain, INTERVAL);
  // After a lost connection the new number is told at once.
  const unlisten = await db.listen('workers', () => lookAgain());
  return async () => {
    stopped = true;
    clearTimeout(timer);
    unlisten();
    await looking;
    const number = await db.presence();
    await db.asService('worker liveness', (tx) =>
      tx.execute(sql`delete from workers where number = ${number}`),
    );
  };
}
