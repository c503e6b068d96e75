/**
 * The PostgreSQL server that Steward brings along, listening on a Unix socket only.
 *
 * A server serves every process that uses its home, and lives as long as the last of them. The kernel does the
 * counting: each process holds a named pipe open for writing, and a guardian (a few lines of shell) reads from it.
 * When the last process is gone, killed or not, the guardian's read ends, and it shuts the server down. So a
 * SIGKILL leaves nothing behind, and nobody has to guess from a pid file who is still alive.
 *
 *   no server        start one, with its guardian
 *   ready            join it: open the pipe
 *   starting         wait
 *   stopping         wait until it is gone, then start one
 *   ready, but its guardian was killed: give it another one, then join it
 *
 * The owner of the home (`takeOver`, that is `steward serve`, which makes sure that it is the only one) is special
 * in two ways: its stop() stops the server whoever still uses it, and it starts a server that crashed again.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import {
  appendFile,
  chown,
  copyFile,
  open,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { AppError } from '../errors.ts';
import { log } from '../log.ts';
import { type Binaries, findBinaries } from './embedded-binaries.ts';
import {
  admitServer,
  databaseLocation,
  type Identity,
  ownedDirectory,
  recordLocation,
  socketDirectory,
  unlessMissing,
} from './embedded-files.ts';
import { homeSecret, prepareHome, unusable } from './embedded-home.ts';

export interface EmbeddedServer {
  /** How the superuser logs in; `localhost` is a placeholder that URL parsers want, `host` names the socket. */
  readonly adminUrl: string;
  readonly socketDir: string;
  readonly port: number;
  /** False when the server was running already. */
  readonly startedHere: boolean;
  /** Makes this process the owner, as `takeOver` does; for one that has to find out first whether it may be. */
  own(): void;
  /** Leaves the server; the owner stops it, within 5 s. */
  stop(): Promise<void>;
}

/** Only names the socket: nothing listens on a network. */
const PORT = 5432;
const START_TIMEOUT = 30_000;
const FAST_SHUTDOWN_TIMEOUT = 4_000;
const LONGEST_LOG = 5_000_000;

/** Sized for a small machine; `ALTER SYSTEM` overrules each. A statement may hold what somebody wrote: none is logged. */
const SETTINGS = {
  max_connections: '100',
  shared_buffers: '64MB',
  work_mem: '4MB',
  maintenance_work_mem: '32MB',
  max_wal_size: '256MB',
  min_wal_size: '64MB',
  wal_compression: 'on',
  checkpoint_timeout: '15min',
  jit: 'off',
  max_worker_processes: '4',
  max_logical_replication_workers: '0',
  autovacuum_max_workers: '2',
  io_method: 'sync',
  random_page_cost: '1.1',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  log_error_verbosity: 'terse',
  log_min_error_statement: 'panic',
  default_text_search_config: 'pg_catalog.simple',
};

/** Reads until all writers are gone (a line means that there is nothing left to do), then stops its server. */
const GUARDIAN = `
read -r line < "$1" || {
  alive() { [ "$(head -n 1 "$2/postmaster.pid" 2>/dev/null)" = "$3" ] && kill -0 "$3" 2>/dev/null; }
  alive "$@" && kill -INT "$3"
  tries=40
  while alive "$@" && [ $tries -gt 0 ]; do sleep 0.1; tries=$((tries - 1)); done
  alive "$@" && kill -QUIT "$3"
}
rm -f "$1"
`;

/** What starting needs to know. */
interface Place {
  readonly home: string;
  readonly identity: Identity;
  readonly location: string;
  readonly data: string;
  readonly password: string;
  readonly binaries: Binaries;
}

/** The first lines of postmaster.pid, which the server keeps up to date. */
interface Postmaster {
  readonly pid: number;
  readonly socketDir: string;
  readonly status: string;
}

/**
 * Starts the server of this home, or joins the one that runs already.
 *
 * @param options.takeOver this process owns the home: stop() stops the server, whoever started it
 * @throws AppError `home_unreadable`, `database_version`, `configuration` or `database_unreachable`
 */
