/** The processes of a benchmark: each is started here, and none outlives it. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Job, JobResult } from './clients.ts';

export const ROOT = join(import.meta.dirname, '..');

export interface Program {
  readonly pid: number;
  readonly url: string;
  stop(): Promise<void>;
}

const started = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of started) child.kill('SIGTERM');
});

/** Milliseconds within which a program must be ready, and gone after SIGTERM. */
const READY_MS = 60_000;
const GONE_MS = 10_000;

/**
 * Starts a TypeScript or JavaScript program and waits until it prints a line that ends with its URL.
 *
 * @param file below the project's root
 * @throws Error with what it wrote to stderr when it ends before that
 */
export async function startProgram(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Program> {
  const flags = process.env.BENCH_NODE_FLAGS?.split(' ') ?? [];
  const child = spawn(
    process.execPath,
    [...flags, '--disable-warning=ExperimentalWarning', join(ROOT, file), ...args],
    {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  started.add(child);
  let said = '';
  child.stderr.on('data', (data) => {
    said = `${said}${data}`.slice(-4000);
  });
  const url = await new Promise<string>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${file} is not ready: ${said}`)), READY_MS);
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = /(http:\/\/\S+)$/.exec(line)?.[1];
      if (found === undefined) return;
      clearTimeout(late);
      resolve(found);
    });
    child.once('exit', (code) => {
      clearTimeout(late);
      reject(new Error(`${file} ended with ${code}: ${said}`));
    });
  }).catch(async (error: unknown) => {
    await end(child);
    throw error;
  });
  return { pid: child.pid!, url, stop: () => end(child) };
}

async function end(child: ChildProcess): Promise<void> {
  started.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), GONE_MS);
  await gone;
  clearTimeout(late);
}

export interface Load {
  run<J extends Job>(job: J): Promise<JobResult<J>>;
  stop(): Promise<void>;
}

/** Starts the process that sends the requests; it does one job at a time. */
export function startLoad(): Load {
  const child = fork(join(import.meta.dirname, 'clients.ts'), {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  started.add(child);
  return {
    run: (job) =>
      new Promise((resolve, reject) => {
        const lost = (): void => reject(new Error('the load process has ended'));
        child.once('exit', lost);
        child.once('message', (answer: { result: JobResult<typeof job> } | { error: string }) => {
          child.off('exit', lost);
          if ('error' in answer) reject(new Error(answer.error));
          else resolve(answer.result);
        });
        child.send(job);
      }),
    stop: () => end(child),
  };
}

/** Proportional set size in MB of a process and all below it: memory that is shared counts once. Linux only. */
export function memoryOf(pid: number): number {
  const parents = new Map<number, number[]>();
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      // The name, in brackets, may hold spaces.
      const fields = readFileSync(`/proc/${entry}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
      const parent = Number(fields[1]);
      parents.set(parent, [...(parents.get(parent) ?? []), Number(entry)]);
    } catch {
      // It has ended since it was listed.
    }
  }
  const sum = (id: number): number =>
    pssOf(id) + (parents.get(id) ?? []).reduce((total, child) => total + sum(child), 0);
  return sum(pid) / 1024;
}

/** In kB. */
function pssOf(pid: number): number {
  return Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
}
