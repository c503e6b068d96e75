/**
 * Everything that the database holds, in one file and back again, on any server and without its tools.
 *
 * What is saved comes from the catalogue: every table of ours in `public`, so that nobody has to remember a new one;
 * where the sequences stand; and the jobs that still have tries left, which go through graphile-worker's own
 * add_job when they come back and begin their tries anew. Not saved: UNLOGGED tables, which a crash empties too,
 * and what NOT_SAVED names.
 */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { AppError } from '../errors.ts';
import {
  checkBackup,
  endOfRows,
  FORMAT,
  jsonLine,
  type SectionHead,
  sections,
  writeBackup,
} from './backup-file.ts';
import { type Migration, readMigrations, runStep } from './migrate.ts';

export interface BackupResult {
  readonly tables: number;
  readonly rows: number;
}

/** Tables that describe this very database or the processes at it, not what its users have. */
const NOT_SAVED = ['steward_migrations', 'workers'];

/** The columns of a saved job, which are the arguments of graphile_worker.add_job. */
const JOB_COLUMNS = {
  identifier: 'text',
  payload: 'json',
  queue_name: 'text',
  run_at: 'timestamptz',
  max_attempts: 'int',
  job_key: 'text',
  priority: 'int',
  flags: 'text[]',
} as const;

const PENDING_JOBS = `
  select tasks.identifier, jobs.payload, queues.queue_name, jobs.run_at, jobs.max_attempts, jobs.key as job_key,
    jobs.priority, (select array_agg(flag) from jsonb_object_keys(jobs.flags) as flag) as flags
  from graphile_worker._private_jobs as jobs
  join graphile_worker._private_tasks as tasks on tasks.id = jobs.task_id
  left join graphile_worker._private_job_queues as queues on queues.id = jobs.job_queue_id
  where jobs.attempts < jobs.max_attempts
  order by jobs.id`;

const SEQUENCES = `
  select schemaname, sequencename, last_value from pg_sequences
  where schemaname in ('public', 'steward') and last_value is not null
  order by schemaname, sequencename`;

interface Table {
  readonly name: string;
  readonly columns: string[];
  readonly logged: boolean;
  readonly forced: boolean;
  /** Foreign keys, as `alter table` takes them. */
  readonly references: { readonly name: string; readonly definition: string }[];
  readonly triggers: string[];
}

/**
 * Writes what the database holds at one moment to `file`, while others go on working.
 *
 * @param client logged in as steward_owner, in no transaction
 * @param meta the version of Steward, and the number of the newest migration
 * @throws AppError `bad_request` when the file cannot be written
 */
export async function backup(
  client: pg.Client,
  file: string,
  meta: { version: string; migration: number },
): Promise<BackupResult> {
  const result = { tables: 0, rows: 0 };
  await client.query('select pg_advisory_lock_shared(4747, 1)'); // no migration in the meantime
  await client.query('begin isolation level repeatable read read only');
  try {
    await client.query(`set local app.service = 'backup'`);
    await writeBackup(file, content(client, meta, result));
  } finally {
    await client.query('rollback');
    await client.query('select pg_advisory_unlock_shared(4747, 1)');
  }
  return result;
}

async function* content(
  client: pg.Client,
  meta: { version: string; migration: number },
  result: { tables: number; rows: number },
): AsyncGenerator<Buffer> {
  yield jsonLine({ steward_backup: FORMAT, ...meta, created_at: new Date().toISOString() });

  async function* copied(head: SectionHead, query: string): AsyncGenerator<Buffer, number> {
    yield jsonLine(head);
    const stream = client.query(copyTo(`copy ${query} to stdout`));
    for await (const chunk of stream as AsyncIterable<Buffer>) yield chunk;
    yield endOfRows();
    return stream.rowCount;
  }

  for (const { name, columns, logged } of await ourTables(client)) {
    if (!logged) continue;
    result.rows += yield* copied({ section: 'table', name, columns }, `${quote(name)} (${list(columns)})`);
    result.tables += 1;
  }
  if (await hasJobs(client)) {
    yield* copied({ section: 'jobs', columns: Object.keys(JOB_COLUMNS) }, `(${PENDING_JOBS})`);
  }
  yield* copied({ section: 'sequences', columns: ['schema', 'name', 'value'] }, `(${SEQUENCES})`);
}

