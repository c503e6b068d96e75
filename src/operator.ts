/** What an operator does at the terminal. The database is opened directly, whether the server runs or not. */
import { stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline/promises';
import { sql } from 'drizzle-orm';
import pg from 'pg';
import { openApp } from './app.ts';
import { findUser } from './modules/identity/index.ts';
import type { Config } from './platform/config.ts';
import { backup, restore } from './platform/database/backup.ts';
import { openConfiguredDatabase } from './platform/database/open.ts';
import { AppError } from './platform/errors.ts';
import type { Session } from './platform/faces/cli.ts';
import { startJobs } from './platform/jobs/index.ts';
import type { Actor } from './platform/operations/index.ts';
import { VERSION } from './version.ts';

const progress = (line: string): void => void process.stderr.write(`${line}\n`);

/** Runs the server until SIGTERM or SIGINT. */
export async function serveUntilStopped(config: Config): Promise<void> {
  const { serve } = await import('./serve.ts');
  const running = await serve(config, { onProgress: progress });
  // Before anybody is told that it is ready: until here, a signal simply ends us.
  const stopped = stopSignal();
  process.stdout.write(`Steward is ready at ${running.url}\n`);
  const link = await running.app.firstLink(running.url);
  if (link !== undefined) process.stdout.write(`Open this link to make the first account: ${link}\n`);
  await stopped;
  progress('Stopping');
  await within(running.stop());
}

export async function workUntilStopped(config: Config): Promise<void> {
  const { startWorker } = await import('./serve.ts');
  const worker = await startWorker({ ...config, concurrency: Math.max(1, config.concurrency) }, progress);
  const stopped = stopSignal();
  process.stdout.write('Steward is working\n');
  await stopped;
  progress('Stopping');
  await within(worker.stop());
}

/** Milliseconds after which a process that was told to stop ends, whatever still holds it. */
const LONGEST_STOP_MS = 4800;

/** The embedded database ends with us, and an unfinished job is done again: nothing is lost by not waiting. */
async function within(stopped: Promise<void>): Promise<void> {
  const deadline = setTimeout(() => {
    progress('Something did not stop in time; it is cut off.');
    process.exit(1);
  }, LONGEST_STOP_MS);
  await stopped;
  clearTimeout(deadline);
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        // A second signal means: now.
        process.once(signal, () => process.exit(1));
        resolve();
      });
    }
  });
}

export async function serveMcp(config: Config, email: string | undefined): Promise<void> {
  const [{ mcpServer }, { serveStdio }] = await Promise.all([
    import('./platform/faces/mcp.ts'),
    import('@modelcontextprotocol/server/stdio'),
  ]);
  const app = await openApp(config);
  try {
    const actor = await operator(app, email, true);
    const handle = serveStdio(() => mcpServer(app.runtime, app.tools, actor, VERSION));
    await Promise.race([new Promise<void>((resolve) => process.stdin.once('close', resolve)), stopSignal()]);
    await handle.close();
  } finally {
    await app.close();
  }
}

/** Opens the product for one command; see `WithSession`. */
export async function withOperator<T>(
  config: Config,
  options: { user?: string; work?: boolean },
  needsUser: boolean,
  fn: (session: Session) => Promise<T>,
): Promise<T> {
  const app = await openApp(config);
  try {
    const actor = await operator(app, options.user, needsUser);
    const { db, clock } = app.runtime;
    const workers = options.work
      ? await startJobs({ db, clock, modules: app.modules, concurrency: 1 })
      : undefined;
    try {
      return await fn({ runtime: app.runtime, registry: app.registry, actor });
    } finally {
      await workers?.stop();
    }
  } finally {
    await app.close();
  }
}

/** Who may read the home may do everything: the operator acts as an administrator for the named or only user. */
async function operator(
  app: Awaited<ReturnType<typeof openApp>>,
  email: string | undefined,
  needed: boolean,
): Promise<Actor> {
  const chosen = email ?? process.env.STEWARD_USER;
  const user = await findUser(app.runtime.db, chosen);
  if (!user && (needed || chosen !== undefined)) {
    throw new AppError(
      'configuration',
      chosen === undefined
        ? 'say for whom with --user EMAIL; there is no user yet, or more than one (steward users list).'
        : `there is no user ${chosen}; see steward users list.`,
    );
  }
  return {
    kind: 'system',
    id: 'terminal',
    userId: user?.id ?? '00000000-0000-0000-0000-000000000000',
    role: 'admin',
    timezone: user?.timezone ?? 'UTC',
  };
}

export async function printDatabaseUrl(config: Config, role: string): Promise<void> {
  if (role !== 'owner' && role !== 'app') throw new AppError('bad_request', '--role is owner or app.');
  const opened = await openConfiguredDatabase(config);
  process.stdout.write(`${opened.urls[role]}\n`);
  if (opened.embedded) progress('The embedded server answers while steward serve or steward worker runs.');
  await opened.close();
}

export async function backupTo(config: Config, file: string): Promise<void> {
  const opened = await openConfiguredDatabase(config);
  try {
    const result = await withClient(opened.urls.owner, (client) =>
      backup(client, file, { version: VERSION, migration: opened.level }),
    );
    process.stdout.write(`${file}: ${result.rows} rows of ${result.tables} tables\n`);
  } finally {
    await opened.close();
  }
}

