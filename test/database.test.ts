/** What the way to the database promises when things go wrong. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEmbedded } from '../src/platform/database/embedded.ts';
import { type OpenedDatabase, openConfiguredDatabase } from '../src/platform/database/open.ts';
import { newId } from '../src/platform/ids.ts';
import { eventually, freshDatabase } from './harness.ts';

let opened: OpenedDatabase;
let admin: pg.Client;
let home: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'steward-db-'));
  const databaseUrl = await freshDatabase();
  opened = await openConfiguredDatabase({ home, databaseUrl });
  admin = new pg.Client({ connectionString: databaseUrl });
  await admin.connect();
});
afterAll(async () => {
  await admin?.end();
  await opened?.close();
  await rm(home, { recursive: true, force: true });
});

const sessions = async (): Promise<number> =>
  (
    await admin.query(
      `select from pg_stat_activity where datname = current_database() and application_name = 'steward session'`,
    )
  ).rowCount ?? 0;

test('a statement that failed and was caught does not let the transaction pass for committed', async () => {
  const attempt = opened.db.asUser(newId(), async (tx) => {
    await tx.execute(sql`select 1 / 0`).catch(() => undefined);
    return 'ok';
  });
  await expect(attempt).rejects.toThrow('rolled back');
});

test('a lost session comes back once, with a new number, its locks, and a word to its listeners', async () => {
  const { db } = opened;
  expect(await db.hold(77)).toBe(true);
  const heard: (string | null)[] = [];
  const stop = await db.listen('test', (payload) => heard.push(payload));
  const before = await db.presence();
  for (let loss = 1; loss <= 3; loss++) {
    await admin.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name = 'steward session'`,
    );
    await eventually(async () => heard.filter((payload) => payload === null).length === loss);
  }
  expect(await db.presence()).not.toBe(before);
  expect(await sessions()).toBe(1);
  await admin.query(`notify test, 'hello'`);
  await eventually(async () => heard.at(-1) === 'hello');
  const other = await admin.query('select pg_try_advisory_lock(4747, 77) as free');
  expect(other.rows[0].free).toBe(false);
  stop();
});

test('a database that restarts is found again, without a storm of attempts', async () => {
  const place = await mkdtemp(join(tmpdir(), 'steward-restart-'));
  let server = await startEmbedded({ home: place, takeOver: true });
  const { db, close } = await openConfiguredDatabase({ home: place, databaseUrl: undefined });
  let again = 0;
  await db.listen('test', (payload) => {
    if (payload === null) again += 1;
  });
  await server.stop();
  server = await startEmbedded({ home: place, takeOver: true });
  await eventually(async () => again > 0);
  const { rows } = await db.asService('count sessions', (tx) =>
    tx.execute<{ count: number }>(
      sql`select count(*)::int as count from pg_stat_activity where application_name = 'steward session'`,
    ),
  );
  expect({ again, sessions: rows[0]!.count }).toEqual({ again: 1, sessions: 1 });
  await close();
  await server.stop();
  await rm(place, { recursive: true, force: true });
});
