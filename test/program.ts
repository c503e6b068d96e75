/** The program itself, as somebody at a terminal starts it, in a home of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PROGRAM = join(import.meta.dirname, '../bin/steward.js');

/** Nothing is there yet. */
export const unusedHome = (): string => join(tmpdir(), `steward-cli-${randomBytes(6).toString('hex')}`);

/** An environment in which nothing but `home` and `more` is decided; the port is any that is free. */
export function environment(home: string, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    STEWARD_HOME: home,
    STEWARD_PORT: '0',
    STEWARD_PAGE: 'off',
    STEWARD_DISCOVERY: 'off',
    STEWARD_RATE_LIMIT_FACTOR: '0',
    STEWARD_LOG_LEVEL: 'warn',
    // These tests start the program some eighty times.
    NODE_COMPILE_CACHE: join(import.meta.dirname, '../node_modules/.cache/steward-tests'),
    ...more,
  };
  if (more.DATABASE_URL === undefined) delete env.DATABASE_URL;
  return env;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command to its end, with nobody at the terminal. */
export async function steward(env: NodeJS.ProcessEnv, ...args: string[]): Promise<Ended> {
  const { said, closed } = launch(env, args);
  const code = await closed;
  return { code, ...said };
}

export interface Launched {
  readonly said: { readonly stdout: string; readonly stderr: string };
  /** Resolves to its exit code. */
  readonly closed: Promise<number | null>;
  /** Ends it and waits. @returns its exit code and how long that took, in milliseconds */
  stop(signal?: NodeJS.Signals): Promise<{ code: number | null; ms: number }>;
}

export function launch(env: NodeJS.ProcessEnv, args: string[] = ['serve']): Launched {
  const child = spawn(process.execPath, [PROGRAM, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    said: listen(child),
    closed,
    stop: async (signal = 'SIGTERM') => {
      const started = performance.now();
      child.kill(signal);
      return { code: await closed, ms: performance.now() - started };
    },
  };
}

export interface RunningProgram extends Launched {
  /** Where it answers; empty for a worker. */
  readonly url: string;
}

/**
 * Starts a program that runs until it is told to stop, and waits until it says that it is `ready`.
 *
 * @throws Error with what it said when it ends before that
 */
export async function start(
  env: NodeJS.ProcessEnv,
  args: string[] = ['serve'],
  ready = /^Steward is ready at (\S+)$/m,
): Promise<RunningProgram> {
  const launched = launch(env, args);
  let ended = false;
  void launched.closed.then(() => {
    ended = true;
  });
  for (;;) {
    const match = ready.exec(launched.said.stdout);
    if (match) return { ...launched, url: match[1] ?? '' };
    if (ended) throw new Error(`it ended: ${launched.said.stderr}`);
    await sleep(10);
  }
}

function listen(child: ChildProcess): { stdout: string; stderr: string } {
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]!.setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
    });
  }
  return said;
}

/** The pid of the embedded server of `home`, as its lock file has it; undefined when there is no such file. */
export async function postgresPid(home: string): Promise<number | undefined> {
  const recorded = await readFile(join(home, 'database-location'), 'utf8').catch(() => home);
  const file = join(recorded.trim(), 'database/postmaster.pid');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : Number.parseInt(text, 10);
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

export async function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
