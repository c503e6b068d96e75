import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runMigrations as migrateJobs } from 'graphile-worker';
import pg from 'pg';
import { AppError } from '../errors.ts';

const DIRECTORY = join(import.meta.dirname, '../../../migrations');

/** One step of the schema's history. `number` is its place; a step that has run is never changed. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
  readonly hash: string;
}

/** @returns the migrations of this version, in order. */
export async function readMigrations(directory = DIRECTORY): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => /^\d{4}_\w+\.sql$/.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(join(directory, name), 'utf8');
      return {
        number: Number(name.slice(0, 4)),
        name,
        sql,
        hash: createHash('sha256').update(sql).digest('hex'),
      };
    }),
  );
}

/**
 * Brings the database to this version, each step in a transaction of its own, one process at a time.
 *
 * @param ownerUrl how steward_owner logs in
 * @returns the number of the newest step
 * @throws AppError `database_version` when the database is newer than this program
 */
export async function migrate(
  ownerUrl: string,
  migrations: readonly Migration[],
  onProgress: (line: string) => void = () => undefined,
): Promise<number> {
  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  try {
    await owner.query('select pg_advisory_lock(4747, 1)');
    await owner.query(`
      create table if not exists steward_migrations (
        number integer primary key, name text not null, hash text not null, applied_at timestamptz not null default now()
      )`);
    const applied = await owner.query<{ number: number; name: string; hash: string }>(
      'select number, name, hash from steward_migrations order by number',
    );
    const newest = migrations.at(-1)?.number ?? 0;
    const ahead = applied.rows.find((row) => row.number > newest);
    if (ahead) {
      throw new AppError(
        'database_version',
        `the database was migrated by a newer Steward (${ahead.name}); start that version, or restore a backup.`,
      );
    }
    for (const step of migrations) {
      const done = applied.rows.find((row) => row.number === step.number);
      if (done && done.hash !== step.hash) {
        throw new AppError(
          'database_version',
          `migration ${step.name} is not the one that this database has run.`,
        );
      }
      if (done) continue;
      onProgress(`Preparing the database: ${step.name}`);
      try {
        await owner.query('begin');
        await runStep(owner, step);
        await owner.query('commit');
      } catch (cause) {
        await owner.query('rollback');
        throw new Error(`migration ${step.name}: ${(cause as Error).message}`, { cause });
      }
    }
    const jobs = await owner.query(`select to_regclass('graphile_worker.migrations') is not null as there`);
    if (!jobs.rows[0].there) await migrateJobs({ connectionString: ownerUrl });
    return newest;
  } finally {
    await owner.end();
  }
}

/** Carries out one step within the caller's transaction, and notes that it was. */
export async function runStep(owner: pg.Client, step: Migration): Promise<void> {
  await owner.query(step.sql);
  await owner.query('insert into steward_migrations (number, name, hash) values ($1, $2, $3)', [
    step.number,
    step.name,
    step.hash,
  ]);
}
