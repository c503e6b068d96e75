import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { backup, restore } from './backup.ts';
import { type Migration, migrate } from './migrate.ts';

const first = `
  create schema steward;
  create sequence steward.worker_number as integer;
  create table people (id uuid primary key default gen_random_uuid(), name text not null, boss uuid references people (id));
  create table teams (id integer generated always as identity primary key, lead uuid references people (id), title text,
    loud text generated always as (upper(title)) stored);
  -- A circle: no order of the tables satisfies both.
  alter table people add column team integer references teams (id);
  create table notes (id bigserial primary key, owner uuid not null references people (id) on delete cascade, body text, tags text[]);
  alter table notes enable row level security;
  alter table notes force row level security;
  create policy service on notes using (coalesce(current_setting('app.service', true), '') <> '');
  create table announced (note bigint);
  create function announce() returns trigger language plpgsql as $$
    begin insert into announced values (new.id); return null; end $$;
  create trigger notes_announce after insert on notes for each row execute function announce();
  create unlogged table limits (n integer);
  create table "Odd ""name""" ("Column, one" text);
`;
const second = `alter table people add column shouted text; update people set shouted = upper(name)`;

const step = (number: number, sql: string): Migration => ({
  number,
  name: `000${number}_step.sql`,
  sql,
  hash: createHash('sha256').update(sql).digest('hex'),
});
const steps = [step(1, first), step(2, second)];

const ANNA = '11111111-1111-7111-8111-111111111111';
const BODIES = ['plain', 'a\tb\nc\\d', '\\.', '\n\\.\n', 'naïve 🙂', '', null, 'x'.repeat(3_000_000)];

async function fill(client: pg.Client): Promise<void> {
  await client.query(`begin; set local app.service = 'test'`);
  await client.query(`insert into people (id, name, boss) values ($1, 'Anna', $1)`, [ANNA]);
  await client.query(`insert into teams (lead, title) values ($1, 'first')`, [ANNA]);
  await client.query('update people set team = 1');
  for (const body of BODIES) {
    await client.query('insert into notes (owner, body, tags) values ($1, $2, $3)', [
      ANNA,
      body,
      ['a,b', '"'],
    ]);
  }
  await client.query(`insert into "Odd ""name""" values ('odd')`);
  await client.query(`insert into limits values (1)`);
  await client.query(`select nextval('steward.worker_number') from generate_series(1, 41)`);
  await client.query(`select graphile_worker.add_job('later', '{"a":"\\\\ \\" ü"}', queue_name := 'one', run_at := '2100-01-01',
    max_attempts := 3, job_key := 'k', priority := 7, flags := array['f'])`);
  await client.query(`select graphile_worker.add_job('given up', max_attempts := 1)`);
  await client.query(`update graphile_worker._private_jobs set attempts = 1 where max_attempts = 1`);
  await client.query('commit');
}

async function dump(client: pg.Client): Promise<unknown> {
  await client.query(`begin; set local app.service = 'test'`);
  const tables = ['people', 'teams', 'notes', 'announced', '"Odd ""name"""'];
  const all: Record<string, unknown> = {};
  for (const table of tables) all[table] = (await client.query(`select * from ${table} order by 1`)).rows;
  await client.query('commit');
  return all;
}

const catalogue = async (client: pg.Client): Promise<unknown> =>
  (
    await client.query(`
      select conrelid::regclass::text as on, conname as name, pg_get_constraintdef(oid) as is from pg_constraint
        where connamespace = 'public'::regnamespace
      union all select tgrelid::regclass::text, tgname, tgenabled::text from pg_trigger where not tgisinternal
      union all select oid::regclass::text, relrowsecurity::text, relforcerowsecurity::text from pg_class
        where relnamespace = 'public'::regnamespace and relkind = 'r'
      order by 1, 2, 3`)
  ).rows;

function resealed(text: string): string {
  const content = text.slice(0, text.lastIndexOf('{"end"'));
  const sha256 = createHash('sha256').update(content).digest('hex');
  return `${content}${JSON.stringify({ end: true, bytes: Buffer.byteLength(content), sha256 })}\n`;
}

let home: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'steward-backup-'));
});