export async function startEmbedded(options: {
  home: string;
  takeOver?: boolean;
  onProgress?: (line: string) => void;
}): Promise<EmbeddedServer> {
  const onProgress = options.onProgress ?? (() => undefined);
  const place = await prepare(options.home, onProgress);
  let server = await enter(place, onProgress);
  let stopping = false;

  let owner = false;
  let upkeep: NodeJS.Timeout | undefined;
  const revive = async (): Promise<void> => {
    if (stopping) return;
    log.error('the embedded database has died and is started again; postgres.log in the home says why');
    try {
      dismiss(server.pipe);
      server = await enter(place, () => undefined);
      if (stopping) await shutDown(place, server);
      else watch();
    } catch (err) {
      log.fatal({ err }, 'the embedded database cannot be started again');
    }
  };
  const watch = () => owner && server.child?.once('exit', () => void revive());
  const own = (): void => {
    if (owner) return;
    owner = true;
    upkeep = setInterval(() => void boundLog(place.home), 600_000).unref();
    watch();
  };
  if (options.takeOver) own();

  const { socketDir, startedHere } = server;
  const url = new URL(`postgres://postgres@localhost:${PORT}/postgres`);
  url.password = place.password;
  url.searchParams.set('host', socketDir);
  url.searchParams.set('port', String(PORT));
  return {
    adminUrl: url.toString(),
    socketDir,
    port: PORT,
    startedHere,
    own,
    stop: async () => {
      if (stopping) return;
      stopping = true;
      clearInterval(upkeep);
      if (owner) await shutDown(place, server);
      else await leave(place, server);
    },
  };
}

async function prepare(home: string, onProgress: (line: string) => void): Promise<Place> {
  if (process.platform === 'win32') {
    throw new AppError(
      'configuration',
      'there is no embedded database for Windows. Set DATABASE_URL to a PostgreSQL of your own, or use WSL.',
    );
  }
  await prepareHome(home);
  const identity = await admitServer(home);
  const binaries = await findBinaries(home, identity, onProgress);
  const location = await databaseLocation(home, identity);
  // One name, whatever symbolic links lead to it: a running server is known by it.
  const data = join(await realpath(location), 'database');
  const made = await readFile(join(data, 'PG_VERSION'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw unusable(data, error);
  });
  if (made !== undefined && made.trim() !== binaries.major) {
    throw new AppError(
      'database_version',
      `the database in ${data} was made by PostgreSQL ${made.trim()}; this Steward brings ${binaries.major}. Make a backup with the Steward that you used before, and restore it into a new home.`,
    );
  }
  const password = await homeSecret(home, 'database_password');
  if (made === undefined) {
    onProgress('Creating the database');
    await initialise({ home, identity, location, data, password, binaries });
  }
  await recordLocation(home, location);
  return { home, identity, location, data, password, binaries };
}

/** Makes a data directory and moves it into place whole: one that is there is complete. */
async function initialise({ location, data, password, binaries, identity }: Place): Promise<void> {
  const unfinished = join(location, `database.${randomBytes(6).toString('hex')}`);
  const passwordFile = `${unfinished}.password`;
  try {
    await ownedDirectory(unfinished, identity);
    await writeFile(passwordFile, password, { mode: 0o600 });
    await chown(passwordFile, identity.uid, identity.gid);
    const run = async (...more: string[]) =>
      promisify(execFile)(binaries.initdb, ['--pgdata', unfinished, ...more], childOptions(identity));
    const create = (ctype: string) =>
      run(
        ...[
          '--no-sync',
          '--no-instructions',
          '--encoding=UTF8',
          '--username=postgres',
          '--auth=scram-sha-256',
        ],
        ...['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C', `--lc-ctype=${ctype}`],
        ...[`--pwfile=${passwordFile}`, '--set=max_connections=100', '--set=shared_buffers=64MB'],
      );
    // Full-text and trigram search ask the C library what a letter is; without a UTF-8 ctype, ü is none.
    await create('C.UTF-8')
      .catch(() => create('en_US.UTF-8'))
      .catch(() => create('C'));
    await appendFile(join(unfinished, 'postgresql.conf'), "\ninclude_if_exists = 'steward.conf'\n");
    await run('--sync-only');
    await rename(unfinished, data).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error; // another process was faster
    });
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    const { stderr, message } = cause as Error & { stderr?: string };
    throw cannotStart(stderr?.trim().split('\n').at(-1) || message, cause);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
    await rm(passwordFile, { force: true });
  }
}

/** A server that this process has entered. */
interface Entered {
  readonly pid: number;
  readonly socketDir: string;
  readonly startedHere: boolean;
  /** A bare descriptor: a FileHandle would be closed, and the server stopped, when nobody refers to it any more. */
  readonly pipe: number | undefined;
  readonly child: ChildProcess | undefined;
}

