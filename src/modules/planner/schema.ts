import { customType, date, integer, jsonb, pgTable, smallint, text, uuid } from 'drizzle-orm/pg-core';
import { createdAt, id, instant, updatedAt, userId } from '../../platform/database/tenant.ts';
import type { CaptureResult } from './extraction.ts';
import { ENTITY_TYPES, GOAL_STATUSES, LINK_TYPES, PROBLEM_STATUSES, TASK_STATUSES } from './statuses.ts';

/** A time of day to the minute, HH:MM. */
const timeOfDay = customType<{ data: string; driverData: string }>({
  dataType: () => 'time(0)',
  fromDriver: (value) => value.slice(0, 5),
});

export const INBOX_STATUSES = ['received', 'applied', 'no_change', 'failed', 'dismissed'] as const;

export const chatSessions = pgTable('chat_sessions', {
  id: id(),
  user_id: userId(),
  chat_id: text('chat_id').notNull(),
  started_at: instant('started_at').notNull(),
  last_activity_at: instant('last_activity_at').notNull(),
  ended_at: instant('ended_at'),
});

export const inboxItems = pgTable('inbox_items', {
  id: id(),
  user_id: userId(),
  chat_id: text('chat_id').notNull(),
  session_id: uuid('session_id').notNull(),
  source: text('source').notNull(),
  client_msg_id: text('client_msg_id'),
  message_raw: text('message_raw').notNull(),
  message_norm: text('message_norm').notNull(),
  received_at: instant('received_at').notNull(),
  request_id: text('request_id').notNull(),
  status: text('status', { enum: INBOX_STATUSES }).notNull().default('received'),
  error_code: text('error_code'),
  error_message: text('error_message'),
  result: jsonb('result').$type<CaptureResult>(),
  owner: integer('owner'),
});

export const goals = pgTable('goals', {
  id: id(),
  user_id: userId(),
  title: text('title').notNull(),
  title_norm: text('title_norm').notNull(),
  description: text('description'),
  status: text('status', { enum: GOAL_STATUSES }).notNull().default('active'),
  horizon: text('horizon'),
  target_date: date('target_date'),
  created_at: createdAt(),
  updated_at: updatedAt(),
  archived_at: instant('archived_at'),
});

export const problems = pgTable('problems', {
  id: id(),
  user_id: userId(),
  title: text('title').notNull(),
  title_norm: text('title_norm').notNull(),
  description: text('description'),
  status: text('status', { enum: PROBLEM_STATUSES }).notNull().default('active'),
  severity: smallint('severity'),
  horizon: text('horizon'),
  created_at: createdAt(),
  updated_at: updatedAt(),
  archived_at: instant('archived_at'),
});

export const tasks = pgTable('tasks', {
  id: id(),
  user_id: userId(),
  title: text('title').notNull(),
  title_norm: text('title_norm').notNull(),
  notes: text('notes'),
  status: text('status', { enum: TASK_STATUSES }).notNull().default('open'),
  priority: smallint('priority'),
  impact_score: smallint('impact_score'),
  due_date: date('due_date'),
  due_time: timeOfDay('due_time'),
  tags: text('tags').array().notNull().default([]),
  snoozed_until: date('snoozed_until'),
  source_inbox_item_id: uuid('source_inbox_item_id'),
  created_at: createdAt(),
  updated_at: updatedAt(),
  completed_at: instant('completed_at'),
  archived_at: instant('archived_at'),
});

export const entityLinks = pgTable('entity_links', {
  id: id(),
  user_id: userId(),
  from_entity_type: text('from_entity_type', { enum: ENTITY_TYPES }).notNull(),
  from_entity_id: uuid('from_entity_id').notNull(),
  to_entity_type: text('to_entity_type', { enum: ENTITY_TYPES }).notNull(),
  to_entity_id: uuid('to_entity_id').notNull(),
  link_type: text('link_type', { enum: LINK_TYPES }).notNull(),
  created_at: createdAt(),
});

/** Their tables by kind. */
export const TABLES = { task: tasks, goal: goals, problem: problems } as const;

export type Task = typeof tasks.$inferSelect;
export type Goal = typeof goals.$inferSelect;
export type Problem = typeof problems.$inferSelect;
export type Rows = { task: Task; goal: Goal; problem: Problem };
export type InboxItem = typeof inboxItems.$inferSelect;
export type ChatSession = typeof chatSessions.$inferSelect;
export type EntityLink = typeof entityLinks.$inferSelect;
