import { jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { createdAt, id, instant, userId } from '../../platform/database/tenant.ts';

export const CHANNELS = ['telegram'] as const;

/** Something that a reply numbers. */
export interface Shown {
  readonly entity_type: 'task' | 'goal' | 'problem';
  readonly id: string;
  readonly title: string;
}

export const channelLinks = pgTable('channel_links', {
  id: id(),
  user_id: userId(),
  channel: text('channel', { enum: CHANNELS }).notNull(),
  external_id: text('external_id').notNull(),
  created_at: createdAt(),
});

export const linkCodes = pgTable('channel_link_codes', {
  code_hash: text('code_hash').primaryKey(),
  user_id: userId(),
  created_at: createdAt(),
  expires_at: instant('expires_at').notNull(),
  used_at: instant('used_at'),
});

export const channelUpdates = pgTable('channel_updates', {
  id: id(),
  user_id: uuid('user_id'),
  channel: text('channel', { enum: CHANNELS }).notNull(),
  external_id: text('external_id').notNull(),
  chat_id: text('chat_id').notNull(),
  reply: text('reply'),
  shown: jsonb('shown').$type<readonly Shown[]>(),
  sending_at: instant('sending_at'),
  sent_at: instant('sent_at'),
  created_at: createdAt(),
});
