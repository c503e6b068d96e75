/**
 * What can be made of a message: tasks, goals, problems, links between them by title, and changes to known ones. It
 * is what a model has to answer, what agents hand over directly, and nothing is stored that does not satisfy it.
 */
import { z } from 'zod';
import * as field from './fields.ts';
import { ENTITY_TYPES, LINK_TYPES } from './statuses.ts';

const MOST = 50;

/** Absent and null both say that nothing is said; models are asked for null, people leave it out. */
const maybe = <T extends z.ZodType>(schema: T) => schema.nullish();

const reference = z.strictObject({ type: z.enum(ENTITY_TYPES), title: field.title });

export const extractedTask = z.strictObject({
  title: field.title,
  notes: maybe(field.notes),
  priority: maybe(field.priority),
  impact_score: maybe(field.impact),
  due_date: maybe(field.day),
  due_time: maybe(field.timeOfDay),
  tags: maybe(field.tags),
  status: maybe(z.enum(['open', 'done'])),
});

export const extractedGoal = z.strictObject({
  title: field.title,
  description: maybe(field.notes),
  horizon: maybe(field.horizon),
  target_date: maybe(field.day),
});

export const extractedProblem = z.strictObject({
  title: field.title,
  description: maybe(field.notes),
  severity: maybe(field.severity),
});

export const extractedLink = z.strictObject({
  from: reference,
  to: reference,
  link_type: z.enum(LINK_TYPES),
});

export const extractedUpdate = z.strictObject({
  type: z.enum(ENTITY_TYPES),
  title: field.title,
  // What is said in passing; everything else has an operation of its own. A goal's due date is its target date.
  set: z.strictObject({
    status: maybe(
      z.enum(['open', 'blocked', 'done', 'active', 'paused', 'monitoring', 'resolved', 'archived']),
    ),
    due_date: maybe(field.day),
    due_time: maybe(field.timeOfDay),
    priority: maybe(field.priority),
  }),
});

/** What agents hand over: lists may be left out. */
export const extraction = z.object({
  tasks: z.array(extractedTask).max(MOST).default([]),
  goals: z.array(extractedGoal).max(MOST).default([]),
  problems: z.array(extractedProblem).max(MOST).default([]),
  links: z
    .array(extractedLink)
    .max(2 * MOST)
    .default([]),
  updates: z.array(extractedUpdate).max(MOST).default([]),
});
export type Extraction = z.output<typeof extraction>;

const answer = z.strictObject({ ...extraction.shape });

const linkCount = z.number().int();

export const captureResult = z.object({
  inbox_item_id: z.uuid().nullable(),
  applied: z.object({
    tasks_created: linkCount,
    tasks_updated: linkCount,
    goals_created: linkCount,
    goals_updated: linkCount,
    problems_created: linkCount,
    problems_updated: linkCount,
    links_created: linkCount,
  }),
  items: z.array(
    z.object({
      entity_type: z.enum(ENTITY_TYPES),
      id: z.uuid(),
      title: z.string(),
      change: z.enum(['created', 'updated']),
    }),
  ),
  skipped: z
    .array(z.object({ what: z.string(), why: z.string() }))
    .describe('What was proposed and not done'),
  reason: z.literal('message_logged_no_actionable_changes').optional(),
});
export type CaptureResult = z.output<typeof captureResult>;

export const NO_CHANGE = 'message_logged_no_actionable_changes';

export const NOTHING: CaptureResult['applied'] = {
  tasks_created: 0,
  tasks_updated: 0,
  goals_created: 0,
  goals_updated: 0,
  problems_created: 0,
  problems_updated: 0,
  links_created: 0,
};

export type Reading = { readonly extraction: Extraction } | { readonly problem: string };

/** Reads a model's answer; a code fence around the JSON is forgiven, anything else is not. */
export function readAnswer(text: string): Reading {
  const json = /^\s*```(?:json)?\s*\n([\s\S]*?)\n?\s*```\s*$/.exec(text)?.[1] ?? text;
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return { problem: 'it is not JSON' };
  }
  const parsed = answer.safeParse(value);
  if (parsed.success) return { extraction: parsed.data };
  const issues = parsed.error.issues.slice(0, 5);
  return {
    problem: issues.map(({ path, message }) => `${path.join('.') || 'the answer'}: ${message}`).join('; '),
  };
}

type JsonSchema = Record<string, unknown>;

/** Keywords that providers' strict modes refuse; `readAnswer` holds the answer to them all the same. */
const NOT_STRICT = new Set([
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'pattern',
  'format',
  'default',
  '$schema',
]);

/** The answer's JSON Schema as strict modes want it: every property required, nothing more allowed, null for nothing. */
export const ANSWER_SCHEMA: JsonSchema = strict(z.toJSONSchema(answer, { io: 'input' }));

function strict(schema: object): JsonSchema {
  const result: JsonSchema = {};
  for (const [key, value] of Object.entries(schema)) {
    if (NOT_STRICT.has(key)) continue;
    if (key === 'properties') {
      const properties = Object.entries(value as Record<string, object>);
      result.properties = Object.fromEntries(properties.map(([name, inner]) => [name, strict(inner)]));
      result.required = properties.map(([name]) => name);
    } else if (Array.isArray(value)) {
      if (key !== 'required') result[key] = value.map((inner) => (isObject(inner) ? strict(inner) : inner));
    } else {
      result[key] = isObject(value) ? strict(value) : value;
    }
  }
  return result;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
