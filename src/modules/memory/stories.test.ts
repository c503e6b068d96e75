/** What was said and shown: the stories of questions, context, sessions and compaction, through HTTP. */
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Answer,
  eventually,
  SERVERS,
  startTestApp,
  type TestApp,
  type TestUser,
} from '../../../test/harness.ts';

describe.each(SERVERS)('memory on the %s server', (server) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp({ server });
  });
  afterAll(() => app?.close());

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
      tx.execute(sql`select steward.add_job('memory.roll_up', '{}'::jsonb, null, null, null)`),
    );
    await eventually(async () => (await count(user, 'inbox_items')) === 1);
    expect((await get(user, '/v1/inbox')).items).toMatchObject([{ id: kept }]);
    await expect(rows(user, 'delete from inbox_items')).rejects.toMatchObject({ cause: { code: '23503' } });
  });
});
