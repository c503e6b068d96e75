/** A product of one's own for a test: a fresh database on one of the run's servers, the real server over HTTP. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { inject } from 'vitest';
import { createKey, createUser } from '../src/modules/identity/index.ts';
import { type Config, loadConfig } from '../src/platform/config.ts';
import { type Running, serve } from '../src/serve.ts';

/** For `describe.each`: what must hold on the embedded server must hold on any other. */
export const SERVERS = ['embedded', 'external'] as const;
export type ServerKind = (typeof SERVERS)[number];

export interface TestUser {
  readonly userId: string;
  readonly email: string;
  readonly apiKey: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the server sent
  readonly body: any;
}

export interface TestApp {
  readonly url: string;
  readonly running: Running;
  readonly config: Config;
  /** An account of its own, and a key for it. */
  createUser(options?: { role?: 'admin' | 'user'; timezone?: string }): Promise<TestUser>;
  /** A request with the user's key; a body is sent as JSON. */
  request(
    user: TestUser | undefined,
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>;
  close(): Promise<void>;
}

let databases = 0;

/** @returns the URL of an empty database of its own, by its administrator */
export async function freshDatabase(kind: ServerKind = 'embedded'): Promise<string> {
  const server = inject('servers')[SERVERS.indexOf(kind)]!;
  const name = `test_${process.pid}_${++databases}_${Date.now()}`;
  const admin = new pg.Client({ connectionString: server.adminUrl });
  await admin.connect();
  await admin.query(`create database ${name}`);
  await admin.end();
  const url = new URL(server.adminUrl);
  url.pathname = `/${name}`;
  return url.toString();
}

export async function startTestApp(
  options: {
    server?: ServerKind;
    /** Rate limits are off unless told. */
    rateLimitFactor?: number;
    page?: boolean;
    concurrency?: number;
    databaseUrl?: string;
  } = {},
): Promise<TestApp> {
  const home = await mkdtemp(join(tmpdir(), 'steward-home-'));
  const databaseUrl = options.databaseUrl ?? (await freshDatabase(options.server));
  const config: Config = {
    ...loadConfig({ home, port: '0', databaseUrl }, {}),
    rateLimitFactor: options.rateLimitFactor ?? 0,
    concurrency: options.concurrency ?? 4,
    page: options.page ?? false,
  };
  const running = await serve(config);
  let users = 0;
  return {
    url: running.url,
    running,
    config,
    createUser: async ({ role = 'user', timezone = 'UTC' } = {}) => {
      const { db } = running.app.runtime;
      const email = `user${++users}@example.test`;
      const user = await createUser(db, { email, name: `User ${users}`, role, timezone });
      const { key } = await createKey(db, {
        userId: user.id,
        label: 'test',
        profileName: role === 'admin' ? 'admin' : 'personal',
      });
      return { userId: user.id, email, apiKey: key };
    },
    request: async (user, method, path, body, headers = {}) => {
      const response = await fetch(`${running.url}${path}`, {
        method,
        headers: {
          ...(user ? { authorization: `Bearer ${user.apiKey}` } : {}),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
      return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
    },
    close: async () => {
      await running.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** Waits until `probe` gives something, looking often. @throws Error after `ms` */
export async function eventually<T>(probe: () => Promise<T | undefined | false>, ms = 30_000): Promise<T> {
  for (const started = Date.now(); ; ) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (Date.now() - started > ms)
      throw new Error(`not so after ${ms} ms: ${probe.toString().slice(0, 200)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
