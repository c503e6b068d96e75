/**
 * Statements that come again are prepared: the server parses and plans each once a connection instead of every time,
 * which is half of its work for a short one.
 */
import type { Socket } from 'node:net';
import type pg from 'pg';

/** How often a text must come before it is worth a name. Lists of changing length make a new text each. */
const AFTER = 3;
/** Names at most: each takes a few dozen kB of every connection's memory. */
const NAMES_MAX = 200;
/** Texts that are counted at once. */
const COUNTED_MAX = 1000;

const names = new Map<string, string>();
const counted = new Map<string, number>();

/** @returns the same name for the same text in all connections; undefined for one that is not worth it (yet) */
function nameOf(text: string): string | undefined {
  const known = names.get(text);
  if (known !== undefined || names.size >= NAMES_MAX) return known;
  const times = (counted.get(text) ?? 0) + 1;
  if (times < AFTER) {
    if (counted.size >= COUNTED_MAX) counted.clear();
    counted.set(text, times);
    return undefined;
  }
  counted.delete(text);
  const name = `steward_${names.size}`;
  names.set(text, name);
  return name;
}

/** @returns the same connection, which names the statements that Drizzle sends over it */
export function preparing(client: pg.PoolClient): pg.PoolClient {
  const query = (config: pg.QueryConfig, values?: unknown[]): Promise<pg.QueryResult> => {
    const name = nameOf(config.text);
    return client.query(name === undefined ? config : { ...config, name }, values);
  };
  return Object.create(client, { query: { value: query } }) as pg.PoolClient;
}

/**
 * Holds back what is written until the statements that follow at once are there too: the server is woken once.
 * The connection's stream is not part of the driver's public interface, but has always been there.
 */
export function gather(client: pg.PoolClient): void {
  const { stream } = (client as unknown as { readonly connection: { readonly stream: Socket } }).connection;
  stream.cork();
  process.nextTick(() => stream.uncork());
}