afterAll(async () => {
  await rm(home, { recursive: true, force: true });
});

describe.each(inject('servers'))('on the $name server', ({ adminUrl }) => {
  const clients: pg.Client[] = [];
  const databases: string[] = [];

  async function asAdmin(...statements: string[]): Promise<void> {
    const admin = new pg.Client(adminUrl);
    await admin.connect();
    for (const sql of statements) await admin.query(sql);
    await admin.end();
  }

  beforeAll(() => asAdmin(`create role keeper login password 'keeper'`));

  afterAll(async () => {
    for (const client of clients) await client.end();
    await asAdmin(...databases.map((name) => `drop database ${name}`), 'drop role keeper');
  });

  const at = (name: string, user?: string): string => {
    const url = new URL(adminUrl);
    url.pathname = `/${name}`;
    if (user) url.username = url.password = user;
    return url.toString();
  };

  /** A database that an ordinary role owns, at the given migration. */
  async function database(name: string, level: number): Promise<pg.Client> {
    await asAdmin(`create database ${name} owner keeper`);
    databases.push(name);
    await migrate(at(name, 'keeper'), steps.slice(0, level));
    const client = new pg.Client(at(name, 'keeper'));
    await client.connect();
    clients.push(client);
    return client;
  }

  test('what was saved comes back, and nothing else', async () => {
    const source = await database('source', 1);
    await fill(source);
    const file = join(home, 'all.backup');
    const saved = await backup(source, file, { version: '1.0.0', migration: 1 });
    expect(saved).toEqual({ tables: 5, rows: 2 + BODIES.length * 2 + 1 });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await readdir(home)).filter((name) => name.startsWith('.all'))).toEqual([]);

    const target = await database('target', 1);
    await target.query(`insert into people (name) values ('Somebody else')`);
    await target.query(`insert into limits values (2)`);
    await target.query(`select graphile_worker.add_job('of another time')`);
    const before = await catalogue(target);
    expect(await restore(target, file, { migration: 1 })).toEqual(saved);

    expect(await dump(target)).toEqual(await dump(source));
    expect(await catalogue(target)).toEqual(before);
    expect((await target.query('select from limits')).rowCount).toBe(0);
    // Without a reason the owner sees nothing: the policies hold for it again.
    expect((await target.query('select from notes')).rowCount).toBe(0);
    const next = await target.query(
      `select nextval('notes_id_seq')::int as note, nextval('steward.worker_number')::int as worker`,
    );
    expect(next.rows[0]).toEqual({ note: BODIES.length + 1, worker: 42 });
    await target.query(`insert into teams (title) values ('second')`);

    const jobs = await target.query(`
    select jobs.*, payload from graphile_worker.jobs join graphile_worker._private_jobs using (id)`);
    expect(jobs.rows).toMatchObject([
      {
        task_identifier: 'later',
        queue_name: 'one',
        run_at: new Date('2100-01-01T00:00:00Z'),
        max_attempts: 3,
        attempts: 0,
        key: 'k',
        priority: 7,
        flags: { f: true },
        payload: { a: '\\ " ü' },
      },
    ]);
  });

  test('a backup is taken at one moment, while others write', async () => {
    const source = await database('busy', 1);
    await source.query(`insert into people (name) select 'p' || n from generate_series(1, 20000) as n`);
    const writer = new pg.Client(at('busy'));
    await writer.connect();
    const writing = (async () => {
      for (let n = 0; n < 200; n++) {
        await writer.query(`with lead as (insert into people (name) values ('new') returning id)
                          insert into teams (lead) select id from lead`);
      }
    })();
    const file = join(home, 'busy.backup');
    await backup(source, file, { version: '1.0.0', migration: 1 });
    await writing;
    await writer.end();
    const target = await database('calm', 1);
    // A team whose lead is missing would be refused by the foreign key.
    await restore(target, file, { migration: 1 });
    const counts = await target.query(
      `select (select count(*) from people)::int - 20000 as new, (select count(*) from teams)::int as teams`,
    );
    expect(counts.rows[0].new).toBe(counts.rows[0].teams);
  });

  test('a backup of an older Steward is migrated after it was put back', async () => {
    const file = join(home, 'all.backup');
    const target = await database('newer', 2);
    await target.query(`insert into people (name, shouted) values ('Somebody else', 'quietly')`);
    await restore(target, file, { migration: 2, migrations: steps });
    expect((await target.query('select name, shouted from people')).rows).toEqual([
      { name: 'Anna', shouted: 'ANNA' },
    ]);
    expect((await target.query('select number from steward_migrations order by 1')).rows).toEqual([
      { number: 1 },
      { number: 2 },
    ]);
    expect((await target.query(`select nextval('steward.worker_number')::int as n`)).rows[0].n).toBe(42);
  });

  test('an empty database can be saved and put back', async () => {
    const source = await database('empty', 1);
    const file = join(home, 'empty.backup');
    expect(await backup(source, file, { version: '1.0.0', migration: 1 })).toEqual({ tables: 5, rows: 0 });
    expect(await restore(source, file, { migration: 1 })).toEqual({ tables: 5, rows: 0 });
  });

  test('what cannot be restored changes nothing', async () => {
    const target = await database('kept', 1);
    await target.query(`insert into people (id, name) values ($1, 'Kept')`, [ANNA]);
    const good = gunzipSync(await readFile(join(home, 'all.backup'))).toString();
    const packed = await readFile(join(home, 'all.backup'));
    const flipped = Buffer.from(packed);
    flipped[Math.floor(flipped.length / 2)]! ^= 1;
    const again = (text: string): Buffer => gzipSync(text);
    const header = good.slice(0, good.indexOf('\n'));
    const cases: [string, Buffer, string, RegExp][] = [
      ['cut short', packed.subarray(0, packed.length - 100), 'backup_damaged', /damaged/],
      ['a flipped bit', flipped, 'backup_damaged', /damaged/],
      ['text and not gzip', Buffer.from(good), 'backup_damaged', /damaged/],
      ['empty', Buffer.alloc(0), 'backup_damaged', /empty|damaged/],
      ['something else', again('hello\n'), 'backup_damaged', /not a backup/],
      ['a changed row', again(good.replace('Anna', 'Hans')), 'backup_damaged', /hash/],
      ['no seal', again(good.slice(0, good.lastIndexOf('{"end"'))), 'backup_damaged', /end is missing/],
      ['cut within a line', again(good.slice(0, -5)), 'backup_damaged', /end is missing/],
      [
        'a newer format',
        again(good.replace('"steward_backup":1', '"steward_backup":2')),
        'backup_newer',
        /format 2/,
      ],
      [
        'a newer database',
        again(resealed(good.replace(header, header.replace('"migration":1', '"migration":9')))),
        'backup_newer',
        /migration 9/,
      ],
      [
        'rows that break a rule',
        again(resealed(good.replace(`${ANNA}\tAnna\t${ANNA}`, `${ANNA}\tAnna\t${ANNA.replace('1', '2')}`))),
        'backup_damaged',
        /does not fit/,
      ],
      [
        'a table that is not here',
        again(resealed(good.replace('"name":"people"', '"name":"peoples"'))),
        'backup_damaged',
        /does not fit/,
      ],
    ];
    const before = await catalogue(target);
    for (const [what, bytes, code, message] of cases) {
      const file = join(home, 'bad.backup');
      await writeFile(file, bytes);
      await expect(restore(target, file, { migration: 1 }), what).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message),
      });
      expect((await target.query('select name from people')).rows, what).toEqual([{ name: 'Kept' }]);
      expect(await catalogue(target), what).toEqual(before);
    }
    await expect(restore(target, join(home, 'none'), { migration: 1 })).rejects.toMatchObject({
      code: 'bad_request',
    });
    await expect(restore(target, home, { migration: 1 })).rejects.toMatchObject({ code: 'bad_request' });
  });

  test('a file that cannot be written leaves the connection as it was', async () => {
    const source = await database('unwritten', 1);
    const meta = { version: '1.0.0', migration: 1 };
    await expect(backup(source, join(home, 'none', 'x'), meta)).rejects.toMatchObject({
      code: 'bad_request',
    });
    await backup(source, join(home, 'written'), meta);
  });
});
