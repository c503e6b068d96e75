/**
 * The only way to the database. Every statement runs inside `asUser`, which shows it the rows of one user, or
 * inside `asService`, which names why it must see more. The server enforces both: see migrations/0001_platform.sql.
 */
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import { isId } from '../ids.ts';
import { log } from '../log.ts';
import { gather, preparing } from './prepared.ts';
import { Session } from './session.ts';

export type Tx = NodePgDatabase<Record<string, never>>;

export interface Database {
  /** Runs `fn` in one transaction that sees the rows of `userId` and no others; commits when it resolves. */
  asUser<T>(userId: string, fn: (tx: Tx) => Promise<T>): Promise<T>;
  /** Runs `fn` in one transaction of the owner that sees all rows. `reason` says why, in lower-case words. */
  asService<T>(reason: string, fn: (tx: Tx) => Promise<T>): Promise<T>;
  /** Calls `fn` with the payload of each NOTIFY on `channel`, and with null when some may have been missed. */
  listen(channel: string, fn: (payload: string | null) => void): Promise<() => void>;
  /** The number of this process's advisory lock: held as long as it lives, free the moment it is gone. */
  presence(): Promise<number>;
  /** Takes the advisory lock (4747, `number`) for as long as this process lives; false when another has it. */
  hold(number: number): Promise<boolean>;
  /** For graphile-worker and better-auth, which bring their own SQL and run it as the owner. */
  readonly ownerPool: pg.Pool;
  close(): Promise<void>;
}

// Values arrive as they are stored: numeric as text, never as a float; a date as 'YYYY-MM-DD', never as an instant.
pg.types.setTypeParser(pg.types.builtins.DATE, (value) => value);

/** @param options.poolSize connections of each of the two pools */
export async function openDatabase(options: {
  ownerUrl: string;
  appUrl: string;
  poolSize?: number;
}): Promise<Database> {
  const max = options.poolSize ?? 10;
  let closing = false;
  const pool = (connectionString: string) => {
    const created = new pg.Pool({
      connectionString,
      max,
      // Statements that do not wait for each other share a round trip.
      pipeline: true,
      idleTimeoutMillis: 30_000,
      application_name: 'steward',
    });
    created.on('error', (error) => {
      // While closing, the embedded server may end a connection before its own goodbye has been read.
      if (!closing) log.warn({ err: error }, 'an idle database connection was lost');
    });
    // A connection that fails while it is in use fails the query too; this keeps it from failing the process.
    created.on('connect', (client) => void client.on('error', () => undefined));
    return created;
  };
  const ownerPool = pool(options.ownerUrl);
  const appPool = pool(options.appUrl);
  const session = await Session.open(options.ownerUrl);

  return {
    ownerPool,
    asUser: async (userId, fn) => {
      if (!isId(userId)) throw new TypeError('asUser needs the id of a user');
      return transaction(appPool, `begin; set local app.user_id = '${userId}'`, fn);
    },
    asService: async (reason, fn) => {
      if (!/^[a-z][a-z0-9 _.-]*$/.test(reason))
        throw new TypeError('asService needs a reason in lower-case words');
      return transaction(ownerPool, `begin; set local app.service = '${reason}'`, fn);
    },
    listen: (channel, fn) => session.listen(channel, fn),
    presence: () => session.number(),
    hold: (number) => session.hold(number),
    close: async () => {
      closing = true;
      await session.close();
      await Promise.all([ownerPool.end(), appPool.end()]);
    },
  };
}

const transactions = new WeakMap<pg.PoolClient, Tx>();

/** `begin` and the setting travel with the first statement: a tenant transaction costs one round trip, for the commit. */
async function transaction<T>(pool: pg.Pool, begin: string, fn: (tx: Tx) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    gather(client);
    const begun = client.query(begin);
    // Awaited below. When it fails, so do the statements after it.
    begun.catch(() => undefined);
    const tx = transactions.get(client) ?? drizzle({ client: preparing(client) });
    transactions.set(client, tx);
    const result = await fn(tx);
    await begun;
    // A statement that failed and was caught has aborted the transaction: COMMIT then quietly rolls back.
    const { command } = await client.query('commit');
    if (command !== 'COMMIT')
      throw new Error('the transaction was rolled back: a statement in it had failed');
    return result;
  } catch (error) {
    await client.query('rollback').catch((lost: Error) => {
      broken = lost;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}
