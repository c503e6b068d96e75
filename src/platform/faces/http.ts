/**
 * REST: each operation is a route. The path's parameters, the query and the body become one flat input; the answer
 * is the operation's output as JSON, or its stream as server-sent events.
 */
import { randomUUID } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { streamSSE } from 'hono/streaming';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { AppError, errorBody } from '../errors.ts';
import { log } from '../log.ts';
import {
  type Actor,
  type Call,
  type Operation,
  openStream,
  type Registry,
  type Runtime,
  runOperation,
} from '../operations/index.ts';
import { recordRequest } from './metrics.ts';
import { openApiDocument } from './openapi.ts';

/** @returns who sent this request; undefined when it carries no credential. @throws AppError `unauthorized` */
export type Authenticate = (headers: Headers) => Promise<Actor | undefined>;

export interface HttpVariables {
  requestId: string;
}
export type HttpApp = Hono<{ Variables: HttpVariables }>;

/** Bytes of a request's body. */
const MAX_BODY = 2 * 1024 * 1024;

export interface HttpOptions {
  readonly runtime: Runtime;
  readonly registry: Registry;
  readonly authenticate: Authenticate;
  readonly version: string;
  /** Where browsers reach this server; a session's cookie is honoured for writes from these origins alone. */
  readonly origins: () => readonly string[];
  /** The names by which it may be called; undefined where it serves a network and may have any. */
  readonly hosts: readonly string[] | undefined;
}

export function httpApp(options: HttpOptions): HttpApp {
  const app: HttpApp = new Hono();
  app.use(async (c, next) => {
    const requestId = acceptedRequestId(c.req.header('x-request-id')) ?? randomUUID();
    c.set('requestId', requestId);
    // Set now, it costs nothing; a header that is added to a finished response makes the server copy it.
    c.header('x-request-id', requestId);
    const started = performance.now();
    await next();
    if (!c.res.headers.has('x-request-id')) c.header('x-request-id', requestId);
    recordRequest(c.req.method, c.req.routePath, c.res.status, performance.now() - started);
  });
  app.use(async (c, next) => {
    requireKnownHost(c, options.hosts);
    await next();
  });
  const limited = bodyLimit({
    maxSize: MAX_BODY,
    onError: () => {
      throw new AppError('payload_too_large', `a request's body may hold ${MAX_BODY} bytes at most.`);
    },
  });
  // A GET has no body; looking for one would cost as much as all else that is done here.
  app.use((c, next) => (c.req.method === 'GET' ? next() : limited(c, next)));
  app.onError((error, c) => sendError(c, toAppError(error, c)));
  app.notFound((c) =>
    sendError(c, new AppError('not_found', `there is nothing at ${c.req.method} ${c.req.path}; see /docs.`)),
  );

  let document: string | undefined;
  app.get('/openapi.json', (c) => {
    document ??= JSON.stringify(openApiDocument(options.registry, options.version));
    return c.body(document, 200, { 'content-type': 'application/json' });
  });

  for (const op of options.registry.values()) {
    app.on(op.http.method, op.http.path.replaceAll(/\{(\w+)\}/g, ':$1'), async (c) => {
      const actor = await options.authenticate(c.req.raw.headers);
      if (actor?.kind === 'user' && op.effect !== 'read') requireOwnOrigin(c, options.origins());
      const call: Call = {
        actor,
        requestId: c.get('requestId'),
        idempotencyKey: idempotencyKey(c.req.header('idempotency-key')),
        // Made when it is asked for: what runs in one transaction never does.
        get signal() {
          return c.req.raw.signal;
        },
      };
      const input = await readInput(c, op);
      if (op.kind === 'stream') return sendStream(c, op, options.runtime, call, input);
      const { body, replayed } = await runOperation(options.runtime, op, call, input);
      if (replayed) c.header('idempotency-replayed', 'true');
      return c.json(body, (op.http.status ?? 200) as ContentfulStatusCode);
    });
  }
  return app;
}

async function sendStream(
  c: Context,
  op: Extract<Operation, { kind: 'stream' }>,
  runtime: Runtime,
  call: Call,
  input: Record<string, unknown>,
): Promise<Response> {
  const gone = new AbortController();
  const messages = await openStream(runtime, op, { ...call, signal: gone.signal }, input);
  if (!messages) return c.body(null, 204);
  for (const [name, value] of Object.entries(op.http.headers ?? {})) c.header(name, value);
  // Proxies that buffer would hold back what is being said.
  c.header('x-accel-buffering', 'no');
  return streamSSE(
    c,
    async (stream) => {
      stream.onAbort(() => gone.abort());
      for await (const message of messages) await stream.writeSSE(message);
    },
    async (error, stream) => {
      const known = toAppError(error, c);
      await stream.writeSSE({ event: 'error', data: JSON.stringify(errorBody(known, call.requestId)) });
    },
  );
}

/** A key of a query may come once or several times; a body must be a JSON object. */
async function readInput(c: Context, op: Operation): Promise<Record<string, unknown>> {
  const input: Record<string, unknown> = {};
  for (const [name, values] of Object.entries(c.req.queries()))
    input[name] = values.length === 1 ? values[0] : values;
  if (op.http.method !== 'GET') Object.assign(input, await readBody(c));
  return { ...input, ...c.req.param() };
}

async function readBody(c: Context): Promise<object> {
  const text = await c.req.text();
  if (text === '') return {};
  const type = c.req.header('content-type') ?? 'application/json';
  if (!/^application\/(?:[\w.+-]+\+)?json\b/i.test(type)) {
    throw new AppError('unsupported_media_type', 'send JSON, with content-type: application/json.');
  }
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new AppError('bad_request', 'the body is not valid JSON.');
  }
  if (body === null || typeof body !== 'object' || Array.isArray(body)) {
    throw new AppError('bad_request', 'the body must be a JSON object.');
  }
  return body;
}

/** A name that somebody pointed at this machine makes a browser treat us as their site (DNS rebinding). */
function requireKnownHost(c: Context, hosts: readonly string[] | undefined): void {
  const { hostname } = new URL(c.req.url);
  if (hosts && !hosts.includes(hostname)) {
    throw new AppError(
      'forbidden',
      `this server is not called ${hostname}; set STEWARD_PUBLIC_URL if it is.`,
    );
  }
}

/** A session's cookie travels by itself: what it changes must come from our own page (CSRF). */
function requireOwnOrigin(c: Context, origins: readonly string[]): void {
  const origin = c.req.header('origin');
  if (origin === undefined || origins.includes(origin) || origin === new URL(c.req.url).origin) return;
  throw new AppError('forbidden', `requests from ${origin} are not accepted with a session; use an API key.`);
}

function idempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (!/^[\x21-\x7e]{1,200}$/.test(header)) {
    throw new AppError('bad_request', 'Idempotency-Key: 1 to 200 visible ASCII characters.');
  }
  return header;
}

function acceptedRequestId(header: string | undefined): string | undefined {
  return header !== undefined && /^[\w.-]{1,64}$/.test(header) ? header : undefined;
}

function toAppError(error: unknown, c: Context): AppError {
  if (error instanceof AppError) return error;
  log.error({ err: error, request_id: c.get('requestId'), path: c.req.path }, 'a defect');
  return new AppError('internal', 'something went wrong on our side; the log has it under this request id.');
}

export function sendError(c: Context, error: AppError): Response {
  const requestId = c.get('requestId');
  c.header('x-request-id', requestId);
  if (error.code === 'rate_limited')
    c.header('retry-after', String((error.details as { retry_after: number }).retry_after));
  return c.json(errorBody(error, requestId), error.status as ContentfulStatusCode);
}