/**
 * Replaces what the database holds by what is in `file`, in one transaction. A backup of an older Steward is put
 * into the tables as they were then, and migrated from there.
 *
 * @param client logged in as steward_owner, in no transaction; nobody else is at work
 * @param target.migration the number of the newest migration of this database
 * @throws AppError `backup_newer`, `backup_damaged` or `bad_request`; nothing is changed then
 */
export async function restore(
  client: pg.Client,
  file: string,
  target: { migration: number; migrations?: readonly Migration[] },
): Promise<BackupResult> {
  const { version, migration } = await checkBackup(file);
  if (migration > target.migration) {
    throw new AppError(
      'backup_newer',
      `${file} was made by Steward ${version}, whose database is newer (migration ${migration}, here ${target.migration}). Install that version or a newer one, then restore.`,
    );
  }
  const steps = migration < target.migration ? (target.migrations ?? (await readMigrations())) : [];
  await client.query('begin');
  try {
    await client.query(`set local app.service = 'restore'`);
    await client.query('select pg_advisory_xact_lock(4747, 1)');
    if (steps.length > 0)
      await rebuild(
        client,
        migration,
        steps.filter((step) => step.number <= migration),
      );
    const result = await load(client, file);
    for (const step of steps.filter((later) => later.number > migration)) await runStep(client, step);
    await client.query('commit');
    await client.query('analyze').catch(() => undefined); // only a better plan
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    if (!(error instanceof pg.DatabaseError)) throw error;
    throw new AppError(
      'backup_damaged',
      `${file} does not fit this database: ${error.message}. Nothing was changed.`,
      { cause: error },
    );
  }
}

/**
 * Without foreign keys, tables can be filled in any order, whatever refers to what; adding them again checks every
 * row. Without triggers, nothing is announced that has long happened. COPY refuses tables whose policies hold for
 * us too, so that is suspended. All of it is undone by a rollback.
 */
async function load(client: pg.Client, file: string): Promise<BackupResult> {
  const tables = await ourTables(client);
  const each = async (change: (table: Table) => string[]): Promise<void> => {
    for (const table of tables) {
      for (const action of change(table)) await client.query(`alter table ${quote(table.name)} ${action}`);
    }
  };
  await each((table) => table.references.map(({ name }) => `drop constraint ${quote(name)}`));
  await each((table) => table.triggers.map((name) => `disable trigger ${quote(name)}`));
  await each((table) => (table.forced ? ['no force row level security'] : []));
  if (tables.length > 0) await client.query(`truncate ${list(tables.map(({ name }) => name))}`);

  const result = { tables: 0, rows: 0 };
  const fill = async (
    name: string,
    columns: readonly string[],
    rows: AsyncIterable<Buffer>,
  ): Promise<number> => {
    const stream = client.query(copyFrom(`copy ${quote(name)} (${list(columns)}) from stdin`));
    await pipeline(Readable.from(rows), stream);
    return stream.rowCount;
  };
  for await (const { head, rows } of sections(file)) {
    if (head.section === 'table') {
      result.rows += await fill(head.name, head.columns, rows);
      result.tables += 1;
    } else if (head.section === 'jobs') {
      await replaceJobs(client, (name) => fill(name, head.columns, rows));
    } else {
      await moveSequences(client, (name) => fill(name, head.columns, rows));
    }
  }

  await each((table) => (table.forced ? ['force row level security'] : []));
  await each((table) => table.triggers.map((name) => `enable trigger ${quote(name)}`));
  await each((table) =>
    table.references.map(({ name, definition }) => `add constraint ${quote(name)} ${definition}`),
  );
  return result;
}

type Fill = (name: string) => Promise<number>;

