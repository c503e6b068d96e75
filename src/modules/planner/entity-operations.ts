/** Tasks, goals and problems: what is the same for each is written once. */
import { z } from 'zod';
import { decodeCursor, operation, pageInput, pageOutput, toPage } from '../../platform/operations/index.ts';
import {
  type Changes,
  changeRow,
  deleteRow,
  getRow,
  insertRows,
  listRows,
  lockRow,
  restoreRow,
} from './entities.ts';
import * as field from './fields.ts';
import type { Rows } from './schema.ts';
import * as shapes from './shapes.ts';
import { type EntityType, GOAL_STATUSES, PROBLEM_STATUSES, TASK_STATUSES } from './statuses.ts';

const byId = z.object({ id: z.uuid() });
const cursor = z.tuple([z.iso.date().nullable(), z.uuid()]);

/** A field of a PATCH: absent is unchanged, null clears. */
const patch = <T extends z.ZodType>(schema: T) => schema.nullable().optional();

/** A list's filter: one status, or any of several. */
const anyOf = <const S extends readonly [string, ...string[]]>(statuses: S) =>
  z
    .union([z.enum(statuses), z.array(z.enum(statuses)).min(1).max(statuses.length)])
    .optional()
    .describe('One status, or any of several');

type Plural<T extends EntityType> = `${T}s`;

/** The operations that need only a row's id. */
function byIdOperations<T extends EntityType, O extends z.ZodType>(type: T, shape: O) {
  const plural = `${type}s` as Plural<T>;
  const shown = (row: Rows[T]) => row as unknown as z.input<O>;
  return {
    get: operation({
      name: `${plural}.get`,
      summary: `One ${type}`,
      http: { method: 'GET', path: `/v1/${plural}/{id}` as const },
      effect: 'read',
      input: byId,
      output: shape,
      handler: async (ctx, { id }) => shown(await getRow(ctx.tx, ctx.userId, type, id)),
    }),
    archive: operation({
      name: `${plural}.archive`,
      summary: `Put a ${type} away`,
      http: { method: 'POST', path: `/v1/${plural}/{id}/archive` as const },
      effect: 'write',
      input: byId,
      output: shape,
      handler: async (ctx, { id }) => {
        const row = await lockRow(ctx.tx, ctx.userId, type, id);
        return shown(await changeRow(ctx, type, row, { status: 'archived' } as Changes<T>));
      },
    }),
    restore: operation({
      name: `${plural}.restore`,
      summary: `Bring an archived ${type} back`,
      http: { method: 'POST', path: `/v1/${plural}/{id}/restore` as const },
      effect: 'write',
      input: byId,
      output: shape,
      handler: async (ctx, { id }) =>
        shown(await restoreRow(ctx, type, await lockRow(ctx.tx, ctx.userId, type, id))),
    }),
    delete: operation({
      name: `${plural}.delete`,
      summary: `Delete a ${type} and its links for good`,
      http: { method: 'DELETE', path: `/v1/${plural}/{id}` as const },
      effect: 'destructive',
      input: byId,
      output: shapes.deleted,
      handler: async (ctx, { id }) => {
        await deleteRow(ctx, type, id);
        return { deleted: true as const };
      },
    }),
  };
}

/** Sets one of a task's statuses. */
function taskStatus<const V extends string>(verb: V, summary: string, status: 'done' | 'open') {
  return operation({
    name: `tasks.${verb}`,
    summary,
    http: { method: 'POST', path: `/v1/tasks/{id}/${verb}` as const },
    effect: 'write',
    input: byId,
    output: shapes.task,
    handler: async (ctx, { id }) =>
      changeRow(ctx, 'task', await lockRow(ctx.tx, ctx.userId, 'task', id), { status }),
  });
}

const taskFields = z.object({
  notes: patch(field.notes),
  priority: patch(field.priority),
  impact_score: patch(field.impact),
  due_date: patch(field.day),
  due_time: patch(field.timeOfDay),
  tags: field.tags.optional(),
});

