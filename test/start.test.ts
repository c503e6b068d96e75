/** Starting and stopping the real program: the first time, again, after a crash, and where it cannot be. */
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import pg from 'pg';
import { afterAll, describe, expect, inject, test } from 'vitest';
import { eventually, freshDatabase } from './harness.ts';
import {
  environment,
  freePort,
  isAlive,
  launch,
  postgresPid,
  type RunningProgram,
  start,
  steward,
  unusedHome,
} from './program.ts';

const homes: string[] = [];
function newHome(): string {
  const home = unusedHome();
  homes.push(home);
  return home;
}
afterAll(() => Promise.all(homes.map((home) => rm(home, { recursive: true, force: true }))));

async function health(url: string) {
  const answer = await fetch(`${url}/health`);
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

/** What is said of a start that must not be: one line, with a stable code. */
async function refusal(env: NodeJS.ProcessEnv, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await steward(env, 'serve', ...args);
  const lines = stderr.split('\n').filter((line) => /^steward: |^\s+at /.test(line));
  expect({ code, stdout, lines }).toEqual({
    code: 1,
    stdout: '',
    lines: [expect.stringMatching(/^steward: .+ \[\w+\]$/)],
  });
  return lines[0]!;
}

test('first start, second start, both signals, and a crash', async () => {
  const home = newHome();
  const env = environment(home);

  const first = await start(env);
  expect(first.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  await eventually(async () => first.said.stdout.split('\n').length > 2);
  // Only what a program may want is on stdout; how it goes on is for the eyes.
  expect(first.said.stdout.trim().split('\n')).toEqual([
    `Steward is ready at ${first.url}`,
    expect.stringMatching(new RegExp(`^Open this link to make the first account: ${first.url}/\\S{20,}$`)),
  ]);
  expect(first.said.stderr).toMatch(/^Creating the database\nPreparing the database: 0001_platform/m);
  expect(await health(first.url)).toMatchObject({
    status: 200,
    body: { status: 'ok', version: '0.1.0', database: { status: 'ok', embedded: true } },
  });

  // Somebody listens to what happens, and will not go by himself.
  const key = await steward(env, 'users', 'create', '--email', 'first@example.test', '--name', 'First').then(
    async () => (await steward(env, 'keys', 'create', '--label', 'start')).stdout.trim(),
  );
  const listening = await fetch(`${first.url}/v1/events/stream`, {
    headers: { authorization: `Bearer ${key}` },
  });
  expect(listening.status).toBe(200);
  const cut = listening.text().catch(() => 'cut');
  const postgres = (await postgresPid(home))!;
  expect(isAlive(postgres)).toBe(true);
  const ended = await first.stop('SIGTERM');
  expect(ended.code).toBe(0);
  expect(ended.ms).toBeLessThan(5000);
  expect(isAlive(postgres)).toBe(false);
  expect(await postgresPid(home)).toBeUndefined();
  await cut;
  expect(first.said.stderr).not.toContain('{"level"');

  const again = performance.now();
  const second = await start(env);
  // About 1.5 s on a machine with nothing else to do.
  expect(performance.now() - again).toBeLessThan(8000);
  expect(second.said.stderr).toBe('');
  const interrupted = await second.stop('SIGINT');
  expect(interrupted.code).toBe(0);
  expect(interrupted.ms).toBeLessThan(5000);
  // There is an account now: nobody is offered to make the first one.
  expect(second.said.stdout).toBe(`Steward is ready at ${second.url}\n`);

  const third = await start(env);
  const orphan = (await postgresPid(home))!;
  await third.stop('SIGKILL');
  const fourth = await start(env);
  expect(await health(fourth.url)).toMatchObject({ status: 200 });
  expect((await steward(env, 'users', 'list', '--json')).stdout).toContain('first@example.test');
  const last = (await postgresPid(home))!;
  await fourth.stop();
  expect([isAlive(orphan), isAlive(last)]).toEqual([false, false]);
});

test('a first start that is killed half-way: the next one finishes it', async () => {
  const home = newHome();
  const env = environment(home);
  const { said, ...begun } = launch(env);
  await eventually(async () => said.stderr.includes('Preparing the database'));
  await begun.stop('SIGTERM');
  const next = await start(env);
  expect((await health(next.url)).status).toBe(200);
  await next.stop();
});

describe('beside a server', () => {
  let server: RunningProgram;
  const home = newHome();
  const port = freePort();

  test('flags are as good as the environment', async () => {
    const env = environment('/nowhere/at/all', { STEWARD_PORT: '1' });
    server = await start(env, ['serve', '--home', home, '--port', String(await port), '--host', '127.0.0.1']);
    expect(server.url).toBe(`http://127.0.0.1:${await port}`);
    expect((await steward(env, '--home', home, 'users', 'list')).stdout).toBe('(none)\n');
    expect((await steward(env, 'users', 'list', '--home', home)).stdout).toBe('(none)\n');
  });

  test('a port in use', async () => {
    const other = newHome();
    expect(await refusal(environment(other, { STEWARD_PORT: String(await port) }))).toMatch(
      /127\.0\.0\.1:\d+ is in use.*--port.*\[port_in_use\]/,
    );
    expect(await postgresPid(other)).toBeUndefined();
  });

  test('a home in use: who was there first notices nothing', async () => {
    const postgres = await postgresPid(home);
    const said = server.said.stderr;
    expect(await refusal(environment(home))).toMatch(/is used by another server.*\[home_in_use\]/);
    expect(await postgresPid(home)).toBe(postgres);
    expect((await health(server.url)).status).toBe(200);
    expect(server.said.stderr).toBe(said);
  });

  test('the metrics of a server that only this machine reaches', async () => {
    await fetch(`${server.url}/v1/tasks`);
    const answer = await fetch(`${server.url}/metrics`);
    expect(answer.status).toBe(200);
    const text = await answer.text();
    expect(text).toMatch(
      /^steward_http_request_duration_seconds_bucket\{.*route="\/v1\/tasks",status="401"/m,
    );
    expect(text).toMatch(/^steward_jobs\{state="dead"\} 0$/m);
    await server.stop();
  });
});

describe('where it cannot be', () => {
  test('a home that is a file, a home that anybody may write to', async () => {
    const file = newHome();
    await writeFile(file, 'mine');
    expect(await refusal(environment(file))).toMatch(/not a directory.*\[home_unreadable\]/);
    expect(await readFile(file, 'utf8')).toBe('mine');
    const open = newHome();
    await mkdir(open);
    await chmod(open, 0o777);
    expect(await refusal(environment(open))).toMatch(/anybody may write.*\[home_unreadable\]/);
  });

  test('a database URL that leads nowhere', async () => {
    const said = (url: string) => refusal(environment(newHome(), { DATABASE_URL: url }));
    const [scheme, port, host] = await Promise.all([
      said('mysql://localhost/steward'),
      said('postgres://127.0.0.1:1/steward'),
      said('postgres://nobody.invalid/steward'),
    ]);
    expect(scheme).toMatch(/must begin with postgres:\/\/.*\[configuration\]/);
    expect(port).toMatch(/ECONNREFUSED.*\[database_unreachable\]/);
    expect(host).toMatch(/cannot log in.*\[database_unreachable\]/);
  });

  test('settings that cannot be meant', async () => {
    const env = environment(newHome(), { STEWARD_CONCURRENCY: '-1' });
    const [port, concurrency] = await Promise.all([
      refusal(environment(newHome()), '--port', 'x'),
      refusal(env),
    ]);
    expect(port).toMatch(/--port or STEWARD_PORT.*number/);
    expect(concurrency).toMatch(/STEWARD_CONCURRENCY/);
  });

  test('a wrong password, and a role that may not make roles', async () => {
    const url = new URL(await freshDatabase('external'));
    url.password = 'wrong';
    expect(await refusal(environment(newHome(), { DATABASE_URL: url.toString() }))).toMatch(
      /password authentication failed.*\[database_unreachable\]/,
    );
    const admin = await connected(inject('servers')[1]!.adminUrl);
    const role = `modest_${process.pid}_${Date.now()}`;
    await admin.query(`create role ${role} login password 'modest'`);
    url.username = role;
    url.password = 'modest';
    expect(await refusal(environment(newHome(), { DATABASE_URL: url.toString() }))).toMatch(
      /may not do enough.*create roles.*\[configuration\]/,
    );
    await admin.query(`drop role ${role}`);
    await admin.end();
  });

  test('a server that is too old', async () => {
    const old = await oldServer();
    const { port } = old.address() as { port: number };
    const url = `postgres://postgres@127.0.0.1:${port}/steward`;
    expect(await refusal(environment(newHome(), { DATABASE_URL: url }))).toMatch(
      /PostgreSQL 14; Steward needs 15 or newer.*\[database_version\]/,
    );
    old.close();
  });

  test('a database that a newer Steward has migrated', async () => {
    const url = await freshDatabase('external');
    const env = environment(newHome(), { DATABASE_URL: url });
    await steward(env, 'users', 'create', '--email', 'a@example.test', '--name', 'A');
    const database = await connected(url);
    await database.query(
      `insert into steward_migrations (number, name, hash) values (9999, '9999_future.sql', 'x')`,
    );
    expect(await refusal(env)).toMatch(/newer Steward \(9999_future\.sql\).*\[database_version\]/);
    expect((await database.query('select email from users')).rows).toEqual([{ email: 'a@example.test' }]);
    await database.end();
  });
});

test('a server that leaves its work to a worker, open to a network', async () => {
  const env = environment(newHome(), {
    DATABASE_URL: await freshDatabase('external'),
    STEWARD_CONCURRENCY: '0',
    STEWARD_HOST: '0.0.0.0',
  });
  await steward(env, 'users', 'create', '--email', 'a@example.test', '--name', 'A');
  const keys = [[], ['--profile-name', 'admin']].map(async (more) => {
    const { stdout } = await steward(env, 'keys', 'create', '--label', 'k', ...more);
    return stdout.trim();
  });
  const [personal, admin] = await Promise.all(keys);
  const server = await start(env);
  const url = server.url.replace('0.0.0.0', '127.0.0.1');

  const metrics = async (key?: string): Promise<number> =>
    (await fetch(`${url}/metrics`, key ? { headers: { authorization: `Bearer ${key}` } } : {})).status;
  expect([await metrics(), await metrics(personal), await metrics(admin)]).toEqual([401, 403, 200]);
  expect((await health(url)).status).toBe(200);

  // A turn of a conversation is a job: nothing is heard until somebody works.
  const answer = await fetch(`${url}/v1/chat`, {
    method: 'POST',
    headers: { authorization: `Bearer ${personal}`, 'content-type': 'application/json' },
    body: JSON.stringify({ message: 'buy a ladder tomorrow' }),
  });
  let heard = '';
  const whole = answer.text().then((text) => {
    heard = text;
  });
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(heard).toBe('');
  const worker = await start(env, ['worker'], /^Steward is working$/m);
  await whole;
  expect(heard).toContain('Buy a ladder');
  const [one, other] = await Promise.all([worker.stop(), server.stop()]);
  expect([one.code, other.code]).toEqual([0, 0]);
  expect(Math.max(one.ms, other.ms)).toBeLessThan(5000);
});

async function connected(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  return client;
}

/** As much of PostgreSQL 14 as a client needs to ask for its version. */
function oldServer(): Promise<Server> {
  const message = (type: string, ...parts: Buffer[]): Buffer => {
    const body = Buffer.concat(parts);
    const head = Buffer.alloc(5);
    head.write(type);
    head.writeInt32BE(body.length + 4, 1);
    return Buffer.concat([head, body]);
  };
  const int = (size: 2 | 4, value: number): Buffer => {
    const bytes = Buffer.alloc(size);
    bytes.writeIntBE(value, 0, size);
    return bytes;
  };
  const field = (name: string): Buffer =>
    Buffer.concat([
      Buffer.from(`${name}\0`),
      int(4, 0),
      int(2, 0),
      int(4, 25),
      int(2, -1),
      int(4, -1),
      int(2, 0),
    ]);
  const text = (value: string): Buffer => Buffer.concat([int(4, value.length), Buffer.from(value)]);
  const ready = message('Z', Buffer.from('I'));
  return new Promise((resolve) => {
    const server = createServer((socket) => {
      socket.once('data', () => {
        socket.write(Buffer.concat([message('R', int(4, 0)), ready]));
        socket.on('data', (data) => {
          if (data.toString('latin1', 0, 1) !== 'Q') return;
          socket.write(
            Buffer.concat([
              message('T', int(2, 2), field('version'), field('name')),
              message('D', int(2, 2), text('140010'), text('steward')),
              message('C', Buffer.from('SELECT 1\0')),
              ready,
            ]),
          );
        });
      });
      socket.on('error', () => undefined);
    }).listen(0, '127.0.0.1', () => resolve(server));
  });
}
