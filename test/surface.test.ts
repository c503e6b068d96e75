/**
 * The HTTP surface, driven from its own OpenAPI document: whatever is sent to any route, there is no 5xx, every
 * error has the one body, no row of another user is ever shown, and answers are what the document says.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ERRORS } from '../src/platform/errors.ts';
import { type Answer, startTestApp, type TestApp, type TestUser } from './harness.ts';

/** Requests to each route; `npm run soak` sends many more. */
const RUNS = process.env.STEWARD_SOAK ? 400 : 40;

interface Schema {
  readonly type?: string | string[];
  readonly anyOf?: Schema[];
  readonly enum?: unknown[];
  readonly const?: unknown;
  readonly format?: string;
  readonly properties?: Record<string, Schema>;
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
}
interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly schema: Schema;
}
interface Route {
  readonly method: string;
  readonly path: string;
  readonly operationId: string;
  readonly access: string;
  readonly stream: boolean;
  readonly parameters: Parameter[];
  readonly body: Schema | undefined;
}

const errorBody = z.strictObject({
  error: z.strictObject({
    code: z.enum(Object.keys(ERRORS) as [string, ...string[]]),
    message: z.string().min(1),
    request_id: z.string().min(1),
    details: z.unknown().optional(),
  }),
});

/** Text of every kind that has broken a parser somewhere. */
const text = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom(
    '',
    ' ',
    '\u0000',
    "'; drop table tasks; --",
    '%',
    '\\',
    '💡'.repeat(20),
    'x'.repeat(5000),
    '../..',
    '\ud800',
  ),
  fc.constantFrom(
    'buy milk tomorrow 5pm p1 #home',
    'I have a problem with the budget',
    "what's open?",
    'the second one is done',
  ),
);