async function enter(place: Place, onProgress: (line: string) => void): Promise<Entered> {
  const deadline = Date.now() + START_TIMEOUT;
  let unguardedSince = 0;
  let told = false;
  while (Date.now() < deadline) {
    const running = await findPostmaster(place.data);
    if (!running) {
      const started = await launch(place);
      if (started) return started;
    } else if (running.status === 'ready') {
      let pipe = openPipe(pipePath(place, running.pid));
      // Without a guardian it is on its way out; after a while, its guardian must have been killed.
      if (pipe === undefined) unguardedSince ||= Date.now();
      if (pipe === undefined && unguardedSince < Date.now() - 500) {
        pipe = await guard(place, running.pid);
      }
      if (pipe !== undefined) {
        const accepted = await accepts(place, running).catch((error: unknown) => {
          closeSync(pipe);
          throw error;
        });
        if (accepted) return { ...running, startedHere: false, pipe, child: undefined };
        closeSync(pipe);
      }
    } else if (!told) {
      told = true;
      onProgress(
        running.status === 'stopping' ? 'Waiting for the database to stop' : 'Waiting for the database',
      );
    }
    await sleep(20);
  }
  throw cannotStart('it did not become ready in time');
}

/** @returns undefined when another process was faster, or a crashed server's last children are still leaving */
async function launch(place: Place): Promise<Entered | undefined> {
  const { data, identity, binaries, home, location } = place;
  const socketDir = await socketDirectory(location, identity);
  await discardStale(join(data, 'postmaster.pid'), data);
  await discardStale(join(socketDir, `.s.PGSQL.${PORT}.lock`), data);
  const settings = Object.entries(SETTINGS).map(([name, value]) => `${name} = '${value}'\n`);
  await writeFile(join(data, 'steward.conf'), settings.join(''), { mode: 0o600 });
  await chown(join(data, 'steward.conf'), identity.uid, identity.gid);

  await boundLog(home);
  const logFile = await open(join(home, 'postgres.log'), 'a', 0o600);
  const logStart = (await logFile.stat()).size;
  const network = ['-c', 'listen_addresses=', '-c', 'unix_socket_permissions=0700'];
  const socket = ['-p', String(PORT), '-c', `unix_socket_directories=${quoteListItem(socketDir)}`];
  const child = spawn(binaries.postgres, ['-D', data, ...network, ...socket], {
    ...childOptions(identity),
    // A Ctrl-C at the terminal is for us; we then stop the server in our own order.
    detached: true,
    stdio: ['ignore', logFile.fd, logFile.fd],
  });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(`it ended with ${signal ?? `code ${code}`}`));
  });
  let end: string | undefined;
  void ended.then((how) => {
    end = how;
  });
  child.unref();
  await logFile.close();

  const pid = child.pid;
  if (pid !== undefined) {
    const pipe = await guard(place, pid).catch((error: unknown) => {
      child.kill('SIGQUIT');
      throw error;
    });
    const deadline = Date.now() + START_TIMEOUT;
    while (end === undefined && Date.now() < deadline) {
      const running = await readPostmaster(data);
      if (running?.pid === pid && running.status === 'ready') {
        return { pid, socketDir, startedHere: true, pipe, child };
      }
      await sleep(5);
    }
    if (end === undefined) child.kill('SIGQUIT');
    dismiss(pipe);
  }
  const how = end ?? (await ended);
  const written = (await readFile(join(home, 'postgres.log'))).subarray(logStart).toString();
  if (/pre-existing shared memory block|lock file ".*" already exists/.test(written)) return undefined;
  throw cannotStart(/FATAL: *(.*)/.exec(written)?.[1] ?? how);
}

/** Gives the server with this pid a guardian, and joins. */
async function guard(place: Place, pid: number): Promise<number> {
  const path = pipePath(place, pid);
  const options = childOptions(place.identity);
  // A pipe that is there already is as good: then somebody else is doing this at the same moment.
  let failure = await promisify(execFile)('mkfifo', ['-m', '600', path], options).then(
    () => '',
    (error: Error) => error.message,
  );
  const guardian = spawn(
    '/bin/sh',
    ['-c', GUARDIAN, 'steward-database-guardian', path, place.data, String(pid)],
    { ...options, detached: true, stdio: 'ignore' },
  );
  guardian.once('error', (error) => {
    failure = error.message;
  });
  guardian.unref();
  for (let tries = 0; tries < 400; tries++) {
    const pipe = openPipe(path);
    if (pipe !== undefined) return pipe;
    await sleep(5);
  }
  throw cannotStart(`its guardian did not start (${failure.trim() || 'no answer'})`);
}

const pipePath = ({ location }: Place, pid: number) => join(location, 'run', `users.${pid}`);

/** @returns undefined when nobody reads from it: there is no guardian, or it has just gone to work */
function openPipe(path: string): number | undefined {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}

/** Leaves, and tells the guardian that its server is gone. */
function dismiss(pipe: number | undefined): void {
  if (pipe === undefined) return;
  try {
    writeSync(pipe, '\n');
  } catch {
    // The guardian is gone already.
  }
  closeSync(pipe);
}

