import { date, integer, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { createdAt, id, instant, updatedAt, userId } from '../../platform/database/tenant.ts';

export const memories = pgTable('memories', {
  id: id(),
  user_id: userId(),
  content: text('content').notNull(),
  content_norm: text('content_norm').notNull(),
  created_at: createdAt(),
  updated_at: updatedAt(),
});

export const memorySummaries = pgTable('memory_summaries', {
  id: id(),
  user_id: userId(),
  chat_id: text('chat_id').notNull(),
  session_id: uuid('session_id'),
  summary_type: text('summary_type', { enum: ['session', 'daily', 'weekly'] }).notNull(),
  period_start: date('period_start').notNull(),
  summary_text: text('summary_text').notNull(),
  facts_json: jsonb('facts_json').$type<Record<string, unknown>>().notNull(),
  source_event_ids: jsonb('source_event_ids').$type<string[]>().notNull(),
  created_at: createdAt(),
});

export const recentContextItems = pgTable('recent_context_items', {
  id: id(),
  user_id: userId(),
  chat_id: text('chat_id').notNull(),
  entity_type: text('entity_type', { enum: ['task', 'goal', 'problem'] }).notNull(),
  entity_id: uuid('entity_id').notNull(),
  position: integer('position').notNull(),
  reason: text('reason'),
  surfaced_at: instant('surfaced_at').notNull(),
  expires_at: instant('expires_at').notNull(),
});
