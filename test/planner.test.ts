/** The planner's stories (part A), walked through HTTP on both servers. */
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../src/platform/ids.ts';
import { type Answer, eventually, SERVERS, startTestApp, type TestApp, type TestUser } from './harness.ts';
import { type ProviderServer, startProviderServer } from './provider-server.ts';

const RENOVATE =
  'We need to renovate both bathrooms before Christmas, the budget is a problem, first get three quotes by Friday';

describe.each(SERVERS)('the planner on the %s server', (server) => {
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

  const post = (user: TestUser, path: string, body: unknown = {}, key?: string): Promise<Answer> =>
    app.request(user, 'POST', path, body, key === undefined ? {} : { 'idempotency-key': key });
  const get = async (user: TestUser, path: string) => (await app.request(user, 'GET', path)).body;
  const capture = (user: TestUser, message: string, more: object = {}, key?: string): Promise<Answer> =>
    post(user, '/v1/capture/thought', { chat_id: 'home', source: 'web', message, ...more }, key);
  const task = async (user: TestUser, title: string, fields: object = {}) =>
    (await post(user, '/v1/tasks', { title, ...fields })).body;
  const link = (
    user: TestUser,
    from: string,
    link_type: string,
    to: string,
    types = ['task', 'task'],
  ): Promise<Answer> =>
    post(user, '/v1/links', {
      from_entity_type: types[0],
      from_entity_id: from,
      to_entity_type: types[1],
      to_entity_id: to,
      link_type,
    });
  /** Rows as the user's own transaction sees them. */
  const rows = (user: TestUser, query: string): Promise<Record<string, unknown>[]> =>
    app.running.app.runtime.db.asUser(user.userId, async (tx) => (await tx.execute(sql.raw(query))).rows);
  const count = async (user: TestUser, table: string): Promise<number> =>
    Number((await rows(user, `select count(*) from ${table}`))[0]!.count);
  const days = (offset: number): string =>
    new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
  const useProvider = async (user: TestUser): Promise<void> => {
    const chosen = await app.request(user, 'PUT', '/v1/models/current', {
      purpose: 'extraction',
      model: 'openai-compatible/scripted',
    });
    expect(chosen.status).toBe(200);
  };

  test('A1: a thought becomes a task, a goal, a problem and their links, and the plan says why', async () => {
    const user = await app.createUser({ timezone: 'Europe/Vienna' });
    const { status, body, headers } = await capture(user, RENOVATE);
    expect(status).toBe(200);
    expect(body.reason).toBeUndefined();
    expect(body.applied).toMatchObject({
      tasks_created: 1,
      tasks_updated: 0,
      goals_created: 1,
      problems_created: 1,
    });
    expect(body.applied.links_created).toBeGreaterThanOrEqual(2);
    expect(body.items.map((item: { entity_type: string }) => item.entity_type).sort()).toEqual([
      'goal',
      'problem',
      'task',
    ]);

    const [made] = (await get(user, '/v1/tasks')).items;
    expect(made).toMatchObject({
      status: 'open',
      source_inbox_item_id: body.inbox_item_id,
      completed_at: null,
    });
    expect(new Date(`${made.due_date}T12:00:00Z`).getUTCDay()).toBe(5);
    const [goal] = (await get(user, '/v1/goals')).items;
    expect(goal).toMatchObject({ status: 'active', target_date: expect.stringMatching(/-12-2[345]$/) });
    expect(
      (await get(user, `/v1/tasks?goal_id=${goal.id}`)).items.map(({ id }: { id: string }) => id),
    ).toEqual([made.id]);

    const inbox = await get(user, '/v1/inbox');
    expect(inbox.items).toMatchObject([
      { id: body.inbox_item_id, message_raw: RENOVATE, status: 'applied', chat_id: 'home' },
    ]);
    const ledger = await get(user, '/v1/calls');
    expect(ledger.items).toMatchObject([
      { operation: 'capture.thought', purpose: 'extraction', status: 'ok' },
    ]);
    const events = await get(user, `/v1/events?request_id=${headers.get('x-request-id')}`);
    const types = events.items.map(({ event_type }: { event_type: string }) => event_type);
    for (const type of [
      'capture.received',
      'capture.applied',
      'task.created',
      'goal.created',
      'problem.created',
      'link.created',
    ]) {
      expect(types).toContain(type);
    }

    const plan = await get(user, '/v1/plan/get_today');
    expect(plan.today).toMatchObject([{ id: made.id, title: made.title, score: expect.any(Number) }]);
    expect(plan.today[0].reasons).toContain(`for the goal "${goal.title}"`);
    // The refresh that capturing left to a job.
    await eventually(
      async () =>
        (await rows(user, `select 1 from event_log where event_type = 'plan.refreshed'`)).length > 0,
    );
  });

  test('A1: what is said again is not made again, and what is only talk is kept as it is', async () => {
    const user = await app.createUser();
    await capture(user, RENOVATE);
    const again = await capture(user, RENOVATE);
    expect(again.body).toMatchObject({ reason: 'message_logged_no_actionable_changes', items: [] });
    const talk = await capture(user, 'What a lovely morning it is');
    expect(talk.body).toMatchObject({
      reason: 'message_logged_no_actionable_changes',
      applied: { tasks_created: 0 },
    });
    expect(await count(user, 'tasks')).toBe(1);
    expect((await get(user, '/v1/inbox')).items.map(({ status }: { status: string }) => status)).toEqual([
      'no_change',
      'no_change',
      'applied',
    ]);
  });

  test('A2: the same key and body give the same answer, and nothing is done twice', async () => {
    const user = await app.createUser();
    const first = await capture(user, 'Buy milk', {}, 'key-1');
    const second = await capture(user, 'Buy milk', {}, 'key-1');
    expect(second.body).toEqual(first.body);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(await count(user, 'inbox_items')).toBe(1);
  });

  test('A2: the same key with another body is refused', async () => {
    const user = await app.createUser();
    await capture(user, 'Buy milk', {}, 'key-2');
    const other = await capture(user, 'Buy bread', {}, 'key-2');
    expect(other).toMatchObject({ status: 409, body: { error: { code: 'idempotency_conflict' } } });
    expect(await count(user, 'inbox_items')).toBe(1);
  });

  test('A2: two users may use one key', async () => {
    const [a, b] = [await app.createUser(), await app.createUser()];
    const answers = [await capture(a, 'Buy milk', {}, 'key-3'), await capture(b, 'Buy milk', {}, 'key-3')];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect([await count(a, 'tasks'), await count(b, 'tasks')]).toEqual([1, 1]);
  });

  test('A2: concurrent duplicates are carried out once', async () => {
    const user = await app.createUser();
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => capture(user, 'Buy milk', {}, 'key-4')),
    );
    for (const answer of answers) expect(answer).toMatchObject({ status: 200, body: answers[0]!.body });
    expect([await count(user, 'inbox_items'), await count(user, 'tasks')]).toEqual([1, 1]);
    const creations = await Promise.all(
      Array.from({ length: 8 }, () => post(user, '/v1/tasks', { title: 'Once' }, 'key-5')),
    );
    expect(new Set(creations.map(({ body }) => body.id)).size).toBe(1);
  });

  test('A2: an expired key runs afresh', async () => {
    const user = await app.createUser();
    const first = await capture(user, 'Buy milk', {}, 'key-6');
    await rows(user, `update idempotency_keys set expires_at = now() - interval '1 minute'`);
    const second = await capture(user, 'Buy milk', {}, 'key-6');
    expect(second.status).toBe(200);
    expect(second.body.inbox_item_id).not.toBe(first.body.inbox_item_id);
  });

  test('A3: the same client_msg_id under a new key gives the first answer and changes nothing', async () => {
    const user = await app.createUser();
    const sent = { client_msg_id: 'm-1' };
    const first = await capture(user, 'Buy milk', sent, 'key-7');
    const second = await capture(user, 'Buy milk', sent, 'key-8');
    expect(second).toMatchObject({ status: 200, body: first.body });
    const parallel = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        capture(user, 'Buy bread', { client_msg_id: 'm-2' }, `parallel-${index}`),
      ),
    );
    for (const answer of parallel) expect(answer).toMatchObject({ status: 200, body: parallel[0]!.body });
    expect([
      await count(user, 'inbox_items'),
      await count(user, 'tasks'),
      await count(user, 'llm_calls'),
    ]).toEqual([2, 2, 2]);
    // Another chat, and another source, are other messages.
    await capture(user, 'Buy milk', { ...sent, chat_id: 'work' });
    await capture(user, 'Buy milk', { ...sent, source: 'telegram' });
    expect(await count(user, 'inbox_items')).toBe(4);
  });

  test('A4: an answer that is malformed twice changes nothing, and says so', async () => {
    const user = await app.createUser();
    await useProvider(user);
    const before = await count(user, 'event_log');
    provider.script({ text: 'Sure, here you go!' }, { json: { tasks: [{ title: '' }] } });
    const sent = { client_msg_id: 'malformed' };
    const failed = await capture(user, 'Renovate', sent);
    expect(failed).toMatchObject({
      status: 422,
      body: { error: { code: 'unprocessable_model_output', request_id: expect.any(String) } },
    });
    expect(provider.requests).toHaveLength(2);
    expect(JSON.stringify(provider.requests[1]!.body)).toContain('it is not JSON');
    expect(await rows(user, 'select status, error_code, owner, result from inbox_items')).toEqual([
      { status: 'failed', error_code: 'unprocessable_model_output', owner: null, result: null },
    ]);
    expect([await count(user, 'tasks'), await count(user, 'goals'), await count(user, 'llm_calls')]).toEqual([
      0, 0, 2,
    ]);
    const events = await rows(user, `select event_type from event_log order by id offset ${before}`);
    expect(events.map(({ event_type }) => event_type)).toEqual(
      ['capture.received', 'session.started', 'capture.failed']
        .sort((a, b) => (a < b ? -1 : 1))
        .sort(
          (a, b) => events.findIndex((e) => e.event_type === a) - events.findIndex((e) => e.event_type === b),
        ),
    );
    expect((await capture(user, 'Renovate', sent)).status).toBe(422);
    expect(provider.requests).toHaveLength(2);

    // Tried again by hand, with a model that has come to its senses on the second attempt.
    provider.script(
      { text: '{' },
      {
        json: {
          tasks: [{ title: 'Renovate', priority: 2 }],
          goals: [],
          problems: [],
          links: [],
          updates: [],
        },
      },
    );
    const [item] = (await get(user, '/v1/inbox?status=failed')).items;
    const retried = await post(user, `/v1/inbox/${item.id}/retry`);
    expect(retried).toMatchObject({ status: 200, body: { applied: { tasks_created: 1 } } });
    expect((await capture(user, 'Renovate', sent)).body).toEqual(retried.body);
    expect(await post(user, `/v1/inbox/${item.id}/retry`)).toMatchObject({ status: 409 });
  });

  test("A4: what a provider refuses is the provider's error, and the same message may be sent again", async () => {
    const user = await app.createUser();
    await useProvider(user);
    provider.otherwise({ status: 401, error: 'bad key' });
    const sent = { client_msg_id: 'refused' };
    expect(await capture(user, 'Buy milk', sent)).toMatchObject({
      status: 424,
      body: { error: { code: 'provider_auth' } },
    });
    provider.otherwise({ json: { tasks: [{ title: 'Buy milk' }] } });
    expect(await capture(user, 'Buy milk', sent)).toMatchObject({
      status: 200,
      body: { applied: { tasks_created: 1 } },
    });
    expect(await count(user, 'inbox_items')).toBe(1);
  });

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

  test('A5: a blocked task leaves the plan with its reason and returns when its blocker is done', async () => {
    const user = await app.createUser();
    const quotes = await task(user, 'Get three quotes', { due_date: days(1) });
    const sign = await task(user, 'Sign the contract', { due_date: days(-3), impact_score: 5 });
    const paint = await task(user, 'Paint', { priority: 4 });
    expect((await link(user, sign.id, 'depends_on', quotes.id)).status).toBe(201);
    expect((await link(user, sign.id, 'blocks', paint.id)).status).toBe(201);
    const plan = async () => {
      const { today, next, blocked } = await get(user, '/v1/plan/get_today');
      return { today: today.map(({ id }: { id: string }) => id), next, blocked };
    };
    expect(await plan()).toEqual({
      today: [quotes.id],
      next: [],
      blocked: [
        { id: sign.id, title: 'Sign the contract', reasons: ['waits for "Get three quotes"'] },
        { id: paint.id, title: 'Paint', reasons: ['blocked by "Sign the contract"'] },
      ],
    });
    await post(user, `/v1/tasks/${quotes.id}/complete`);
    expect((await plan()).today).toEqual([sign.id]);
    // A dependency on what is archived does not block.
    await post(user, `/v1/tasks/${sign.id}/archive`);
    expect(await plan()).toEqual({ today: [paint.id], next: [], blocked: [] });
    await app.request(user, 'PATCH', `/v1/tasks/${paint.id}`, { status: 'blocked' });
    expect((await plan()).blocked).toEqual([
      { id: paint.id, title: 'Paint', reasons: ['marked as blocked'] },
    ]);
    await post(user, `/v1/tasks/${paint.id}/reopen`);
    await post(user, `/v1/tasks/${paint.id}/snooze`, { until: days(3) });
    expect(await plan()).toEqual({ today: [], next: [], blocked: [] });
    await post(user, `/v1/tasks/${paint.id}/snooze`, { until: null });
    expect((await plan()).today).toEqual([paint.id]);
  });

  test('A5: six for today, eight next, in the same order on every call', async () => {
    const user = await app.createUser();
    for (let n = 0; n < 20; n++) {
      await task(user, `Task ${n}`, {
        due_date: n % 3 === 0 ? days(n - 6) : null,
        priority: (n % 4) + 1,
        impact_score: (n % 5) + 1,
      });
    }
    const plans = await Promise.all(Array.from({ length: 5 }, () => get(user, '/v1/plan/get_today')));
    for (const { generated_at: _, ...plan } of plans)
      expect(plan).toEqual({ ...plans[0], generated_at: undefined });
    expect([plans[0].today.length, plans[0].next.length]).toEqual([6, 8]);
    const refreshed = await post(user, '/v1/plan/refresh');
    expect(refreshed.body.today).toEqual(plans[0].today);
  });

  test('A6: "what\'s open?", then "mark the second one done"', async () => {
    const user = await app.createUser();
    for (const title of ['Water the plants', 'Call the dentist', 'Mend the bike']) await task(user, title);
    const asked = await post(user, '/v1/query/ask', { chat_id: 'home', question: "what's open?" });
    expect(asked.status).toBe(200);
    expect(asked.body.citations).toHaveLength(3);
    const [first, second, third] = asked.body.citations;
    expect(second).toEqual({ entity_type: 'task', id: expect.any(String), title: expect.any(String) });
    const marked = await capture(user, 'mark the second one done');
    expect(marked.body).toMatchObject({
      applied: { tasks_updated: 1 },
      items: [{ id: second.id, change: 'updated' }],
    });
    expect(await get(user, `/v1/tasks/${second.id}`)).toMatchObject({
      status: 'done',
      completed_at: expect.any(String),
    });
    // The list on the table is still the list.
    await capture(user, 'the third one is done');
    expect(await get(user, `/v1/tasks/${third.id}`)).toMatchObject({ status: 'done' });
    expect(await get(user, `/v1/tasks/${first.id}`)).toMatchObject({ status: 'open' });
    // In another chat nothing has been shown, so nothing is guessed.
    const elsewhere = await capture(user, 'mark the first one done', { chat_id: 'work' });
    expect(elsewhere.body.reason).toBe('message_logged_no_actionable_changes');
    // What was surfaced a day ago is not meant any more.
    await rows(user, `update recent_context_items set expires_at = now() - interval '1 minute'`);
    const unclear = await post(user, '/v1/query/ask', {
      chat_id: 'home',
      question: 'when is the second one due?',
    });
    expect(unclear.body).toMatchObject({ answer: expect.stringMatching(/which one/i), citations: [] });
  });

  test('A7: done and reopen', async () => {
    const user = await app.createUser();
    const { id } = await task(user, 'Buy milk');
    const done = (await post(user, `/v1/tasks/${id}/complete`)).body;
    expect(done).toMatchObject({ status: 'done', completed_at: expect.any(String) });
    expect((await post(user, `/v1/tasks/${id}/complete`)).body).toEqual(done);
    expect((await app.request(user, 'PATCH', `/v1/tasks/${id}`, { status: 'open' })).body).toMatchObject({
      completed_at: null,
    });
    await app.request(user, 'PATCH', `/v1/tasks/${id}`, { status: 'done' });
    const archived = (await post(user, `/v1/tasks/${id}/archive`)).body;
    expect(archived).toMatchObject({
      status: 'archived',
      archived_at: expect.any(String),
      completed_at: expect.any(String),
    });
    expect(await app.request(user, 'PATCH', `/v1/tasks/${id}`, { status: 'blocked' })).toMatchObject({
      status: 409,
    });
    expect((await post(user, `/v1/tasks/${id}/restore`)).body).toMatchObject({
      status: 'done',
      archived_at: null,
    });
    expect((await post(user, `/v1/tasks/${id}/reopen`)).body).toMatchObject({
      status: 'open',
      completed_at: null,
    });
    const events = await rows(user, `select event_type from event_log where entity_id = '${id}' order by id`);
    expect(events.map(({ event_type }) => event_type)).toEqual(
      ['created', 'completed', 'reopened', 'completed', 'archived', 'restored', 'reopened'].map(
        (what) => `task.${what}`,
      ),
    );
  });

  test("A8: a link to another user's task is refused by the database itself", async () => {
    const [ada, bob] = [await app.createUser(), await app.createUser()];
    const [mine, theirs] = [await task(ada, 'Mine'), await task(bob, 'Theirs')];
    expect(await link(ada, mine.id, 'related', theirs.id)).toMatchObject({
      status: 404,
      body: { error: { code: 'not_found' } },
    });
    const insert = (toType: string, to: string) =>
      rows(
        ada,
        `insert into entity_links (id, user_id, from_entity_type, from_entity_id, to_entity_type, to_entity_id, link_type)
         values ('${newId()}', '${ada.userId}', 'task', '${mine.id}', '${toType}', '${to}', 'related')`,
      );
    await expect(insert('task', theirs.id)).rejects.toMatchObject({ cause: { code: '23503' } });
    // Nor to what does not exist, to the wrong kind, or to itself.
    await expect(insert('task', newId())).rejects.toMatchObject({ cause: { code: '23503' } });
    const other = await task(ada, 'Other');
    await expect(insert('goal', other.id)).rejects.toMatchObject({ cause: { code: '23503' } });
    await expect(insert('task', mine.id)).rejects.toMatchObject({ cause: { code: '23514' } });
    await expect(
      rows(
        ada,
        `insert into entities (user_id, entity_type, id) values ('${ada.userId}', 'task', '${theirs.id}')`,
      ),
    ).rejects.toMatchObject({
      cause: { code: '42501' },
    });
    expect(await app.request(ada, 'GET', `/v1/tasks/${theirs.id}`)).toMatchObject({ status: 404 });
    // A task that goes takes its links along.
    const { body } = await link(ada, mine.id, 'related', other.id);
    expect((await link(ada, mine.id, 'related', other.id)).body).toEqual(body);
    await app.request(ada, 'DELETE', `/v1/tasks/${other.id}`);
    expect((await get(ada, '/v1/links')).items).toEqual([]);
    expect(await rows(ada, 'select id from entities')).toEqual([{ id: mine.id }]);
  });

  test('links: what is linked to itself, and circles, are refused by name; also when they are made at once', async () => {
    const user = await app.createUser();
    const [a, b, c] = [await task(user, 'A'), await task(user, 'B'), await task(user, 'C')];
    expect(await link(user, a.id, 'depends_on', a.id)).toMatchObject({
      status: 409,
      body: { error: { code: 'cycle' } },
    });
    await link(user, a.id, 'depends_on', b.id);
    await link(user, c.id, 'blocks', b.id);
    const refused = await link(user, c.id, 'depends_on', a.id);
    expect(refused).toMatchObject({ status: 409, body: { error: { code: 'cycle' } } });
    expect(refused.body.error.message).toContain('"C" waits for "A", "A" waits for "B", "B" waits for "C"');
    expect(refused.body.error.details.cycle.map(({ id }: { id: string }) => id)).toEqual([c.id, a.id, b.id]);
    expect(await link(user, a.id, 'supports_goal', b.id)).toMatchObject({ status: 400 });
    const [d, e] = [await task(user, 'D'), await task(user, 'E')];
    const both = await Promise.all([
      link(user, d.id, 'depends_on', e.id),
      link(user, e.id, 'depends_on', d.id),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
  });

  test('A9: a long context stays within its budget', async () => {
    const user = await app.createUser();
    for (let n = 0; n < 30; n++) await task(user, `Task ${n}: ${'a rather long title '.repeat(8)}`);
    for (let n = 0; n < 10; n++)
      await post(user, '/v1/inbox', {
        chat_id: 'home',
        message: `Thought ${n}: ${'words and words '.repeat(60)}`,
      });
    const context = await get(user, '/v1/memory/context?chat_id=home&query=task');
    expect(context.applied).toBe(3000);
    expect(context.estimated_used).toBeLessThanOrEqual(context.applied);
    expect(context.entities).toHaveLength(25);
    expect(context.turns.length).toBeLessThan(8);
    expect(context.query).toBe('task');
    const tight = await get(user, '/v1/memory/context?chat_id=home&query=task&max_tokens=500');
    expect(tight.turns).toEqual([]);
    expect(tight.entities.length).toBeLessThan(25);
    expect(tight.estimated_used).toBeLessThanOrEqual(500);
  });

  test('patch: what is left out stays, null clears, and what is wrong is named', async () => {
    const user = await app.createUser();
    const made = await task(user, '  Buy \n milk ', {
      notes: 'two litres',
      priority: 2,
      due_date: days(1),
      due_time: '17:00',
      tags: ['#Home'],
    });
    expect(made).toMatchObject({
      title: 'Buy milk',
      notes: 'two litres',
      priority: 2,
      due_time: '17:00',
      tags: ['home'],
    });
    const patch = (body: unknown) => app.request(user, 'PATCH', `/v1/tasks/${made.id}`, body);
    expect((await patch({ priority: 1 })).body).toMatchObject({
      priority: 1,
      notes: 'two litres',
      due_date: days(1),
    });
    expect((await patch({ notes: null, due_date: null, due_time: null })).body).toMatchObject({
      notes: null,
      due_date: null,
      due_time: null,
      priority: 1,
    });
    const before = (await get(user, `/v1/tasks/${made.id}`)).updated_at;
    expect((await patch({ priority: 1 })).body.updated_at).toBe(before);
    for (const wrong of [
      { title: '' },
      { title: null },
      { priority: 5 },
      { due_date: '2026-02-30' },
      { due_date: 'soon' },
      { status: 'gone' },
      { due_time: '24:00' },
    ]) {
      expect(await patch(wrong)).toMatchObject({
        status: 400,
        body: { error: { code: 'validation_failed' } },
      });
    }
    expect(await app.request(user, 'PATCH', `/v1/tasks/${newId()}`, { priority: 1 })).toMatchObject({
      status: 404,
    });
    const goal = (await post(user, '/v1/goals', { title: 'Move', target_date: '2027-03-01' })).body;
    expect(
      (await app.request(user, 'PATCH', `/v1/goals/${goal.id}`, { status: 'paused', horizon: 'spring' }))
        .body,
    ).toMatchObject({
      status: 'paused',
      horizon: 'spring',
      target_date: '2027-03-01',
    });
    const problem = (await post(user, '/v1/problems', { title: 'Noise', severity: 3 })).body;
    expect(
      (await app.request(user, 'PATCH', `/v1/problems/${problem.id}`, { status: 'resolved', severity: null }))
        .body,
    ).toMatchObject({
      status: 'resolved',
      severity: null,
    });
  });

  test('lists: filters, and pages that stay what they are while others are added', async () => {
    const user = await app.createUser();
    const made: string[] = [];
    for (let n = 0; n < 12; n++) {
      made.push(
        (
          await task(user, `Task ${n}`, {
            due_date: n % 2 ? days(n) : null,
            tags: n < 3 ? ['early'] : [],
            notes: n === 7 ? 'about Élise' : null,
          })
        ).id,
      );
    }
    for (const sort of ['created', 'due']) {
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const query: string = cursor === null ? '' : `&cursor=${cursor}`;
        const page = await get(user, `/v1/tasks?limit=5&sort=${sort}${query}`);
        seen.push(...page.items.map(({ id }: { id: string }) => id));
        cursor = page.next_cursor;
        if (sort === 'created') await task(user, 'Added meanwhile');
      } while (cursor !== null);
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen.filter((id) => made.includes(id)).sort()).toEqual([...made].sort());
    }
    const soonest = await get(user, '/v1/tasks?sort=due&limit=3');
    expect(soonest.items.map(({ due_date }: { due_date: string }) => due_date)).toEqual([
      days(1),
      days(3),
      days(5),
    ]);
    const ids = async (query: string) =>
      (await get(user, `/v1/tasks?${query}`)).items.map(({ id }: { id: string }) => made.indexOf(id));
    expect(await ids('tag=early')).toEqual([2, 1, 0]);
    expect(await ids(`due_before=${days(5)}`)).toEqual([3, 1]);
    expect(await ids(`q=${encodeURIComponent('task ÉLISE')}`)).toEqual([7]);
    expect(await ids('q=%25')).toEqual([]);
    await post(user, `/v1/tasks/${made[4]}/complete`);
    expect(await ids('status=done')).toEqual([4]);
    expect(await app.request(user, 'GET', '/v1/tasks?limit=201')).toMatchObject({ status: 400 });
    expect(await app.request(user, 'GET', '/v1/tasks?cursor=nonsense')).toMatchObject({ status: 400 });
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

  test('sessions: one a chat, ended by silence or by hand, with one summary', async () => {
    const user = await app.createUser();
    await capture(user, 'Buy milk');
    await capture(user, 'Buy bread');
    const [first] = (await get(user, '/v1/sessions?chat_id=home')).items;
    expect((await get(user, '/v1/sessions')).items).toHaveLength(1);
    await rows(user, `update chat_sessions set last_activity_at = now() - interval '31 minutes'`);
    await capture(user, 'Buy eggs');
    const sessions = (await get(user, '/v1/sessions')).items;
    expect(sessions.map(({ ended_at }: { ended_at: string | null }) => ended_at === null)).toEqual([
      true,
      false,
    ]);
    const ended = await post(user, `/v1/sessions/${sessions[0].id}/end`);
    expect(ended.body.ended_at).toEqual(expect.any(String));
    expect((await post(user, `/v1/sessions/${sessions[0].id}/end`)).body).toEqual(ended.body);
    const summaries = await eventually(async () => {
      const { items } = await get(user, '/v1/summaries?summary_type=session');
      return items.length === 2 && items;
    });
    const told = summaries.find(({ session_id }: { session_id: string }) => session_id === first.id);
    expect(told.summary_text).toMatch(/milk/i);
    expect(told.source_event_ids.length).toBeGreaterThan(0);
  });

  test('compaction leaves what tasks refer to, and the database insists on it', async () => {
    const user = await app.createUser();
    const kept = (await capture(user, 'Buy milk')).body.inbox_item_id;
    await capture(user, 'What a lovely morning it is');
    await rows(user, `update inbox_items set received_at = now() - interval '40 days'`);
    await app.running.app.runtime.db.asService('run the roll-up now', (tx) =>
      tx.execute(
        sql`select steward.add_job('memory.roll_up_user', ${JSON.stringify({ user_id: user.userId, timezone: 'UTC' })}::jsonb, null, null, null)`,
      ),
    );
    await eventually(async () => (await count(user, 'inbox_items')) === 1);
    expect((await get(user, '/v1/inbox')).items).toMatchObject([{ id: kept }]);
    await expect(rows(user, 'delete from inbox_items')).rejects.toMatchObject({ cause: { code: '23503' } });
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
    ['GET', '/v1/plan/get_today', undefined, 15],
  ])('%s %s answers 429 after %4$d calls in a minute', async (method, path, body, limit) => {
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
