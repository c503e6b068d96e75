/** Changing and listing tasks, goals and problems, through HTTP. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, SERVERS, startTestApp, type TestApp, type TestUser } from '../../../test/harness.ts';
import { newId } from '../../platform/ids.ts';

describe.each(SERVERS)('tasks, goals and problems on the %s server', (server) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp({ server });
  });
  afterAll(() => app?.close());

  const post = (user: TestUser, path: string, body: unknown = {}): Promise<Answer> =>
    app.request(user, 'POST', path, body);
  const get = async (user: TestUser, path: string) => (await app.request(user, 'GET', path)).body;
  const task = async (user: TestUser, title: string, fields: object = {}) =>
    (await post(user, '/v1/tasks', { title, ...fields })).body;
  const days = (offset: number): string =>
    new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);

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
});
