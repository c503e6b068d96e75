import { integer, jsonb, pgTable, text, unique } from 'drizzle-orm/pg-core';
import { createdAt, id, instant, userId } from './tenant.ts';

export const eventLog = pgTable('event_log', {
  id: id(),
  user_id: userId(),
  request_id: text('request_id').notNull(),
  actor_kind: text('actor_kind', { enum: ['user', 'key', 'agent', 'system'] }).notNull(),
  actor_id: text('actor_id'),
  event_type: text('event_type').notNull(),
  entity_type: text('entity_type'),
  entity_id: text('entity_id'),
  payload_json: jsonb('payload_json').$type<Record<string, unknown>>().notNull(),
  created_at: createdAt(),
});

export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    id: id(),
    user_id: userId(),
    idempotency_key: text('idempotency_key').notNull(),
    request_hash: text('request_hash').notNull(),
    response_status: integer('response_status'),
    response_body: jsonb('response_body'),
    owner: integer('owner'),
    created_at: createdAt(),
    expires_at: instant('expires_at').notNull(),
  },
  (table) => [unique().on(table.user_id, table.idempotency_key)],
);

export const deadJobs = pgTable('dead_jobs', {
  id: id(),
  user_id: userId(),
  task: text('task').notNull(),
  payload: jsonb('payload').$type<Record<string, unknown>>().notNull(),
  attempts: integer('attempts').notNull(),
  last_error: text('last_error').notNull(),
  failed_at: instant('failed_at')
    .notNull()
    .$defaultFn(() => new Date()),
  retried_at: instant('retried_at'),
});