/** Closes our end of the pipe. Who started the server waits until it is gone, when nobody else uses it. */
async function leave(place: Place, server: Entered): Promise<void> {
  if (server.pipe !== undefined) closeSync(server.pipe);
  if (!server.startedHere) return;
  for (let tries = 0; tries < 10; tries++) {
    const pipe = openPipe(pipePath(place, server.pid));
    if (pipe === undefined) return void (await gone(place, server.pid, FAST_SHUTDOWN_TIMEOUT + 500));
    closeSync(pipe);
    await sleep(10);
  }
}

async function shutDown(place: Place, server: Entered): Promise<void> {
  signal(server.pid, 'SIGINT');
  if (!(await gone(place, server.pid, FAST_SHUTDOWN_TIMEOUT))) {
    signal(server.pid, 'SIGQUIT');
    await gone(place, server.pid, 700);
  }
  dismiss(server.pipe);
}

async function gone(place: Place, pid: number, milliseconds: number): Promise<boolean> {
  for (const deadline = Date.now() + milliseconds; Date.now() < deadline; await sleep(10)) {
    if (!(await isPostmaster(pid, place.data))) return true;
  }
  return false;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/**
 * PostgreSQL sorts out the lock file of a dead server by itself, except when its pid has come to be that of an
 * innocent process, as it does in containers: then it takes that process for a server. Moved away before it is
 * looked at again, so that the lock of a server which starts at this moment is never deleted.
 */
async function discardStale(path: string, data: string): Promise<void> {
  const pid = Number.parseInt((await readFile(path, 'utf8').catch(unlessMissing)) ?? '', 10);
  if (Number.isNaN(pid) || !isAlive(pid) || (await isPostmaster(pid, data))) return;
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  await rename(path, aside).catch(unlessMissing);
  const moved = await readFile(aside, 'utf8').catch(unlessMissing);
  if (moved === undefined) return;
  if (Number.parseInt(moved, 10) === pid) await rm(aside);
  else await rename(aside, path);
}

async function findPostmaster(data: string): Promise<Postmaster | undefined> {
  const written = await readPostmaster(data);
  return written && (await isPostmaster(written.pid, data)) ? written : undefined;
}

async function readPostmaster(data: string): Promise<Postmaster | undefined> {
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(unlessMissing);
  const [pid, , , , socketDir = '', , , status = ''] = text?.split('\n') ?? [];
  return pid ? { pid: Number(pid), socketDir, status: status.trim() } : undefined;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** A pid alone proves nothing: after a restart of the machine or container it may be that of any other process. */
async function isPostmaster(pid: number, data: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  if (process.platform === 'linux') {
    // Empty for a zombie. Where it is hidden from us, we had better believe the pid file.
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => data);
    return command.split('\0').includes(data);
  }
  const { stdout } = await promisify(execFile)('ps', ['-ww', '-o', 'command=', '-p', String(pid)]).catch(
    () => ({
      stdout: '',
    }),
  );
  return stdout.includes(data);
}

/** @throws AppError when the server is there but does not know our password */
async function accepts(place: Place, { socketDir }: Postmaster): Promise<boolean> {
  const { password } = place;
  const client = new pg.Client({
    host: socketDir,
    port: PORT,
    user: 'postgres',
    database: 'postgres',
    password,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch (error) {
    if ((error as { code?: string }).code !== '28P01') return false;
    throw new AppError(
      'home_unreadable',
      `${join(place.home, 'secrets.json')} does not hold the password of the database in ${place.data}. Put back the one that belongs to it.`,
      { cause: error },
    );
  } finally {
    await client.end();
  }
}

/** The server holds the file open for appending, so the old lines are copied away and the file is emptied. */
async function boundLog(home: string): Promise<void> {
  const path = join(home, 'postgres.log');
  const size = (await stat(path).catch(unlessMissing))?.size ?? 0;
  if (size < LONGEST_LOG) return;
  await copyFile(path, `${path}.1`);
  await truncate(path);
}

/** As root, becomes the server's user. The environment is bare, so that no PG… or LC_… variable of ours leaks in. */
function childOptions({ uid, gid }: Identity) {
  const drop = process.getuid!() === 0 ? { uid, gid } : {};
  return { ...drop, cwd: '/', env: { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C' } };
}

/** Directories are separated by commas there. */
const quoteListItem = (item: string) => `"${item.replaceAll('"', '""')}"`;

function cannotStart(why: string, cause?: unknown): AppError {
  return new AppError(
    'database_unreachable',
    `the embedded database could not be started: ${why}. postgres.log in the home has more.`,
    { cause },
  );
}
