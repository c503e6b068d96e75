/** What is made of what a model or an agent proposes, through HTTP. */
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  type Answer,
  eventually,
  SERVERS,
  startTestApp,
  type TestApp,
  type TestUser,
} from '../../../test/harness.ts';
import { type ProviderServer, startProviderServer } from '../../../test/provider-server.ts';

describe.each(SERVERS)('capturing on the %s server', (server) => {
  let app: TestApp;
  let provider: ProviderServer;

  beforeAll(async () => {
    app = await startTestApp({ server });
    provider = await startProviderServer();
    process.env.STEWARD_OPENAI_BASE_URL = provider.url;
  });
  afterEach(() => provider.reset());
  afterAll(async () => {
    delete process.env.STEWARD_OPENAI_BASE_URL;
    await provider?.close();
    await app?.close();
  });

  const post = (user: TestUser, path: string, body: unknown = {}): Promise<Answer> =>
    app.request(user, 'POST', path, body);
  const get = async (user: TestUser, path: string) => (await app.request(user, 'GET', path)).body;
  const capture = (user: TestUser, message: string, more: object = {}): Promise<Answer> =>
    post(user, '/v1/capture/thought', { chat_id: 'home', source: 'web', message, ...more });
  const task = async (user: TestUser, title: string, fields: object = {}) =>
    (await post(user, '/v1/tasks', { title, ...fields })).body;
  /** Rows as the user's own transaction sees them. */
  const rows = (user: TestUser, query: string): Promise<Record<string, unknown>[]> =>
    app.running.app.runtime.db.asUser(user.userId, async (tx) => (await tx.execute(sql.raw(query))).rows);
  const count = async (user: TestUser, table: string): Promise<number> =>
    Number((await rows(user, `select count(*) from ${table}`))[0]!.count);
  const days = (offset: number): string =>
    new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
  const useProvider = async (user: TestUser): Promise<void> => {
    const model = 'openai-compatible/scripted';
    const chosen = await app.request(user, 'PUT', '/v1/models/current', { purpose: 'extraction', model });
    expect(chosen.status).toBe(200);
  };

  test('the model proposes, the backend decides: several matches and invalid links are left out and logged', async () => {
    const user = await app.createUser();
    await useProvider(user);
    await task(user, 'Call the bank');
    await task(user, 'call the BANK!');
    const archived = await task(user, 'Paint');
    await post(user, `/v1/tasks/${archived.id}/archive`);
    const end = (type: string, title: string) => ({ type, title });
    provider.script({
      json: {
        tasks: [{ title: 'Call the bank', priority: 1 }, { title: 'Paint' }, { title: 'Sand' }],
        links: [
          { from: end('task', 'Paint'), to: end('task', 'Sand'), link_type: 'depends_on' },
          { from: end('task', 'Sand'), to: end('task', 'Paint'), link_type: 'depends_on' },
          { from: end('task', 'Paint'), to: end('task', 'paint'), link_type: 'related' },
          { from: end('task', 'Paint'), to: end('goal', 'Nowhere'), link_type: 'supports_goal' },
          { from: end('task', 'Paint'), to: end('task', 'Sand'), link_type: 'supports_goal' },
        ],
        updates: [{ type: 'task', title: 'Nothing', set: { status: 'done' } }],
      },
    });
    const { body } = await capture(user, 'Paint and sand and call the bank');
    expect(body.applied).toMatchObject({ tasks_created: 2, tasks_updated: 0, links_created: 1 });
    expect(body.skipped).toHaveLength(6);
    const reviews = await rows(
      user,
      `select payload_json ->> 'kind' as kind from event_log where event_type = 'capture.review'`,
    );
    expect(reviews.map(({ kind }) => kind).sort()).toEqual([
      'invalid_link',
      'invalid_link',
      'invalid_link',
      'invalid_link',
      'no_match',
      'several_matches',
    ]);
  });

  test('what is named again is brought up to date, without replacing what a person wrote', async () => {
    const user = await app.createUser();
    await useProvider(user);
    const known = await task(user, 'Call Ada', { notes: 'mine', tags: ['home'] });
    await post(user, `/v1/tasks/${known.id}/complete`);
    provider.script({
      json: {
        tasks: [
          { title: 'call ada', notes: 'theirs', tags: ['phone'], due_date: days(1), due_time: '09:30' },
        ],
      },
    });
    const { body } = await capture(user, 'call Ada again tomorrow at half past nine');
    expect(body).toMatchObject({
      applied: { tasks_created: 0, tasks_updated: 1 },
      items: [{ id: known.id, change: 'updated' }],
    });
    expect(await get(user, `/v1/tasks/${known.id}`)).toMatchObject({
      status: 'open',
      completed_at: null,
      notes: 'mine',
      tags: ['home', 'phone'],
      due_date: days(1),
      due_time: '09:30',
    });
  });

  test('agents store what they have understood directly, in one call', async () => {
    const user = await app.createUser();
    const end = (type: string, title: string) => ({ type, title });
    const applied = await post(user, '/v1/capture/apply', {
      tasks: [{ title: 'Get quotes' }],
      goals: [{ title: 'Renovate' }],
      links: [{ from: end('task', 'Get quotes'), to: end('goal', 'Renovate'), link_type: 'supports_goal' }],
    });
    expect(applied.body).toMatchObject({
      inbox_item_id: null,
      applied: { tasks_created: 1, goals_created: 1, links_created: 1 },
    });
    const worded = await post(user, '/v1/capture/apply', {
      message: 'quotes are in',
      updates: [{ type: 'task', title: 'get quotes', set: { status: 'done' } }],
    });
    expect(worded.body).toMatchObject({ inbox_item_id: expect.any(String), applied: { tasks_updated: 1 } });
    await post(user, '/v1/capture/apply', {
      updates: [{ type: 'goal', title: 'renovate', set: { due_date: '2027-03-01', status: 'paused' } }],
    });
    expect((await get(user, '/v1/goals')).items).toMatchObject([
      { target_date: '2027-03-01', status: 'paused' },
    ]);
    expect(await count(user, 'inbox_items')).toBe(1);
  });

  test('inbox: kept as it is, dismissed, and taken up again after a crash', async () => {
    const user = await app.createUser({ timezone: 'Europe/Vienna' });
    const kept = (await post(user, '/v1/inbox', { message: 'Buy milk' })).body;
    expect(kept).toMatchObject({ status: 'no_change', chat_id: 'default' });
    expect((await post(user, `/v1/inbox/${kept.id}/dismiss`)).body).toMatchObject({ status: 'dismissed' });
    expect((await post(user, `/v1/inbox/${kept.id}/retry`)).body).toMatchObject({
      applied: { tasks_created: 1 },
    });
    expect(await post(user, `/v1/inbox/${kept.id}/dismiss`)).toMatchObject({ status: 409 });

    // What a process leaves behind when it dies between keeping the words and sorting them.
    const left = (await post(user, '/v1/inbox', { message: 'Call the dentist', chat_id: 'crash' })).body;
    await rows(
      user,
      `update inbox_items set status = 'received', owner = 2147483647, client_msg_id = 'c-1', source = 'web', received_at = now() - interval '1 hour' where id = '${left.id}'`,
    );
    const again = await capture(user, 'Call the dentist', { chat_id: 'crash', client_msg_id: 'c-1' });
    expect(again).toMatchObject({
      status: 200,
      body: { inbox_item_id: left.id, applied: { tasks_created: 1 } },
    });

    const unasked = (await post(user, '/v1/inbox', { message: 'Mend the bike' })).body;
    await rows(
      user,
      `update inbox_items set status = 'received', owner = 2147483647, received_at = now() - interval '1 hour' where id = '${unasked.id}'`,
    );
    await app.running.app.runtime.db.asService('run the sweep now', (tx) =>
      tx.execute(sql`select steward.add_job('planner.resume', '{}'::jsonb, null, null, null)`),
    );
    await eventually(async () => (await get(user, `/v1/inbox/${unasked.id}`)).status === 'applied');
  });
});

describe('limits', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp({ rateLimitFactor: 1, concurrency: 0 });
  });
  afterAll(() => app?.close());

  test.each([
    ['POST', '/v1/capture/thought', { message: 'Buy milk' }, 20],
    ['POST', '/v1/query/ask', { chat_id: 'home', question: "what's open?" }, 30],
    ['POST', '/v1/plan/refresh', {}, 15],
  ])('%s %s answers 429 after its limit of calls in a minute', async (method, path, body, limit) => {
    const user = await app.createUser();
    // Not across the change of a minute.
    if (new Date().getUTCSeconds() > 50) await new Promise((resolve) => setTimeout(resolve, 11_000));
    const answers = await Promise.all(
      Array.from({ length: limit + 1 }, () => app.request(user, method, path, body)),
    );
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(1);
    expect(refused[0]).toMatchObject({ body: { error: { code: 'rate_limited' } } });
    expect(Number(refused[0]!.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(limit);
  });
});
