/**
 * A real server, killed with SIGKILL while captures and chat turns go on: what was acknowledged is there, once; every
 * tool call has happened once; nothing is half done; the next start needs no help.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from './harness.ts';

const ROOT = join(import.meta.dirname, '..');
const PROGRAM = join(ROOT, 'bin/steward.js');
/** `npm run soak` sets it: the long form. */
const KILLS = process.env.STEWARD_SOAK ? 60 : 8;

let home: string;
let env: NodeJS.ProcessEnv;
let port: number;

async function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port: free } = probe.address() as { port: number };
      probe.close(() => resolve(free));
    });
  });
}

async function steward(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, ...args], { env });
  return stdout.trim();
}

async function start(): Promise<ChildProcess> {
  const server = spawn(process.execPath, [PROGRAM, 'serve'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said: string[] = [];
  server.stderr!.on('data', (data) => said.push(String(data)));
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: server.stdout! }).on('line', (line) => {
      if (line.startsWith('Steward is ready')) resolve();
    });
    server.once('exit', (code) =>
      reject(new Error(`the server ended with ${code}: ${said.join('').slice(-2000)}`)),
    );
  });
  return server;
}

async function kill(server: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGKILL');
  await gone;
}

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'steward-crash-'));
  port = await freePort();
  env = {
    ...process.env,
    STEWARD_HOME: home,
    STEWARD_PORT: String(port),
    STEWARD_RATE_LIMIT_FACTOR: '0',
    STEWARD_LOG_LEVEL: 'error',
    STEWARD_PAGE: 'off',
    STEWARD_DISCOVERY: 'off',
  };
  delete env.DATABASE_URL;
  await steward('users', 'create', '--email', 'crash@example.test', '--name', 'Crash');
});

afterAll(async () => {
  if (home) await rm(home, { recursive: true, force: true });
});

test(`nothing is lost and nothing is done twice over ${KILLS} kills`, { timeout: 15 * 60_000 }, async () => {
  const key = await steward('keys', 'create', '--label', 'crash', '--user', 'crash@example.test');
  const url = `http://127.0.0.1:${port}`;
  const post = (path: string, body: object, headers = {}): Promise<Response> =>
    fetch(`${url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });

  /** Titles that a client was told are stored, and those whose turn was begun. */
  const acknowledged = new Set<string>();
  const said = new Set<string>();
  let next = 0;

  for (let round = 0; round < KILLS; round++) {
    const server = await start();
    let alive = true;
    const work = async (): Promise<void> => {
      while (alive) {
        const number = ++next;
        try {
          if (number % 2 === 0) {
            const title = `Order part c${number}`;
            const answer = await post('/v1/capture/thought', {
              chat_id: 'crash',
              source: 'test',
              message: `order part c${number}`,
              client_msg_id: `m${number}`,
            });
            if (answer.status === 200) acknowledged.add(title);
          } else {
            const answer = await post('/v1/chat', {
              message: `order part t${number}`,
              client_msg_id: `m${number}`,
            });
            // The message is stored once the stream has begun.
            if (answer.status === 200) said.add(`Order part t${number}`);
            await answer.text();
          }
        } catch {
          // The connection went with the server: not acknowledged.
        }
      }
    };
    const workers = [work(), work(), work()];
    // At any point of the work: after so many answers, and a moment more.
    const enough = acknowledged.size + said.size + Math.floor(Math.random() * 6);
    await eventually(async () => acknowledged.size + said.size >= enough, 20_000);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 40));
    alive = false;
    await kill(server);
    await Promise.all(workers);
  }

  const server = await start();
  try {
    const get = async (path: string) => {
      const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${key}` } });
      expect(answer.status).toBe(200);
      // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the server sent
      return (await answer.json()) as any;
    };
    const all = async (path: string): Promise<{ id: string; title: string; status: string }[]> => {
      const items: { id: string; title: string; status: string }[] = [];
      let cursor: string | null = null;
      do {
        const page: { items: []; next_cursor: string | null } = await get(
          `${path}${path.includes('?') ? '&' : '?'}limit=200${cursor ? `&cursor=${cursor}` : ''}`,
        );
        items.push(...page.items);
        cursor = page.next_cursor;
      } while (cursor);
      return items;
    };
    // Every turn that was cut off is taken up again and ends.
    await eventually(async () => {
      const conversations = await all('/v1/conversations');
      const active = await Promise.all(
        conversations.map(async ({ id }) => (await get(`/v1/conversations/${id}`)).active_run),
      );
      return active.every((run) => run === null);
    }, 60_000);
    const titles = (await all('/v1/tasks')).map((task) => task.title);
    const lost = [...acknowledged, ...said].filter((title) => !titles.includes(title));
    const twice = titles.filter((title, index) => titles.indexOf(title) !== index);
    expect({ lost, twice }).toEqual({ lost: [], twice: [] });
    expect(acknowledged.size).toBeGreaterThan(KILLS / 4);
    expect(said.size).toBeGreaterThan(KILLS / 4);
  } finally {
    server.kill('SIGTERM');
    await new Promise((resolve) => server.once('exit', resolve));
  }
});
