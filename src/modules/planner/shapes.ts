/** How rows are shown: as they are stored, without what is only for finding them. */
import { z } from 'zod';
import { captureResult } from './extraction.ts';
import { INBOX_STATUSES } from './schema.ts';
import { ENTITY_TYPES, GOAL_STATUSES, LINK_TYPES, PROBLEM_STATUSES, TASK_STATUSES } from './statuses.ts';

const row = { id: z.uuid(), created_at: z.date(), updated_at: z.date(), archived_at: z.date().nullable() };

export const task = z.object({
  ...row,
  title: z.string(),
  notes: z.string().nullable(),
  status: z.enum(TASK_STATUSES),
  priority: z.number().int().nullable(),
  impact_score: z.number().int().nullable(),
  due_date: z.string().nullable(),
  due_time: z.string().nullable(),
  tags: z.array(z.string()),
  snoozed_until: z.string().nullable(),
  source_inbox_item_id: z.uuid().nullable(),
  completed_at: z.date().nullable(),
});

export const goal = z.object({
  ...row,
  title: z.string(),
  description: z.string().nullable(),
  status: z.enum(GOAL_STATUSES),
  horizon: z.string().nullable(),
  target_date: z.string().nullable(),
});

export const problem = z.object({
  ...row,
  title: z.string(),
  description: z.string().nullable(),
  status: z.enum(PROBLEM_STATUSES),
  severity: z.number().int().nullable(),
  horizon: z.string().nullable(),
});

export const link = z.object({
  id: z.uuid(),
  from_entity_type: z.enum(ENTITY_TYPES),
  from_entity_id: z.uuid(),
  to_entity_type: z.enum(ENTITY_TYPES),
  to_entity_id: z.uuid(),
  link_type: z.enum(LINK_TYPES),
  created_at: z.date(),
});

export const inboxItem = z.object({
  id: z.uuid(),
  chat_id: z.string(),
  session_id: z.uuid(),
  source: z.string(),
  client_msg_id: z.string().nullable(),
  message_raw: z.string(),
  message_norm: z.string(),
  received_at: z.date(),
  status: z.enum(INBOX_STATUSES),
  error_code: z.string().nullable(),
  error_message: z.string().nullable(),
  result: captureResult.nullable(),
});

export const session = z.object({
  id: z.uuid(),
  chat_id: z.string(),
  started_at: z.date(),
  last_activity_at: z.date(),
  ended_at: z.date().nullable(),
});

const planItem = z.object({
  id: z.uuid(),
  title: z.string(),
  score: z.number(),
  reasons: z.array(z.string()),
});

export const plan = z.object({
  generated_at: z.date(),
  today: z.array(planItem),
  next: z.array(planItem),
  blocked: z.array(planItem.omit({ score: true })),
});

export const deleted = z.object({ deleted: z.literal(true) });