export const tasks = {
  ...byIdOperations('task', shapes.task),
  list: operation({
    name: 'tasks.list',
    summary: 'Tasks, the newest first',
    http: { method: 'GET', path: '/v1/tasks' },
    effect: 'read',
    input: pageInput.extend({
      status: anyOf(TASK_STATUSES),
      goal_id: z.uuid().optional().describe('Linked to this goal'),
      q: field.search.optional(),
      tag: field.search.optional(),
      due_before: field.day.optional().describe('Due before this day'),
      sort: z.enum(['created', 'due']).optional().describe('The newest first, or the soonest due'),
    }),
    output: pageOutput(shapes.task),
    handler: async (ctx, input) => {
      const rows = await listRows(ctx.tx, ctx.userId, 'task', input, decodeCursor(input.cursor, cursor));
      return toPage(rows, input.limit, (row) => [input.sort === 'due' ? row.due_date : null, row.id]);
    },
  }),
  create: operation({
    name: 'tasks.create',
    summary: 'Add a task',
    http: { method: 'POST', path: '/v1/tasks', status: 201 },
    effect: 'write',
    input: taskFields.extend({ title: field.title }),
    output: shapes.task,
    handler: async (ctx, { tags = [], ...input }) =>
      (await insertRows(ctx, 'task', [{ ...input, tags }]))[0]!,
  }),
  update: operation({
    name: 'tasks.update',
    summary: 'Change a task; what is left out stays, null clears',
    http: { method: 'PATCH', path: '/v1/tasks/{id}' },
    effect: 'write',
    input: taskFields.extend({
      id: z.uuid(),
      title: field.title.optional(),
      status: z.enum(TASK_STATUSES).optional(),
      snoozed_until: patch(field.day),
    }),
    output: shapes.task,
    handler: async (ctx, { id, ...changes }) =>
      changeRow(ctx, 'task', await lockRow(ctx.tx, ctx.userId, 'task', id), changes),
  }),
  complete: taskStatus('complete', 'Mark a task done', 'done'),
  reopen: taskStatus('reopen', 'Open a task again', 'open'),
  snooze: operation({
    name: 'tasks.snooze',
    summary: 'Keep a task out of the plan until a day',
    http: { method: 'POST', path: '/v1/tasks/{id}/snooze' },
    effect: 'write',
    input: byId.extend({
      until: field.day.nullable().describe('The day it comes back; null brings it back now'),
    }),
    output: shapes.task,
    handler: async (ctx, { id, until }) =>
      changeRow(ctx, 'task', await lockRow(ctx.tx, ctx.userId, 'task', id), { snoozed_until: until }),
  }),
};

const goalFields = z.object({
  description: patch(field.notes),
  horizon: patch(field.horizon),
  target_date: patch(field.day),
});

export const goals = {
  ...byIdOperations('goal', shapes.goal),
  list: operation({
    name: 'goals.list',
    summary: 'Goals, the newest first',
    http: { method: 'GET', path: '/v1/goals' },
    effect: 'read',
    input: pageInput.extend({ status: anyOf(GOAL_STATUSES), q: field.search.optional() }),
    output: pageOutput(shapes.goal),
    handler: async (ctx, input) => {
      const rows = await listRows(ctx.tx, ctx.userId, 'goal', input, decodeCursor(input.cursor, cursor));
      return toPage(rows, input.limit, (row) => [null, row.id]);
    },
  }),
  create: operation({
    name: 'goals.create',
    summary: 'Add a goal',
    http: { method: 'POST', path: '/v1/goals', status: 201 },
    effect: 'write',
    input: goalFields.extend({ title: field.title }),
    output: shapes.goal,
    handler: async (ctx, input) => (await insertRows(ctx, 'goal', [input]))[0]!,
  }),
  update: operation({
    name: 'goals.update',
    summary: 'Change a goal; what is left out stays, null clears',
    http: { method: 'PATCH', path: '/v1/goals/{id}' },
    effect: 'write',
    input: goalFields.extend({
      id: z.uuid(),
      title: field.title.optional(),
      status: z.enum(GOAL_STATUSES).optional(),
    }),
    output: shapes.goal,
    handler: async (ctx, { id, ...changes }) =>
      changeRow(ctx, 'goal', await lockRow(ctx.tx, ctx.userId, 'goal', id), changes),
  }),
};

const problemFields = z.object({
  description: patch(field.notes),
  severity: patch(field.severity),
  horizon: patch(field.horizon),
});

export const problems = {
  ...byIdOperations('problem', shapes.problem),
  list: operation({
    name: 'problems.list',
    summary: 'Problems, the newest first',
    http: { method: 'GET', path: '/v1/problems' },
    effect: 'read',
    input: pageInput.extend({ status: anyOf(PROBLEM_STATUSES), q: field.search.optional() }),
    output: pageOutput(shapes.problem),
    handler: async (ctx, input) => {
      const rows = await listRows(ctx.tx, ctx.userId, 'problem', input, decodeCursor(input.cursor, cursor));
      return toPage(rows, input.limit, (row) => [null, row.id]);
    },
  }),
  create: operation({
    name: 'problems.create',
    summary: 'Add a problem',
    http: { method: 'POST', path: '/v1/problems', status: 201 },
    effect: 'write',
    input: problemFields.extend({ title: field.title }),
    output: shapes.problem,
    handler: async (ctx, input) => (await insertRows(ctx, 'problem', [input]))[0]!,
  }),
  update: operation({
    name: 'problems.update',
    summary: 'Change a problem; what is left out stays, null clears',
    http: { method: 'PATCH', path: '/v1/problems/{id}' },
    effect: 'write',
    input: problemFields.extend({
      id: z.uuid(),
      title: field.title.optional(),
      status: z.enum(PROBLEM_STATUSES).optional(),
    }),
    output: shapes.problem,
    handler: async (ctx, { id, ...changes }) =>
      changeRow(ctx, 'problem', await lockRow(ctx.tx, ctx.userId, 'problem', id), changes),
  }),
};
