import pg from 'pg';
import type { Config } from '../config.ts';
import { startEmbedded } from './embedded.ts';
import { homeSecret, prepareHome } from './embedded-home.ts';
import { type Database, openDatabase } from './index.ts';
import { migrate, readMigrations } from './migrate.ts';
import { prepareRoles, roleUrl } from './roles.ts';

/** A database that is migrated and open, and how to reach it from outside. */
export interface OpenedDatabase {
  readonly db: Database;
  /** Known to this installation alone; other secrets are derived from it. */
  readonly secret: string;
  readonly urls: { readonly admin: string; readonly owner: string; readonly app: string };
  /** The number of the newest migration. */
  readonly level: number;
  readonly embedded: boolean;
  /** This process keeps the embedded server from now on, and stops it at the end; nothing with an external one. */
  own(): void;
  close(): Promise<void>;
}

/** The name of the database within the embedded server. */
const NAME = 'steward';

/**
 * Opens the database that `config` names, starting the embedded server when it names none, and brings it up to date.
 *
 * @throws AppError `home_unreadable`, `database_unreachable`, `database_version`
 */
export async function openConfiguredDatabase(
  config: Pick<Config, 'home' | 'databaseUrl'>,
  options: { poolSize?: number; onProgress?: (line: string) => void } = {},
): Promise<OpenedDatabase> {
  const progress = options.onProgress ?? (() => undefined);
  await prepareHome(config.home);
  const secret = await homeSecret(config.home, 'installation');
  const server =
    config.databaseUrl === undefined
      ? await startEmbedded({ home: config.home, onProgress: progress })
      : undefined;
  try {
    const admin = server ? await databaseWithin(server.adminUrl) : config.databaseUrl!;
    await prepareRoles(admin, secret);
    const urls = {
      admin,
      owner: roleUrl(admin, 'steward_owner', secret),
      app: roleUrl(admin, 'steward_app', secret),
    };
    const level = await migrate(urls.owner, await readMigrations(), progress);
    const db = await openDatabase({
      ownerUrl: urls.owner,
      appUrl: urls.app,
      ...(options.poolSize === undefined ? {} : { poolSize: options.poolSize }),
    });
    return {
      db,
      secret,
      urls,
      level,
      embedded: server !== undefined,
      own: () => server?.own(),
      close: async () => {
        await db.close();
        await server?.stop();
      },
    };
  } catch (error) {
    await server?.stop();
    throw error;
  }
}

/** @returns the URL of our database in the server that `serverUrl` reaches, made when it is not there yet */
async function databaseWithin(serverUrl: string): Promise<string> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [NAME]);
    if (rowCount === 0) {
      await client.query(`create database ${NAME}`).catch((error: pg.DatabaseError) => {
        // duplicate_database, or the unique index behind it: another process of this home was quicker.
        if (error.code !== '42P04' && error.code !== '23505') throw error;
      });
    }
  } finally {
    await client.end();
  }
  const url = new URL(serverUrl);
  url.pathname = `/${NAME}`;
  return url.toString();
}
