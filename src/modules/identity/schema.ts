import { boolean, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { createdAt, id, instant, updatedAt, userId } from '../../platform/database/tenant.ts';

/** Who is who. The application's role reads id, email, name, role and timezone of its own row. */
export const users = pgTable('users', {
  id: id(),
  email: text('email').notNull(),
  name: text('name').notNull(),
  role: text('role', { enum: ['admin', 'user'] }).notNull(),
  timezone: text('timezone').notNull(),
  two_factor_enabled: boolean('two_factor_enabled').notNull().default(false),
  created_at: createdAt(),
  updated_at: updatedAt(),
});

/** What this module itself writes of better-auth's accounts: passwords, as scrypt hashes. */
export const authAccounts = pgTable('auth_accounts', {
  id: id(),
  user_id: userId(),
  provider_id: text('provider_id').notNull(),
  account_id: text('account_id').notNull(),
  password: text('password'),
  updated_at: updatedAt(),
});

export const authSessions = pgTable('auth_sessions', { id: id(), user_id: userId() });

export const LINK_KINDS = ['setup', 'invite', 'sign_in'] as const;
export type LinkKind = (typeof LINK_KINDS)[number];

export const signInLinks = pgTable('sign_in_links', {
  token_hash: text('token_hash').primaryKey(),
  id: uuid('id').notNull(),
  kind: text('kind', { enum: LINK_KINDS }).notNull(),
  user_id: uuid('user_id'),
  email: text('email'),
  role: text('role', { enum: ['admin', 'user'] }).notNull(),
  created_by: uuid('created_by'),
  created_at: createdAt(),
  expires_at: instant('expires_at'),
  used_at: instant('used_at'),
});

/** What a key may do: `personal` is its user, `admin` its user with an administrator's rights. */
export const PROFILES = ['personal', 'admin', 'cos_internal'] as const;
export type Profile = (typeof PROFILES)[number];

export const apiKeys = pgTable('api_keys', {
  key_hash: text('key_hash').primaryKey(),
  id: uuid('id').notNull(),
  user_id: userId(),
  profile_name: text('profile_name', { enum: PROFILES }).notNull(),
  label: text('label').notNull(),
  allow_operator_llm: boolean('allow_operator_llm').notNull(),
  last_used: instant('last_used'),
  created_at: createdAt(),
  is_revoked: boolean('is_revoked').notNull().default(false),
});
