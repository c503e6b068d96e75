/** The product as people start it, in a home of its own. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Program, ROOT, startProgram } from './processes.ts';

export interface Product extends Program {
  /** Runs a command of the product's own command line. @returns what it printed */
  command(...args: string[]): Promise<string>;
  /** Makes an account and a key for it. @returns the headers that show it, and the account's id */
  account(name?: string): Promise<{ userId: string; headers: Record<string, string> }>;
}

export interface Options {
  /** Kept by the caller; one of its own, removed at the end, unless told. */
  readonly home?: string;
  readonly page?: boolean;
  /** A model that speaks OpenAI's format; the built-in model unless told. */
  readonly modelUrl?: string;
}

/** Nothing of the operator's own: a key for a real model in the environment must cost nobody anything. */
function environment(home: string, port: number, { page = false, modelUrl }: Options): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    STEWARD_HOME: home,
    STEWARD_PORT: String(port),
    STEWARD_PAGE: page ? 'on' : 'off',
    STEWARD_DISCOVERY: 'off',
    STEWARD_LOG_LEVEL: 'error',
    // Counted as ever, but never reached.
    STEWARD_RATE_LIMIT_FACTOR: '1000000',
    ...(modelUrl === undefined
      ? {}
      : { STEWARD_OPENAI_BASE_URL: `${modelUrl}/v1`, STEWARD_OPENAI_MODEL: 'bench' }),
  };
}

export async function freshHome(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'steward-bench-'));
}

export async function removeHome(home: string): Promise<void> {
  await rm(home, { recursive: true, force: true });
}

export async function startProduct(options: Options = {}): Promise<Product> {
  const home = options.home ?? (await freshHome());
  const env = environment(home, await freePort(), options);
  const program = await startProgram('bin/steward.js', ['serve'], env);
  const command = async (...args: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)(process.execPath, [join(ROOT, 'bin/steward.js'), ...args], {
      env,
    });
    return stdout.trim();
  };
  return {
    ...program,
    command,
    account: async (name = 'bench') => {
      const email = `${name}@example.test`;
      const made = await command('users', 'create', '--email', email, '--name', name, '--json');
      const key = await command('keys', 'create', '--label', 'bench', '--user', email);
      return {
        userId: (JSON.parse(made) as { id: string }).id,
        headers: { authorization: `Bearer ${key}` },
      };
    },
    stop: async () => {
      await program.stop();
      if (options.home === undefined) await removeHome(home);
    },
  };
}

async function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