export async function restoreFrom(config: Config, file: string, sure: boolean): Promise<void> {
  if (!sure)
    await confirm(
      `Replace everything in ${config.databaseUrl === undefined ? config.home : 'the database'} by ${file}?`,
    );
  const opened = await openConfiguredDatabase(config);
  try {
    await refuseWhileServing(opened.urls.owner);
    const result = await withClient(opened.urls.owner, (client) =>
      restore(client, file, { migration: opened.level }),
    );
    process.stdout.write(`restored ${result.rows} rows of ${result.tables} tables\n`);
  } finally {
    await opened.close();
  }
}

/** A server that is at work would mix its writes with what is restored. */
async function refuseWhileServing(url: string): Promise<void> {
  const others = await withClient(url, (client) =>
    client.query(`select from pg_stat_activity where datname = current_database() and application_name = 'steward session'
                  and usename = 'steward_owner'`),
  );
  // One is our own.
  if ((others.rowCount ?? 0) > 1) {
    throw new AppError('home_in_use', 'a server or worker is using this database; stop it, then restore.');
  }
}

async function withClient<T>(url: string, fn: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await fn(client);
  } finally {
    await client.end();
  }
}

async function confirm(question: string): Promise<void> {
  if (!process.stdin.isTTY) throw new AppError('bad_request', 'this cannot be undone; add --yes to do it.');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${question} [y/N] `);
  terminal.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new AppError('bad_request', 'nothing was changed.');
}

interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly message: string;
}

/** @returns the exit code: 0 when all is well */
export async function doctor(config: Config, json: boolean): Promise<number> {
  const findings: Finding[] = [];
  const check = async (name: string, fn: () => Promise<string>): Promise<void> => {
    try {
      findings.push({ check: name, ok: true, message: await fn() });
    } catch (error) {
      findings.push({
        check: name,
        ok: false,
        message: error instanceof Error ? error.message : String(error),
      });
    }
  };
  const found = await stat(config.home).catch(() => undefined);
  await check('node', async () => `Node ${process.versions.node}`);
  await check('home', async () => {
    if (!found) throw new Error(`there is no ${config.home} yet; steward serve makes it`);
    if (!found.isDirectory())
      throw new Error(`${config.home} is not a directory; choose another with --home`);
    const { mode } = found;
    if ((mode & 0o066) !== 0)
      throw new Error(`others may read ${config.home}; mend it with: chmod 700 ${config.home}`);
    return config.home;
  });
  // A look must not make a home.
  if (found?.isDirectory()) await check('database', () => checkDatabase(config, findings));
  await check('port', () => checkPort(config));
  if (json) process.stdout.write(`${JSON.stringify(findings, null, 2)}\n`);
  else
    for (const { check: name, ok, message } of findings)
      process.stdout.write(`${ok ? 'ok   ' : 'WRONG'} ${name}: ${message}\n`);
  return findings.every(({ ok }) => ok) ? 0 : 1;
}

/** Adds what it finds on the way: users and jobs. @returns what database it is */
async function checkDatabase(config: Config, findings: Finding[]): Promise<string> {
  const opened = await openConfiguredDatabase(config);
  try {
    const { rows } = await opened.db.asService('doctor', (tx) =>
      tx.execute<{ version: string; dead: number; late: number; users: number }>(sql`
          select current_setting('server_version') as version,
                 (select count(*)::int from dead_jobs where retried_at is null) as dead,
                 (select count(*)::int from graphile_worker.jobs where locked_at is null and run_at < now() - interval '5 minutes') as late,
                 (select count(*)::int from users) as users`),
    );
    const { version, dead, late, users } = rows[0]!;
    findings.push({
      check: 'users',
      ok: users > 0,
      message: users > 0 ? `${users}` : 'none yet: open the link that steward serve prints',
    });
    findings.push({ check: 'jobs', ok: dead === 0 && late === 0, message: jobsMessage(dead, late) });
    return `PostgreSQL ${version}, migration ${opened.level}, ${opened.embedded ? 'embedded' : 'external'}`;
  } finally {
    await opened.close();
  }
}

/** Free, or ours already. */
async function checkPort({ host, port }: Config): Promise<string> {
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const inUse = await new Promise<boolean>((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE'
        ? resolve(true)
        : reject(new Error(`cannot listen on ${where} (${error.message}); choose another with --host`)),
    );
    server.listen(port, host, () => server.close(() => resolve(false)));
  });
  if (inUse && !(await isSteward(`http://${where}`)))
    throw new Error(`${where} is used by another program; choose another with --port`);
  return inUse ? `${where}, where Steward answers` : where;
}

async function isSteward(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(3000) });
    const body = (await answer.json()) as { version?: unknown };
    return typeof body.version === 'string';
  } catch {
    return false;
  }
}

function jobsMessage(dead: number, late: number): string {
  if (dead > 0) return `${dead} gave up: steward jobs dead, then steward jobs retry ID`;
  return late > 0
    ? `${late} are waiting for more than five minutes: start steward serve or steward worker`
    : 'none is waiting';
}
