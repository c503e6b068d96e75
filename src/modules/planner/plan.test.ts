import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareTies, makePlan, NEXT_ITEMS, type PlanTask, score, TODAY_ITEMS } from './plan.ts';

const TODAY = '2026-11-24';

function task(values: Partial<PlanTask> = {}): PlanTask {
  return {
    id: '00000000-0000-7000-8000-000000000001',
    title: 'Task',
    status: 'open',
    priority: null,
    impact_score: null,
    due_date: null,
    updated_at: new Date('2026-11-24T08:00:00Z'),
    updated_on: TODAY,
    goals: [],
    blockers: [],
    ...values,
  };
}

describe('a score', () => {
  test.each<[string, Partial<PlanTask>, number, string[]]>([
    ['nothing known', {}, 0, ['open, with no date']],
    ['overdue by a day', { due_date: '2026-11-23' }, 8, ['overdue by 1 day']],
    ['overdue by ten', { due_date: '2026-11-14' }, 8, ['overdue by 10 days']],
    ['due today', { due_date: '2026-11-24' }, 4, ['due today']],
    ['due tomorrow', { due_date: '2026-11-25' }, 4, ['due tomorrow']],
    ['due in two days', { due_date: '2026-11-26' }, 4, ['due in 2 days']],
    ['due in three days', { due_date: '2026-11-27' }, 0, ['due on 2026-11-27']],
    ['highest impact', { impact_score: 5 }, 3, ['impact 5 of 5']],
    ['impact 2', { impact_score: 2 }, 1.2, ['impact 2 of 5']],
    ['an active goal', { goals: ['Move house', 'Zen'] }, 2, ['for the goal "Move house"']],
    ['seven days untouched', { updated_on: '2026-11-17' }, 0, ['open, with no date']],
    ['eight days untouched', { updated_on: '2026-11-16' }, 0.143, ['untouched for 8 days']],
    ['a year untouched', { updated_on: '2025-11-24' }, 1, ['untouched for 365 days']],
    ['a quick win', { priority: 4 }, 0.5, ['a quick win']],
    ['urgent', { priority: 1 }, 0, ['priority 1']],
    [
      'all at once',
      { due_date: '2026-11-01', impact_score: 5, goals: ['G'], updated_on: '2026-01-01', priority: 4 },
      14.5,
      ['overdue by 23 days', 'impact 5 of 5', 'for the goal "G"', 'untouched for 327 days', 'a quick win'],
    ],
  ])('of %s', (_name, values, points, reasons) => {
    expect(score(task(values), TODAY)).toEqual({ points, reasons });
  });
});

describe('what is blocked', () => {
  test('is out of the plan, with its reasons', () => {
    const plan = makePlan(
      [
        task({ id: 'a', title: 'Paint', blockers: [{ title: 'Buy paint', how: 'depends_on' }] }),
        task({ id: 'b', title: 'Wait', status: 'blocked' }),
        task({ id: 'c', title: 'Tile', blockers: [{ title: 'Leak', how: 'blocks' }] }),
        task({ id: 'd', title: 'Buy paint' }),
      ],
      TODAY,
    );
    expect(plan.today.map(({ id }) => id)).toEqual(['d']);
    expect(plan.blocked).toEqual([
      { id: 'a', title: 'Paint', reasons: ['waits for "Buy paint"'] },
      { id: 'b', title: 'Wait', reasons: ['marked as blocked'] },
      { id: 'c', title: 'Tile', reasons: ['blocked by "Leak"'] },
    ]);
  });
});

const date = fc
  .integer({ min: -400, max: 400 })
  .map((days) => new Date(Date.parse(TODAY) + days * 86_400_000).toISOString().slice(0, 10));
const anyTask: fc.Arbitrary<PlanTask> = fc.record({
  id: fc.uuid(),
  title: fc.string(),
  status: fc.constantFrom('open', 'blocked'),
  priority: fc.option(fc.integer({ min: 1, max: 4 })),
  impact_score: fc.option(fc.integer({ min: 1, max: 5 })),
  due_date: fc.option(date),
  updated_at: fc.date({ min: new Date('2025-01-01'), max: new Date('2026-11-24'), noInvalidDate: true }),
  updated_on: date,
  goals: fc.array(fc.string(), { maxLength: 2 }),
  blockers: fc.array(
    fc.record({ title: fc.string(), how: fc.constantFrom('depends_on' as const, 'blocks' as const) }),
    { maxLength: 2 },
  ),
});

test('the plan does not depend on the order in which tasks are read, holds each once, and says why', () => {
  const tasks = fc.uniqueArray(anyTask, { selector: ({ id }) => id, maxLength: 40 });
  fc.assert(
    fc.property(
      tasks.chain((list) =>
        fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
      ),
      ([list, shuffled]) => {
        const plan = makePlan(list, TODAY);
        expect(makePlan(shuffled, TODAY)).toEqual(plan);
        expect(plan.today.length).toBeLessThanOrEqual(TODAY_ITEMS);
        expect(plan.next.length).toBeLessThanOrEqual(NEXT_ITEMS);
        if (plan.next.length > 0) expect(plan.today.length).toBe(TODAY_ITEMS);
        const all = [...plan.today, ...plan.next, ...plan.blocked];
        expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
        for (const { reasons } of all) expect(reasons.length).toBeGreaterThan(0);
        const scores = [...plan.today, ...plan.next].map((item) => item.score);
        expect(scores).toEqual([...scores].sort((a, b) => b - a));
      },
    ),
  );
});

test('ties are broken in one total order: due date, priority, the longest untouched, id', () => {
  const a = task({ id: 'a', due_date: '2026-12-01', priority: 3 });
  const b = task({ id: 'b', due_date: '2026-12-02', priority: 1 });
  const c = task({ id: 'c', priority: 2, updated_at: new Date('2026-11-20') });
  const d = task({ id: 'd', priority: 2, updated_at: new Date('2026-11-21') });
  const e = task({ id: 'e', priority: 2, updated_at: new Date('2026-11-21') });
  const f = task({ id: 'f' });
  expect([f, e, d, c, b, a].sort(compareTies).map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
});