/** A value that the schema allows, or nearly. */
function near(schema: Schema, ids: readonly string[]): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((option) => near(option, ids)));
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type) {
    case 'string':
      if (schema.format === 'uuid') return fc.oneof(fc.constantFrom(...ids), fc.uuid());
      if (schema.format === 'date')
        return fc.constantFrom('2026-12-01', '2024-02-29', '2026-02-30', '0000-01-01');
      if (schema.format === 'date-time')
        return fc.constantFrom('2026-12-01T10:00:00Z', '9999-12-31T23:59:59Z');
      return text;
    case 'integer':
      return fc.integer({ min: schema.minimum ?? -5, max: Math.min(schema.maximum ?? 1000, 1000) });
    case 'number':
      return fc.double({ noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'array':
      return fc.array(near(schema.items ?? {}, ids), { maxLength: 4 });
    case 'object':
      return fc.record(
        Object.fromEntries(
          Object.entries(schema.properties ?? {}).map(([name, inner]) => [name, near(inner, ids)]),
        ),
        { requiredKeys: [] },
      );
    case 'null':
      return fc.constant(null);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

/** Mostly near, sometimes anything. */
const value = (schema: Schema, ids: readonly string[]): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 4, arbitrary: near(schema, ids) },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  );

let app: TestApp;
let user: TestUser;
let stranger: TestUser;
let routes: Route[];
let ids: string[];
/** Words that only the stranger's rows hold. */
const SECRET = 'zanzibarite';

function checkAnswer(route: Route, answer: Answer): void {
  expect(answer.status, `${route.method} ${route.path}: ${JSON.stringify(answer.body)}`).toBeLessThan(500);
  expect(answer.headers.get('x-request-id')).toBeTruthy();
  if (answer.status >= 400) errorBody.parse(answer.body);
  const shown = JSON.stringify(answer.body);
  expect(
    shown.includes(SECRET),
    `${route.operationId} shows another user's row: ${shown.slice(0, 300)}`,
  ).toBe(false);
}

beforeAll(async () => {
  app = await startTestApp();
  user = await app.createUser();
  stranger = await app.createUser();
  ids = [];
  for (const [who, word] of [
    [user, 'plain'],
    [stranger, SECRET],
  ] as const) {
    for (const kind of ['tasks', 'goals', 'problems']) {
      const made = await app.request(who, 'POST', `/v1/${kind}`, { title: `${word} ${kind} one` });
      expect(made.status).toBeLessThan(300);
      ids.push(made.body.id);
    }
    await app.request(who, 'POST', '/v1/memories', { text: `${word} is remembered` });
    await app.request(who, 'POST', '/v1/inbox', { message: `${word} in the inbox` });
    const conversation = await app.request(who, 'POST', '/v1/conversations', { title: `${word} talk` });
    ids.push(conversation.body.id);
  }
  const { body: document } = await app.request(undefined, 'GET', '/openapi.json');
  routes = Object.entries(document.paths as Record<string, Record<string, Record<string, unknown>>>).flatMap(
    ([path, methods]) =>
      Object.entries(methods).map(([method, op]) => ({
        method: method.toUpperCase(),
        path,
        operationId: op.operationId as string,
        access: op['x-access'] as string,
        stream: '204' in (op.responses as object),
        parameters: ((op.parameters ?? []) as Parameter[]).filter((parameter) => parameter.in !== 'header'),
        body: (op.requestBody as { content: Record<string, { schema: Schema }> } | undefined)?.content[
          'application/json'
        ]?.schema,
      })),
  );
});
afterAll(() => app?.close());

describe('the HTTP surface', () => {
  test('valid and invalid requests to every route', { timeout: 10 * 60_000 }, async () => {
    expect(routes.length).toBeGreaterThan(30);
    // A stream of what happens from now on has no end of its own; and the key in use must outlive the test.
    const driven = routes.filter((route) => !['events.stream', 'keys.revoke'].includes(route.operationId));
    for (const route of driven) {
      const shape = Object.fromEntries(
        route.parameters.map((parameter) => [parameter.name, value(parameter.schema, ids)]),
      );
      await fc.assert(
        fc.asyncProperty(
          fc.record(shape, { requiredKeys: [] }),
          fc.oneof(
            { weight: 5, arbitrary: value(route.body ?? {}, ids) },
            { weight: 1, arbitrary: fc.string().map((raw) => `{${raw}`) },
          ),
          async (parameters, body) => {
            const query = new URLSearchParams();
            let path = route.path;
            for (const { name, in: place } of route.parameters) {
              const given = (parameters as Record<string, unknown>)[name];
              const written = typeof given === 'string' ? given.toWellFormed() : JSON.stringify(given ?? 'x');
              if (place === 'path') path = path.replace(`{${name}}`, encodeURIComponent(written) || 'x');
              else if (given !== undefined) query.set(name, written);
            }
            const sends = route.method !== 'GET' && route.body !== undefined;
            const answer = await app.request(
              user,
              route.method,
              `${path}?${query}`,
              sends ? body : undefined,
            );
            checkAnswer(route, answer);
          },
        ),
        { numRuns: route.stream ? Math.ceil(RUNS / 4) : RUNS },
      );
    }
  });

  test('the rows of the stranger are all there still', async () => {
    for (const kind of ['tasks', 'goals', 'problems']) {
      const { body } = await app.request(stranger, 'GET', `/v1/${kind}`);
      expect(body.items.map((item: { title: string }) => item.title)).toEqual([`${SECRET} ${kind} one`]);
    }
  });

  test('without a credential every route answers 401, with a wrong one too', async () => {
    for (const route of routes) {
      const path = route.path.replaceAll(/\{\w+\}/g, ids[0]!);
      const answer = await app.request(undefined, route.method, path);
      expect({ route: route.operationId, status: answer.status }).toEqual({
        route: route.operationId,
        status: 401,
      });
      errorBody.parse(answer.body);
      const wrong = await fetch(`${app.url}${path}`, {
        method: route.method,
        headers: { authorization: 'Bearer stw_wrong' },
      });
      expect(wrong.status).toBe(401);
      await wrong.body?.cancel();
    }
  });

  test('what is not there, and what is too large, is said in the same words', async () => {
    const missing = await app.request(user, 'GET', '/v1/nothing');
    expect(missing.status).toBe(404);
    errorBody.parse(missing.body);
    const large = await app.request(
      user,
      'POST',
      '/v1/tasks',
      { title: 'x'.repeat(3 * 1024 * 1024) },
      { connection: 'close' },
    );
    expect(large.status).toBe(413);
    errorBody.parse(large.body);
  });

  test('every list is stable under paging', async () => {
    const pager = await app.createUser();
    for (let index = 0; index < 23; index++) {
      await app.request(pager, 'POST', '/v1/tasks', { title: `Task ${index}` });
      await app.request(pager, 'POST', '/v1/goals', { title: `Goal ${index}` });
      await app.request(pager, 'POST', '/v1/problems', { title: `Problem ${index}` });
      await app.request(pager, 'POST', '/v1/memories', { text: `Fact ${index}` });
      await app.request(pager, 'POST', '/v1/conversations', { title: `Talk ${index}` });
    }
    const lists = routes.filter(
      (route) =>
        route.method === 'GET' &&
        route.access === 'user' &&
        route.parameters.some((parameter) => parameter.name === 'cursor') &&
        !route.path.includes('{'),
    );
    expect(lists.length).toBeGreaterThan(6);
    for (const route of lists) {
      const whole = await app.request(pager, 'GET', `${route.path}?limit=200`);
      const expected = whole.body.items.map(keyOf);
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const page: Answer = await app.request(
          pager,
          'GET',
          `${route.path}?limit=7${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`,
        );
        expect(page.status, route.path).toBe(200);
        seen.push(...page.body.items.map(keyOf));
        cursor = page.body.next_cursor;
        // What comes in between must not shift the pages.
        if (seen.length === 7 && route.path === '/v1/tasks')
          await app.request(pager, 'POST', '/v1/tasks', { title: 'In between' });
      } while (cursor !== null);
      expect({ route: route.path, seen: seen.filter((key) => expected.includes(key)) }).toEqual({
        route: route.path,
        seen: expected,
      });
      expect(new Set(seen).size).toBe(seen.length);
    }
  });
});

const keyOf = (item: { id?: string; key_hash?: string }): string => item.id ?? JSON.stringify(item);
