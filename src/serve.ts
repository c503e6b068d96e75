/** `steward serve` and `steward worker`: a product that runs until it is told to stop. */
import { serve as listen, type ServerType } from '@hono/node-server';
import { sql } from 'drizzle-orm';
import { type App, openApp } from './app.ts';
import type { Config } from './platform/config.ts';
import { AppError } from './platform/errors.ts';
import { mountDocs } from './platform/faces/docs.ts';
import { type HttpApp, httpApp } from './platform/faces/http.ts';
import { mountMcp } from './platform/faces/mcp.ts';
import { metricsText } from './platform/faces/metrics.ts';
import { preparePage, servePage } from './platform/faces/page.ts';
import { startJobs, type Workers } from './platform/jobs/index.ts';
import { log } from './platform/log.ts';
import { VERSION } from './version.ts';

export interface Running {
  readonly url: string;
  readonly app: App;
  stop(): Promise<void>;
}

/** Milliseconds that requests and jobs are given to end before they are cut off. */
const GRACE_MS = 1500;

/**
 * Starts the server: database, web page, REST, MCP, and workers unless `config.concurrency` is 0.
 *
 * @throws AppError `port_in_use`, `home_in_use`, and what opening the database throws
 */
export async function serve(
  config: Config,
  options: { onProgress?: (line: string) => void } = {},
): Promise<Running> {
  const onProgress = options.onProgress ?? (() => undefined);
  const building = config.page ? preparePage({ root: `${import.meta.dirname}/..`, onProgress }) : undefined;
  // Awaited below; until then a failure must not count as unhandled.
  building?.catch(() => undefined);
  const app = await openApp(config, { onProgress });
  let server: ServerType | undefined;
  let workers: Workers | undefined;
  const stop = async (): Promise<void> => {
    await Promise.all([server && closeServer(server), workers?.stop()]);
    await app.close();
  };
  try {
    await app.holdHome();
    let url = '';
    const http = httpApp({
      runtime: app.runtime,
      registry: app.registry,
      authenticate: app.authenticate,
      version: VERSION,
      hosts: hostNames(config),
      origins: () => [url, ...(config.publicUrl === undefined ? [] : [new URL(config.publicUrl).origin])],
    });
    mountOperator(http, app, hostNames(config) === LOOPBACK);
    mountDocs(http);
    mountMcp(http, app.runtime, app.tools, app.authenticate, VERSION);
    app.mount(http, () => url);
    if (building) {
      const page = servePage((await building).dir);
      // What looks like an address of the API must not be answered with a page.
      http.get('*', (c, next) => (API_PATH.test(c.req.path) ? next() : page(c, next)));
    }
    server = await openPort(http, config);
    const { port } = server.address() as { port: number };
    url = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`;
    if (config.concurrency > 0) workers = await work(app, config);
    return { url: config.publicUrl ?? url, app, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const API_PATH = /^\/(?:v1|api|auth|mcp|docs|health|metrics)(?:\/|$)/;

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** On this machine alone it has this machine's names, and the one that a proxy gives it. */
function hostNames({ host, publicUrl }: Config): readonly string[] | undefined {
  if (!LOOPBACK.includes(host) && host !== '::1') return undefined;
  return publicUrl === undefined ? LOOPBACK : [...LOOPBACK, new URL(publicUrl).hostname];
}

/** Starts workers alone, beside any number of servers on the same database. */
export async function startWorker(
  config: Config,
  onProgress?: (line: string) => void,
): Promise<{ stop(): Promise<void> }> {
  const app = await openApp(config, onProgress === undefined ? {} : { onProgress });
  const workers = await work(app, config).catch(async (error: unknown) => {
    await app.close();
    throw error;
  });
  return {
    stop: async () => {
      await workers.stop();
      await app.close();
    },
  };
}

function work(app: App, config: Config): Promise<Workers> {
  return startJobs({
    db: app.runtime.db,
    clock: app.runtime.clock,
    modules: app.modules,
    concurrency: Math.max(1, config.concurrency),
  });
}

/**
 * What an operator's tools ask: is it well, and how busy.
 *
 * @param isPrivate this machine alone reaches the server, with no proxy before it: whoever asks may see the metrics
 */
function mountOperator(http: HttpApp, app: App, isPrivate: boolean): void {
  http.get('/health', async (c) => {
    try {
      const { rows } = await app.runtime.db.asService('health', (tx) =>
        tx.execute<{ version: string }>(sql`select current_setting('server_version') as version`),
      );
      return c.json({
        status: 'ok',
        version: VERSION,
        database: { status: 'ok', version: rows[0]!.version, embedded: app.embedded, migration: app.level },
      });
    } catch (error) {
      log.error({ err: error }, 'the database does not answer');
      return c.json({ status: 'unavailable', version: VERSION, database: { status: 'unreachable' } }, 503);
    }
  });
  http.get('/metrics', async (c) => {
    if (!isPrivate) {
      const actor = await app.authenticate(c.req.raw.headers);
      if (!actor) throw new AppError('unauthorized', "send an administrator's key as Authorization: Bearer.");
      if (actor.role !== 'admin') throw new AppError('forbidden', 'only an administrator reads the metrics.');
    }
    const { type, body } = await metricsText(app.runtime.db);
    return c.body(body, 200, { 'content-type': type });
  });
}

function openPort(http: HttpApp, config: Config): Promise<ServerType> {
  return new Promise((resolve, reject) => {
    const server = listen({ fetch: http.fetch, hostname: config.host, port: config.port }, () =>
      resolve(server),
    );
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const where = `${config.host}:${config.port}`;
      reject(
        cause.code === 'EADDRINUSE'
          ? new AppError(
              'port_in_use',
              `${where} is in use by another program; choose another with --port.`,
              { cause },
            )
          : new AppError('configuration', `cannot listen on ${where}: ${cause.message}.`, { cause }),
      );
    });
  });
}

/** Lets what is being answered end, within the grace; streams are open-ended and are cut. */
async function closeServer(server: ServerType): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  if ('closeIdleConnections' in server) server.closeIdleConnections();
  const cut = setTimeout(() => {
    if ('closeAllConnections' in server) server.closeAllConnections();
  }, GRACE_MS);
  await closed;
  clearTimeout(cut);
}
