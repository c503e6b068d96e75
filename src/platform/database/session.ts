import pg from 'pg';
import { log } from '../log.ts';

type Listener = (payload: string | null) => void;

/** The class of the advisory locks by which processes show that they live; see `workers` in 0001_platform.sql. */
export const PRESENCE_LOCK = 4748;

/**
 * One connection that a process keeps for as long as it lives. It hears notifications and holds the advisory lock
 * which shows that the process is alive. When the connection is lost it is made again; listeners are then told
 * that they may have missed something.
 */
export class Session {
  number = 0;
  readonly #url: string;
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #listening = new Map<string, Promise<unknown> | undefined>();
  #client: pg.Client | undefined;
  #closed = false;

  private constructor(url: string) {
    this.#url = url;
  }

  static async open(url: string): Promise<Session> {
    const session = new Session(url);
    await session.#connect();
    return session;
  }

  /** @returns a function that stops listening */
  async listen(channel: string, fn: Listener): Promise<() => void> {
    const known = this.#listeners.get(channel);
    const listeners = known ?? new Set();
    listeners.add(fn);
    if (!known) {
      this.#listeners.set(channel, listeners);
      this.#listening.set(channel, this.#client?.query(`listen ${pg.escapeIdentifier(channel)}`));
    }
    // Who comes while the first is still being let in hears nothing before that either.
    await this.#listening.get(channel);
    return () => void listeners.delete(fn);
  }

  /** Takes an advisory lock of class 4747 for as long as this connection lives. */
  async hold(number: number): Promise<boolean> {
    const answer = await this.#client?.query<{ held: boolean }>(
      `select pg_try_advisory_lock(4747, $1) as held`,
      [number],
    );
    return answer?.rows[0]?.held ?? false;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#client?.end();
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#url,
      application_name: 'steward session',
      keepAlive: true,
    });
    client.on('notification', ({ channel, payload }) => {
      for (const fn of this.#listeners.get(channel) ?? []) fn(payload ?? '');
    });
    client.on('error', (error) => log.warn({ err: error }, 'the session connection failed'));
    client.on('end', () => void this.#reconnect());
    await client.connect();
    const { rows } = await client.query<{ number: number }>(
      `select number, pg_advisory_lock(${PRESENCE_LOCK}, number) from (select nextval('steward.worker_number')::int as number) as next`,
    );
    this.number = rows[0]!.number;
    for (const channel of this.#listeners.keys())
      await client.query(`listen ${pg.escapeIdentifier(channel)}`);
    this.#client = client;
  }

  async #reconnect(): Promise<void> {
    this.#client = undefined;
    for (let wait = 100; !this.#closed; wait = Math.min(wait * 2, 5000)) {
      try {
        await this.#connect();
        for (const listeners of this.#listeners.values()) for (const fn of listeners) fn(null);
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  }
}
