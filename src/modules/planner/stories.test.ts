/** The planner's stories, through HTTP, on every server (BEHAVIOUR, part A). */
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type Answer,
  eventually,
  SERVERS,
  startTestApp,
  type TestApp,
  type TestUser,
} from '../../../test/harness.ts';
import { type ProviderServer, startProviderServer } from '../../../test/provider-server.ts';

const BATHROOMS =
  'We need to renovate both bathrooms before Christmas, the budget is a problem, first get three quotes by Friday';
const ABSENT = '01900000-0000-7000-8000-000000000000';
const before = { ...process.env };

describe.each(SERVERS)('on the %s server', (server) => {
  let app: TestApp;
  let provider: ProviderServer;
  let user: TestUser;

  beforeAll(async () => {
    process.env.STEWARD_DISCOVERY = 'off';
    provider = await startProviderServer();
    process.env.STEWARD_OPENAI_BASE_URL = `${provider.url}/v1`;
    process.env.STEWARD_MODEL = 'builtin/steward-rules';
    app = await startTestApp({ server });
  });
  afterAll(async () => {
    await app?.close();
    await provider?.close();
    process.env = { ...before };
  });
  beforeEach(async () => {
    user = await app.createUser({ timezone: 'Europe/Vienna' });
  });
  afterEach(() => provider.reset());

  const get = (path: string, as = user): Promise<Answer> => app.request(as, 'GET', path);
  const post = (path: string, body: object = {}, headers = {}, as = user): Promise<Answer> =>
    app.request(as, 'POST', path, body, headers);
  const patch = (path: string, body: object): Promise<Answer> => app.request(user, 'PATCH', path, body);
  const say = (message: string, more: object = {}, headers = {}): Promise<Answer> =>
    post('/v1/capture/thought', { chat_id: 'home', source: 'test', message, ...more }, headers);
  const key = (value: string) => ({ 'idempotency-key': value });

  /** What the product stored, as its operator sees it. */
  async function stored(query: ReturnType<typeof sql>): Promise<Record<string, unknown>[]> {
    const { rows } = await app.running.app.runtime.db.asService('look at test data', (tx) =>
      tx.execute<Record<string, unknown>>(query),
    );
    return rows;
  }
  async function count(table: string, where = sql`true`): Promise<number> {
    const name = sql.identifier(table);
    const rows = await stored(
      sql`select count(*)::int as n from ${name} where user_id = ${user.userId} and ${where}`,
    );
    return rows[0]!.n as number;
  }
  async function task(title: string, more: object = {}): Promise<{ id: string; title: string }> {
    const made = await post('/v1/tasks', { title, ...more });
    expect(made.status).toBe(201);
    return made.body;
  }
  const link = (from: string, link_type: string, to: string, types = ['task', 'task']): Promise<Answer> =>
    post('/v1/links', {
      from_entity_type: types[0],
      from_entity_id: from,
      to_entity_type: types[1],
      to_entity_id: to,
      link_type,
    });
  /** Answers extraction with this, in place of the built-in model. */
  async function scripted(...replies: Parameters<ProviderServer['script']>): Promise<void> {
    const chosen = await app.request(user, 'PUT', '/v1/models/current', {
      model: 'openai-compatible/scripted',
    });
    expect(chosen.status).toBe(200);
    provider.script(...replies);
  }

  describe('A1: a thought', () => {
    test('becomes a task, a goal, a problem and their links, and the plan says why', async () => {
      const { status, body } = await say(BATHROOMS);
      expect(status).toBe(200);
      expect(body.applied).toMatchObject({ tasks_created: 1, goals_created: 1, problems_created: 1 });
      expect(body.applied.links_created).toBeGreaterThanOrEqual(2);
      expect(body).not.toHaveProperty('reason');
      const { items: tasks } = (await get('/v1/tasks')).body;
      const { items: goals } = (await get('/v1/goals')).body;
      const { items: problems } = (await get('/v1/problems')).body;
      expect([tasks.length, goals.length, problems.length]).toEqual([1, 1, 1]);
      expect(tasks[0]).toMatchObject({
        status: 'open',
        source_inbox_item_id: body.inbox_item_id,
        due_date: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
      });
      expect(new Date(tasks[0].due_date).getUTCDay()).toBe(5);
      expect(goals[0].target_date).toMatch(/-12-2[45]$/);
      const ofGoal = await get(`/v1/tasks?goal_id=${goals[0].id}`);
      expect(ofGoal.body.items.map(({ id }: { id: string }) => id)).toEqual([tasks[0].id]);

      const inbox = (await get('/v1/inbox')).body.items;
      expect(inbox).toHaveLength(1);
      expect(inbox[0]).toMatchObject({ id: body.inbox_item_id, status: 'applied', message_raw: BATHROOMS });
      const { items: calls } = (await get('/v1/calls')).body;
      expect(calls).toHaveLength(1);
      expect(calls[0]).toMatchObject({ operation: 'capture.thought', provider: 'builtin', status: 'ok' });
      const events = (await get('/v1/events?limit=200')).body.items;
      const told = events.map(({ event_type }: { event_type: string }) => event_type);
      for (const type of [
        'capture.received',
        'task.created',
        'goal.created',
        'problem.created',
        'link.created',
        'capture.applied',
      ])
        expect(told).toContain(type);
      const plan = (await get('/v1/plan/get_today')).body;
      expect(plan.today.map(({ id }: { id: string }) => id)).toEqual([tasks[0].id]);
      expect(plan.today[0].reasons).toContain(`for the goal "${goals[0].title}"`);
      await eventually(async () => (await count('event_log', sql`event_type = 'plan.refreshed'`)) === 1);
    });

    test('of which nothing can be made is kept, and said so', async () => {
      const { status, body } = await say('Thank you!');
      expect(status).toBe(200);
      expect(body.reason).toBe('message_logged_no_actionable_changes');
      expect((await get(`/v1/inbox/${body.inbox_item_id}`)).body.status).toBe('no_change');
    });

    test('about what is known brings it up to date; of several with one title none is guessed', async () => {
      const milk = await task('Buy milk');
      const updated = await post('/v1/capture/apply', { tasks: [{ title: '  BUY milk! ', priority: 1 }] });
      expect(updated.body.applied).toMatchObject({ tasks_created: 0, tasks_updated: 1 });
      expect((await get(`/v1/tasks/${milk.id}`)).body.priority).toBe(1);
      await task('Buy milk');
      const skipped = await post('/v1/capture/apply', { tasks: [{ title: 'Buy milk', priority: 2 }] });
      expect(skipped.body).toMatchObject({
        reason: 'message_logged_no_actionable_changes',
        skipped: [{ what: expect.stringContaining('Buy milk') }],
      });
      expect(await count('event_log', sql`event_type = 'capture.review'`)).toBe(1);
    });

    test('with a link to nothing keeps the rest', async () => {
      const { body } = await post('/v1/capture/apply', {
        tasks: [{ title: 'Paint' }],
        links: [
          {
            from: { type: 'task', title: 'Paint' },
            to: { type: 'goal', title: 'Nowhere' },
            link_type: 'supports_goal',
          },
        ],
      });
      expect(body.applied).toMatchObject({ tasks_created: 1, links_created: 0 });
      expect(body.skipped).toHaveLength(1);
    });

    test('said after half an hour of silence begins a new session', async () => {
      await say('buy milk');
      await say('buy bread');
      expect(await count('chat_sessions')).toBe(1);
      await stored(
        sql`update chat_sessions set last_activity_at = now() - interval '31 minutes' where user_id = ${user.userId}`,
      );
      await say('buy butter');
      expect(await count('chat_sessions')).toBe(2);
      expect(await count('chat_sessions', sql`ended_at is null`)).toBe(1);
    });
  });

  describe('A2: a write with an Idempotency-Key', () => {
    test('sent again gets the first answer and changes nothing', async () => {
      const first = await say('buy milk', {}, key('again'));
      const second = await say('buy milk', {}, key('again'));
      expect(second.body).toEqual(first.body);
      expect(await count('inbox_items')).toBe(1);
      expect(await count('llm_calls')).toBe(1);
    });

    test('is refused with another request', async () => {
      await say('buy milk', {}, key('other'));
      const { status, body } = await say('buy bread', {}, key('other'));
      expect([status, body.error.code]).toEqual([409, 'idempotency_conflict']);
    });

    test("is its user's alone", async () => {
      const somebody = await app.createUser();
      const thought = { chat_id: 'home', source: 'test', message: 'buy milk' };
      const mine = await post('/v1/capture/thought', thought, key('shared'));
      const theirs = await post('/v1/capture/thought', thought, key('shared'), somebody);
      expect(theirs.status).toBe(200);
      expect(theirs.body.inbox_item_id).not.toBe(mine.body.inbox_item_id);
    });

    test('many times at once is carried out once', async () => {
      const answers = await Promise.all(Array.from({ length: 8 }, () => say('buy milk', {}, key('at-once'))));
      for (const { status, body } of answers) expect([status, body]).toEqual([200, answers[0]!.body]);
      expect(await count('tasks')).toBe(1);
      expect(await count('inbox_items')).toBe(1);
    });

    test('runs afresh once the key has expired', async () => {
      const first = await say('buy milk', {}, key('old'));
      await stored(
        sql`update idempotency_keys set expires_at = now() - interval '1 second' where user_id = ${user.userId}`,
      );
      const second = await say('buy milk', {}, key('old'));
      expect(second.status).toBe(200);
      expect(second.body.inbox_item_id).not.toBe(first.body.inbox_item_id);
    });

    test('is not carried out twice when the process died before it kept its answer', async () => {
      const first = await say('buy milk', {}, key('died'));
      // As the server leaves it when it is killed after the capture has committed: the key's owner is gone.
      await stored(
        sql`update idempotency_keys set response_status = null, response_body = null, owner = 2147483647 where user_id = ${user.userId}`,
      );
      const second = await say('buy milk', {}, key('died'));
      expect(second.body).toEqual(first.body);
      expect(await count('inbox_items')).toBe(1);
      expect(await count('llm_calls')).toBe(1);
    });
  });

  describe('A3: a client_msg_id', () => {
    test('with a new key gives the first answer and changes nothing', async () => {
      const first = await say('buy milk', { client_msg_id: 'm1' }, key('k1'));
      await patch(`/v1/tasks/${first.body.items[0].id}`, { title: 'Buy oat milk' });
      const second = await say('buy milk', { client_msg_id: 'm1' }, key('k2'));
      expect(second.body).toEqual(first.body);
      expect([await count('tasks'), await count('inbox_items'), await count('llm_calls')]).toEqual([1, 1, 1]);
    });

    test('many times at once is one message', async () => {
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => say('buy milk', { client_msg_id: 'm2' })),
      );
      expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
      expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
      expect([await count('tasks'), await count('inbox_items'), await count('llm_calls')]).toEqual([1, 1, 1]);
    });

    test('of another chat, source or user is another message', async () => {
      const first = await say('buy milk', { client_msg_id: 'm3' });
      const chat = await say('buy milk', { client_msg_id: 'm3', chat_id: 'work' });
      const source = await say('buy milk', { client_msg_id: 'm3', source: 'telegram' });
      const ids = [first, chat, source].map(({ body }) => body.inbox_item_id);
      expect(new Set(ids).size).toBe(3);
    });
  });

  describe('A4: an answer of the model that cannot be used', () => {
    test('twice is 422, with nothing partial and a failure that can be tried again', async () => {
      await scripted(
        { text: 'Sure, here you are!' },
        { json: { tasks: [{ title: 'Buy milk', due_date: 'soon' }] } },
      );
      const { status, body } = await say('buy milk', { client_msg_id: 'm4' }, key('k4'));
      expect([status, body.error.code]).toEqual([422, 'unprocessable_model_output']);
      expect(body.error.request_id).toEqual(expect.any(String));
      for (const table of ['tasks', 'goals', 'problems', 'entity_links']) expect(await count(table)).toBe(0);
      const { items: calls } = (await get('/v1/calls')).body;
      expect(calls.map((call: { operation: string }) => call.operation)).toEqual([
        'capture.thought',
        'capture.thought',
      ]);
      expect(await count('event_log', sql`event_type = 'capture.failed'`)).toBe(1);
      const [item] = (await get('/v1/inbox?status=failed')).body.items;
      expect(item).toMatchObject({ error_code: 'unprocessable_model_output', message_raw: 'buy milk' });
      // The same message again is the same answer, and costs nothing.
      expect((await say('buy milk', { client_msg_id: 'm4' }, key('k5'))).status).toBe(422);
      expect(provider.requests).toHaveLength(2);

      provider.script({ json: { tasks: [{ title: 'Buy milk' }] } });
      const again = await post(`/v1/inbox/${item.id}/retry`);
      expect([again.status, again.body.applied.tasks_created]).toEqual([200, 1]);
      expect((await get(`/v1/inbox/${item.id}`)).body.status).toBe('applied');
    });

    test('once is asked for again, with what was wrong', async () => {
      await scripted({ text: '{"tasks":' }, { json: { tasks: [{ title: 'Buy milk' }] } });
      const { status, body } = await say('buy milk');
      expect([status, body.applied.tasks_created]).toEqual([200, 1]);
      expect(JSON.stringify(provider.requests[1]!.body)).toContain('it is not JSON');
      expect(await count('llm_calls')).toBe(2);
    });

    test('a failing provider leaves the message in the inbox, and sending it again tries again', async () => {
      await scripted({ status: 401, error: 'no such key' }, { json: { tasks: [{ title: 'Buy milk' }] } });
      const failed = await say('buy milk', {}, key('k6'));
      expect(failed.status).toBeGreaterThanOrEqual(400);
      expect((await get('/v1/inbox?status=failed')).body.items).toHaveLength(1);
      const again = await say('buy milk', {}, key('k6'));
      expect([again.status, again.body.applied.tasks_created]).toEqual([200, 1]);
      expect(await count('inbox_items')).toBe(1);
    });
  });

  describe('A5: the plan', () => {
    type Plan = Record<'today' | 'next' | 'blocked', { id: string; title: string; reasons: string[] }[]>;
    const plan = async (as = user): Promise<Plan> => (await get('/v1/plan/get_today', as)).body;
    const titles = (items: Plan['today']): string[] => items.map(({ title }) => title);

    test('leaves out what waits, says for what, and takes it back when that is done', async () => {
      const [paint, buy, leak] = [await task('Paint'), await task('Buy paint'), await task('Mend the leak')];
      expect((await link(paint.id, 'depends_on', buy.id)).status).toBe(201);
      expect((await link(leak.id, 'blocks', paint.id)).status).toBe(201);
      const first = await plan();
      expect(titles(first.today).sort()).toEqual(['Buy paint', 'Mend the leak']);
      expect(first.blocked).toEqual([
        { id: paint.id, title: 'Paint', reasons: ['waits for "Buy paint"', 'blocked by "Mend the leak"'] },
      ]);
      await post(`/v1/tasks/${buy.id}/complete`);
      expect((await plan()).blocked[0]!.reasons).toEqual(['blocked by "Mend the leak"']);
      // What is put away holds nothing up.
      await post(`/v1/tasks/${leak.id}/archive`);
      const freed = await plan();
      expect([titles(freed.today), freed.blocked]).toEqual([['Paint'], []]);
      await post(`/v1/tasks/${buy.id}/reopen`);
      expect(titles((await plan()).blocked)).toEqual(['Paint']);
    });

    test('is the same on every call, six for today and eight next', async () => {
      for (let index = 0; index < 20; index++) await task(`Task ${index}`, { impact_score: (index % 5) + 1 });
      const first = await plan();
      expect([first.today.length, first.next.length]).toEqual([6, 8]);
      for (const { reasons } of [...first.today, ...first.next]) expect(reasons.length).toBeGreaterThan(0);
      for (let times = 0; times < 3; times++) {
        const again = (await post('/v1/plan/refresh')).body;
        expect([again.today, again.next]).toEqual([first.today, first.next]);
      }
    });

    test('counts only active goals, and leaves snoozed tasks until their day', async () => {
      const it = await task('Ask for quotes');
      const { body: goal } = await post('/v1/goals', { title: 'Renovate' });
      await link(it.id, 'supports_goal', goal.id, ['task', 'goal']);
      expect((await plan()).today[0]!.reasons).toEqual(['for the goal "Renovate"']);
      await patch(`/v1/goals/${goal.id}`, { status: 'paused' });
      expect((await plan()).today[0]!.reasons).toEqual(['open, with no date']);
      await post(`/v1/tasks/${it.id}/snooze`, { until: '2999-01-01' });
      expect((await plan()).today).toEqual([]);
      await post(`/v1/tasks/${it.id}/snooze`, { until: null });
      expect(titles((await plan()).today)).toEqual(['Ask for quotes']);
    });

    test("counts days in the user's zone", async () => {
      // At no moment do these two have the same date.
      const dateIn = (timeZone: string) => new Intl.DateTimeFormat('en-CA', { timeZone }).format(new Date());
      const [west, east] = ['Pacific/Pago_Pago', 'Pacific/Kiritimati'];
      const due = dateIn(west);
      for (const [zone, reason] of [
        [west, /^due today$/],
        [east, /^overdue by [12] days?$/],
      ] as const) {
        const person = await app.createUser({ timezone: zone });
        await post('/v1/tasks', { title: 'Pay', due_date: due }, {}, person);
        expect((await plan(person)).today[0]!.reasons[0]).toMatch(reason);
      }
    });
  });

  describe('A7: a task', () => {
    test('that is done says when; leaving done clears it', async () => {
      const { id } = await task('Buy milk');
      const done = (await post(`/v1/tasks/${id}/complete`)).body;
      expect([done.status, done.completed_at]).toEqual(['done', expect.any(String)]);
      expect((await post(`/v1/tasks/${id}/complete`)).body.completed_at).toBe(done.completed_at);
      const open = (await post(`/v1/tasks/${id}/reopen`)).body;
      expect([open.status, open.completed_at]).toEqual(['open', null]);
      expect((await patch(`/v1/tasks/${id}`, { status: 'done' })).body.completed_at).toEqual(
        expect.any(String),
      );
      const archived = (await post(`/v1/tasks/${id}/archive`)).body;
      expect(archived).toMatchObject({ status: 'archived', archived_at: expect.any(String) });
      expect((await post(`/v1/tasks/${id}/complete`)).status).toBe(409);
      expect((await post(`/v1/tasks/${id}/restore`)).body).toMatchObject({
        status: 'done',
        archived_at: null,
      });
    });

    test('keeps what a PATCH leaves out, and loses what it nulls', async () => {
      const { id } = await task('Buy milk', { notes: 'oat', priority: 2, due_date: '2026-12-01' });
      const changed = (await patch(`/v1/tasks/${id}`, { notes: null, tags: ['home'] })).body;
      expect(changed).toMatchObject({ notes: null, priority: 2, due_date: '2026-12-01', tags: ['home'] });
      expect((await patch(`/v1/tasks/${id}`, { status: 'finished' })).status).toBe(400);
      expect((await patch(`/v1/tasks/${ABSENT}`, { notes: null })).status).toBe(404);
    });

    test('finished and put away at the same moment ends in one state, not between two', async () => {
      for (let round = 0; round < 10; round++) {
        const { id } = await task(`Race ${round}`);
        await Promise.all([
          post(`/v1/tasks/${id}/complete`),
          post(`/v1/tasks/${id}/archive`),
          post(`/v1/tasks/${id}/reopen`),
          patch(`/v1/tasks/${id}`, { notes: `round ${round}` }),
        ]);
        const { status, archived_at, completed_at, notes } = (await get(`/v1/tasks/${id}`)).body;
        expect(archived_at !== null).toBe(status === 'archived');
        if (status === 'done') expect(completed_at).not.toBeNull();
        if (status === 'open') expect(completed_at).toBeNull();
        expect(notes).toBe(`round ${round}`);
      }
    });

    test('is listed by one status or several, by words, tag and date, page by page', async () => {
      const made = [];
      for (let index = 0; index < 5; index++)
        made.push(
          await task(`Errand ${index}`, {
            tags: [index % 2 ? 'odd' : 'even'],
            due_date: `2026-12-0${index + 1}`,
          }),
        );
      await post(`/v1/tasks/${made[0]!.id}/complete`);
      await post(`/v1/tasks/${made[1]!.id}/archive`);
      const found = async (query: string): Promise<string[]> =>
        (await get(`/v1/tasks?${query}`)).body.items
          .map((one: { title: string }) => one.title.slice(-1))
          .sort();
      expect(await found('status=open')).toEqual(['2', '3', '4']);
      expect(await found('status=open&status=done')).toEqual(['0', '2', '3', '4']);
      expect(await found('q=errand%203')).toEqual(['3']);
      expect(await found('tag=odd')).toEqual(['1', '3']);
      expect(await found('due_before=2026-12-03')).toEqual(['0', '1']);
      expect((await get('/v1/tasks?status=open&status=lost')).status).toBe(400);
      const seen: string[] = [];
      for (let cursor = ''; ; ) {
        const { body } = await get(`/v1/tasks?limit=2${cursor}`);
        seen.push(...body.items.map(({ id }: { id: string }) => id));
        if (body.next_cursor === null) break;
        cursor = `&cursor=${body.next_cursor}`;
      }
      expect(seen).toEqual(made.map(({ id }) => id).reverse());
    });
  });

  describe('links', () => {
    test('to itself, and those that close a circle, are refused by name', async () => {
      const [a, b, c] = [await task('A'), await task('B'), await task('C')];
      expect((await link(a.id, 'depends_on', a.id)).body.error).toMatchObject({ code: 'cycle' });
      await link(a.id, 'depends_on', b.id);
      await link(c.id, 'blocks', b.id);
      const { status, body } = await link(c.id, 'depends_on', a.id);
      expect([status, body.error.code]).toEqual([409, 'cycle']);
      for (const title of ['"A"', '"B"', '"C"']) expect(body.error.message).toContain(title);
      expect((await link(c.id, 'related', a.id)).status).toBe(201);
    });

    test('that would close a circle together are not both made at the same moment', async () => {
      for (let round = 0; round < 5; round++) {
        const [a, b, c] = [await task('A'), await task('B'), await task('C')];
        const answers = await Promise.all([
          link(a.id, 'depends_on', b.id),
          link(b.id, 'depends_on', c.id),
          link(c.id, 'depends_on', a.id),
        ]);
        expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 409]);
      }
    });

    test('go with what they join', async () => {
      const [a, b] = [await task('A'), await task('B')];
      await link(a.id, 'related', b.id);
      expect((await get(`/v1/links?entity_type=task&entity_id=${b.id}`)).body.items).toHaveLength(1);
      await app.request(user, 'DELETE', `/v1/tasks/${a.id}`);
      expect((await get(`/v1/links?entity_type=task&entity_id=${b.id}`)).body.items).toHaveLength(0);
    });
  });

  describe("A8: a link to what is another user's", () => {
    test('is refused by the database itself', async () => {
      const mine = await task('Mine');
      const somebody = await app.createUser();
      const theirs = (await post('/v1/tasks', { title: 'Theirs' }, {}, somebody)).body;
      expect((await link(mine.id, 'related', theirs.id)).status).toBe(404);
      const insert = (owner: string, from: string, to: string) => sql`
        insert into entity_links (id, user_id, from_entity_type, from_entity_id, to_entity_type, to_entity_id, link_type)
        values (gen_random_uuid(), ${owner}, 'task', ${from}, 'task', ${to}, 'related')`;
      const { db } = app.running.app.runtime;
      for (const owner of [user.userId, somebody.userId]) {
        await expect(
          db.asUser(owner, (tx) => tx.execute(insert(owner, mine.id, theirs.id))),
        ).rejects.toMatchObject({ cause: { code: '23503' } });
        await expect(stored(insert(owner, mine.id, theirs.id))).rejects.toMatchObject({
          cause: { code: '23503' },
        });
      }
      // Nor can the registry that links refer to be written around the tables.
      await expect(
        db.asUser(user.userId, (tx) =>
          tx.execute(
            sql`insert into entities (user_id, entity_type, id) values (${user.userId}, 'task', ${theirs.id})`,
          ),
        ),
      ).rejects.toMatchObject({ cause: { code: '42501' } });
      expect((await get(`/v1/tasks/${mine.id}`, somebody)).status).toBe(404);
    });
  });
});
