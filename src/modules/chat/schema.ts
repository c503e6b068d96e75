import type { UIMessageChunk } from 'ai';
import { integer, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { createdAt, id, instant, updatedAt, userId } from '../../platform/database/tenant.ts';
import type { MessagePart } from './parts.ts';

export const conversations = pgTable('conversations', {
  id: id(),
  user_id: userId(),
  title: text('title').notNull().default(''),
  title_source: text('title_source', { enum: ['none', 'message', 'model', 'person'] })
    .notNull()
    .default('none'),
  created_at: createdAt(),
  updated_at: updatedAt(),
  archived_at: instant('archived_at'),
});

export const runs = pgTable('runs', {
  id: id(),
  user_id: userId(),
  conversation_id: uuid('conversation_id').notNull(),
  kind: text('kind', { enum: ['turn'] }).notNull(),
  status: text('status', { enum: ['queued', 'running', 'completed', 'failed', 'cancelled'] }).notNull(),
  request_id: text('request_id').notNull(),
  message_id: uuid('message_id').notNull(),
  answer_id: uuid('answer_id').notNull(),
  attempts: integer('attempts').notNull().default(0),
  stop_requested_at: instant('stop_requested_at'),
  error_code: text('error_code'),
  error_message: text('error_message'),
  created_at: createdAt(),
  started_at: instant('started_at'),
  finished_at: instant('finished_at'),
});

export const messages = pgTable('messages', {
  id: id(),
  user_id: userId(),
  conversation_id: uuid('conversation_id').notNull(),
  run_id: uuid('run_id'),
  client_msg_id: text('client_msg_id'),
  role: text('role', { enum: ['user', 'assistant'] }).notNull(),
  parts: jsonb('parts').$type<MessagePart[]>().notNull(),
  created_at: createdAt(),
});

export const runSteps = pgTable('run_steps', {
  id: id(),
  user_id: userId(),
  run_id: uuid('run_id').notNull(),
  seq: integer('seq').notNull(),
  kind: text('kind', { enum: ['model', 'tool'] }).notNull(),
  status: text('status', { enum: ['pending', 'completed', 'failed'] }).notNull(),
  tool_call_id: text('tool_call_id'),
  tool_name: text('tool_name'),
  input: jsonb('input').$type<Record<string, unknown>>(),
  output: jsonb('output').$type<unknown>(),
  created_at: createdAt(),
  finished_at: instant('finished_at'),
});

export const runChunks = pgTable(
  'run_chunks',
  {
    user_id: userId(),
    run_id: uuid('run_id').notNull(),
    attempt: integer('attempt').notNull(),
    seq: integer('seq').notNull(),
    chunks: jsonb('chunks').$type<UIMessageChunk[]>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.user_id, table.run_id, table.attempt, table.seq] })],
);
