import { bigint, date, integer, jsonb, numeric, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { createdAt, id, updatedAt, userId } from '../../platform/database/tenant.ts';
import { purposes } from './purposes.ts';

/** How a call ended; `cancelled` is somebody's stop, and keeps what was said until then. */
export const CALL_STATUSES = ['ok', 'failed', 'cancelled'] as const;

/** The ledger: one row a call, whatever came of it. A cost of null is unknown, never free. */
export const llmCalls = pgTable('llm_calls', {
  id: id(),
  user_id: userId(),
  request_id: text('request_id').notNull(),
  /** What was being done, as an operation's or a job's name. */
  operation: text('operation').notNull(),
  purpose: text('purpose', { enum: purposes }).notNull(),
  provider: text('provider').notNull(),
  model: text('model').notNull(),
  prompt_version: text('prompt_version').notNull(),
  conversation_id: uuid('conversation_id'),
  run_id: uuid('run_id'),
  status: text('status', { enum: CALL_STATUSES }).notNull(),
  error_code: text('error_code'),
  /** Requests that were sent: 1, and one more for each that was tried again. */
  attempts: integer('attempts').notNull(),
  /** From the first request to the last byte, waits between attempts included. */
  latency_ms: integer('latency_ms').notNull(),
  /** All input, cached or not. */
  input_tokens: bigint('input_tokens', { mode: 'number' }),
  /** The part of the input that the provider read from its cache. */
  cached_input_tokens: bigint('cached_input_tokens', { mode: 'number' }),
  /** The part of the input that the provider put into its cache. */
  cache_write_tokens: bigint('cache_write_tokens', { mode: 'number' }),
  /** All output, reasoning included. */
  output_tokens: bigint('output_tokens', { mode: 'number' }),
  reasoning_tokens: bigint('reasoning_tokens', { mode: 'number' }),
  cost: numeric('cost', { precision: 18, scale: 9 }),
  currency: text('currency').notNull().default('USD'),
  /** The day on which the price was read from the provider. */
  price_date: date('price_date'),
  created_at: createdAt(),
});

export type LedgerRow = typeof llmCalls.$inferInsert & { id: string };

/** What a user has set, by dotted key; each module knows its own keys. */
export const settings = pgTable(
  'settings',
  {
    user_id: userId(),
    key: text('key').notNull(),
    value: jsonb('value').notNull(),
    updated_at: updatedAt(),
  },
  (table) => [primaryKey({ columns: [table.user_id, table.key] })],
);
