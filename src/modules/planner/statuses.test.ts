import { describe, expect, test } from 'vitest';
import { changeStatus, ENTITY_TYPES, restored, statusEvent, TRANSITIONS, wrongEnd } from './statuses.ts';

const now = new Date('2026-11-24T09:00:00Z');
const before = new Date('2026-11-01T09:00:00Z');

describe.each(ENTITY_TYPES)('the statuses of a %s', (type) => {
  const table: Readonly<Record<string, readonly string[]>> = TRANSITIONS[type];
  const statuses = Object.keys(table);

  test.each(statuses.flatMap((from) => statuses.map((to) => [from, to] as const)))('%s -> %s', (from, to) => {
    const row = { status: from, archived_at: from === 'archived' ? before : null, completed_at: null };
    if (from === to || table[from]!.includes(to)) {
      const change = changeStatus(type, row, to, now);
      expect(change.status).toBe(to);
      expect(change.archived_at === null).toBe(to !== 'archived');
      if (from !== to) expect(statusEvent(type, from, to)).toMatch(new RegExp(`^${type}\\.\\w+$`));
    } else {
      expect(() => changeStatus(type, row, to, now)).toThrow(expect.objectContaining({ code: 'conflict' }));
    }
  });

  test('there are no others', () => {
    const row = { status: statuses[0]!, archived_at: null };
    expect(() => changeStatus(type, row, 'finished', now)).toThrow(
      expect.objectContaining({ code: 'bad_request' }),
    );
  });
});

test('done sets completed_at once, leaving it clears it, the archive keeps it', () => {
  const open = { status: 'open', archived_at: null, completed_at: null };
  expect(changeStatus('task', open, 'done', now)).toEqual({
    status: 'done',
    archived_at: null,
    completed_at: now,
  });
  const done = { status: 'done', archived_at: null, completed_at: before };
  expect(changeStatus('task', done, 'done', now).completed_at).toEqual(before);
  expect(changeStatus('task', done, 'open', now).completed_at).toBeNull();
  const archived = { ...changeStatus('task', done, 'archived', now) };
  expect(archived).toEqual({ status: 'archived', archived_at: now, completed_at: before });
  expect(restored('task', archived)).toEqual({ status: 'done', archived_at: null, completed_at: before });
  expect(restored('goal', { status: 'archived', archived_at: now })).toEqual({
    status: 'active',
    archived_at: null,
  });
});

test('what came of a change is told by name', () => {
  expect(statusEvent('task', 'open', 'done')).toBe('task.completed');
  expect(statusEvent('task', 'done', 'open')).toBe('task.reopened');
  expect(statusEvent('task', 'blocked', 'open')).toBe('task.resumed');
  expect(statusEvent('task', 'archived', 'open')).toBe('task.restored');
  expect(statusEvent('problem', 'active', 'resolved')).toBe('problem.resolved');
});

test('links end where they must', () => {
  expect(wrongEnd('supports_goal', 'task')).toBe('supports_goal leads to a goal, not to a task');
  expect(wrongEnd('supports_goal', 'goal')).toBeUndefined();
  expect(wrongEnd('addresses_problem', 'goal')).toBeDefined();
  expect(wrongEnd('depends_on', 'problem')).toBeUndefined();
});
