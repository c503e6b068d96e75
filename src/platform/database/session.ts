import pg from 'pg';
import { log } from '../log.ts';

type Listener = (payload: string | null) => void;

/** The class of the advisory locks by which processes show that they live; see `workers` in 0001_platform.sql. */
export const PRESENCE_LOCK = 4748;

/** Milliseconds between attempts to connect again, at the most. */
const LONGEST_WAIT = 1000;

/**
 * One connection that a process keeps for as long as it lives. It hears notifications and holds the advisory locks
 * that show that the process is alive. When the connection is lost it is made again, with a new number; listeners are
 * then told that they may have missed something.
 *
 *   connecting   `open`, or after a loss; whoever asks for the number waits
 *   connected    until the connection ends
 *   closed       by `close`; nothing is made again
 */
export class Session {
  readonly #url: string;
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #held = new Set<number>();
  #connected: Promise<{ client: pg.Client; number: number }>;
  #closed = false;

  private constructor(url: string) {
    this.#url = url;
    this.#connected = this.#connect();
  }

  static async open(url: string): Promise<Session> {
    const session = new Session(url);
    await session.#connected;
    return session;
  }

  /** The number of this connection's advisory lock; waits while the connection is being made again. */
  async number(): Promise<number> {
    return (await this.#connected).number;
  }

  /** @returns a function that stops listening */
  async listen(channel: string, fn: Listener): Promise<() => void> {
    const listeners = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, listeners.add(fn));
    try {
      // Said again for each listener: it is cheap, and who comes while the first is let in hears nothing before that.
      await (await this.#connected).client.query(`listen ${pg.escapeIdentifier(channel)}`);
    } catch (error) {
      // Lost in between: the connection that is made next listens to every channel that has listeners.
      if (this.#closed) throw error;
      await this.#connected;
    }
    return () => void listeners.delete(fn);
  }

  /** Takes an advisory lock of class 4747 for as long as this process lives; false when another has it. */
  async hold(number: number): Promise<boolean> {
    const held = await tryLock((await this.#connected).client, number);
    if (held) this.#held.add(number);
    return held;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const connected = await this.#connected.catch(() => undefined);
    await connected?.client.end();
  }

  async #connect(): Promise<{ client: pg.Client; number: number }> {
    const client = new pg.Client({
      connectionString: this.#url,
      application_name: 'steward session',
      keepAlive: true,
      connectionTimeoutMillis: 10_000,
    });
    client.on('error', (error) => {
      if (!this.#closed) log.warn({ err: error }, 'the session connection failed');
    });
    client.on('notification', ({ channel, payload }) => {
      for (const fn of this.#listeners.get(channel) ?? []) fn(payload ?? '');
    });
    try {
      await client.connect();
      const { rows } = await client.query<{ number: number }>(
        `select number, pg_advisory_lock(${PRESENCE_LOCK}, number) from (select nextval('steward.worker_number')::int as number) as next`,
      );
      for (const number of this.#held) {
        if (!(await tryLock(client, number))) log.error({ number }, 'another process took our lock');
      }
      for (const channel of this.#listeners.keys()) {
        await client.query(`listen ${pg.escapeIdentifier(channel)}`);
      }
      // Only now: `pg` says `end` after a failed attempt too, and each would start a loop of its own.
      client.once('end', () => {
        if (this.#closed) return;
        this.#connected = this.#reconnect();
        this.#connected.catch(() => undefined);
      });
      return { client, number: rows[0]!.number };
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
  }

  async #reconnect(): Promise<{ client: pg.Client; number: number }> {
    for (let wait = 50; ; wait = Math.min(wait * 2, LONGEST_WAIT)) {
      if (this.#closed) throw new Error('the session is closed');
      try {
        const connected = await this.#connect();
        for (const listeners of this.#listeners.values()) for (const fn of listeners) fn(null);
        return connected;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  }
}

async function tryLock(client: pg.Client, number: number): Promise<boolean> {
  const { rows } = await client.query<{ held: boolean }>(`select pg_try_advisory_lock(4747, $1) as held`, [
    number,
  ]);
  return rows[0]!.held;
}