async function replaceJobs(client: pg.Client, fill: Fill): Promise<void> {
  const columns = Object.entries(JOB_COLUMNS);
  const defined = columns.map(([name, type]) => `${name} ${type}`);
  await client.query(`create temporary table restored_jobs (${defined.join(', ')}) on commit drop`);
  await fill('restored_jobs');
  if (!(await hasJobs(client))) return;
  await client.query('delete from graphile_worker._private_jobs');
  const parameters = columns.map(([name]) => `${name} := restored_jobs.${name}`);
  await client.query(`select graphile_worker.add_job(${parameters.join(', ')}) from restored_jobs`);
}

/** Never back: what a sequence has given out here since may be in use by a process that lives. */
async function moveSequences(client: pg.Client, fill: Fill): Promise<void> {
  await client.query(
    'create temporary table restored_sequences (schema text, name text, value bigint) on commit drop',
  );
  await fill('restored_sequences');
  await client.query(`
    select setval(format('%I.%I', schemaname, sequencename)::regclass, greatest(value, last_value))
    from restored_sequences join pg_sequences on schemaname = schema and sequencename = name`);
}

/** Makes the tables as they were at an older migration: drops what we own in this database, and runs the steps. */
async function rebuild(client: pg.Client, level: number, steps: readonly Migration[]): Promise<void> {
  await client.query(`
    do $$ declare things text[]; thing text; begin
      select array_agg(drops.thing) into things from (
        select format('extension if exists %I', extname) from pg_extension where extowner = current_user::regrole
        union all
        select format('schema if exists %I', nspname) from pg_namespace
          where nspname = 'steward' and nspowner = current_user::regrole
        union all
        select format('%s if exists %s', kinds.name, pg_class.oid::regclass) from pg_class
          join (values ('r', 'table'), ('p', 'table'), ('v', 'view'), ('m', 'materialized view'), ('S', 'sequence'))
            as kinds (kind, name) on kind = relkind::text
          where relnamespace = 'public'::regnamespace and relowner = current_user::regrole
            and relname <> 'steward_migrations'
            -- The sequence of an identity column goes with its table, and only so.
            and not exists (select from pg_depend where classid = 'pg_class'::regclass and objid = pg_class.oid
              and deptype in ('a', 'i') and relkind = 'S')
        union all
        select format('routine if exists %s', oid::regprocedure) from pg_proc
          where pronamespace = 'public'::regnamespace and proowner = current_user::regrole
        union all
        select format('type if exists %s', oid::regtype) from pg_type
          where typnamespace = 'public'::regnamespace and typowner = current_user::regrole and typtype in ('e', 'd')
      ) as drops (thing);
      foreach thing in array coalesce(things, '{}') loop
        execute format('drop %s cascade', thing);
      end loop;
    end $$`);
  for (const step of steps) await client.query(step.sql);
  await client.query('delete from steward_migrations where number > $1', [level]);
}

async function ourTables(client: pg.Client): Promise<Table[]> {
  const { rows } = await client.query<Table>(
    `select relname as name, relpersistence = 'p' as logged, relrowsecurity and relforcerowsecurity as forced,
       array(select attname::text from pg_attribute
         where attrelid = pg_class.oid and attnum > 0 and not attisdropped and attgenerated = ''
         order by attnum) as columns,
       array(select tgname::text from pg_trigger
         where tgrelid = pg_class.oid and not tgisinternal and tgparentid = 0 and tgenabled = 'O'
         order by tgname) as triggers,
       coalesce((select json_agg(json_build_object('name', conname, 'definition', pg_get_constraintdef(oid)) order by conname)
         from pg_constraint where conrelid = pg_class.oid and contype = 'f' and conparentid = 0), '[]') as references
     from pg_class
     where relnamespace = 'public'::regnamespace and relkind = 'r' and relowner = current_user::regrole
       and relpersistence in ('p', 'u') and relname <> all ($1)
     order by relname`,
    [NOT_SAVED],
  );
  return rows;
}

async function hasJobs(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean }>(
    `select to_regclass('graphile_worker._private_jobs') is not null as there`,
  );
  return rows[0]!.there;
}

const quote = pg.escapeIdentifier;
const list = (names: readonly string[]): string => names.map(quote).join(', ');
