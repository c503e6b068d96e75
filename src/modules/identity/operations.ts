import { z } from 'zod';
import { AppError } from '../../platform/errors.ts';
import {
  decodeCursor,
  inTransaction,
  type OperationContext,
  operation,
  pageInput,
  pageOutput,
  type StagedContext,
  stagedOperation,
  toPage,
} from '../../platform/operations/index.ts';
import { insertKey, listKeys, revokeKey } from './keys.ts';
import { insertLink, insertSignInLink, linkUrl, listInvitations, revokeInvitation } from './links.ts';
import { PROFILES } from './schema.ts';
import * as users from './users.ts';

const role = z.enum(['admin', 'user']);
const me = z.object({ id: z.uuid(), email: z.string(), name: z.string(), role, timezone: z.string() });
const user = me.extend({ two_factor_enabled: z.boolean(), created_at: z.date() });
const key = z.object({
  id: z.uuid(),
  label: z.string(),
  profile_name: z.enum(PROFILES),
  allow_operator_llm: z.boolean(),
  created_at: z.date(),
  last_used: z.date().nullable(),
  is_revoked: z.boolean(),
});
const invitation = z.object({
  id: z.uuid(),
  email: z.string().nullable(),
  role,
  created_at: z.date(),
  expires_at: z.date().nullable(),
  used_at: z.date().nullable(),
});
const byTime = z.tuple([z.iso.datetime(), z.uuid()]);

/** The operator at the terminal may have no account of his own. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

/**
 * One transaction of the owner, since the application's role does not see these tables. The events are those of
 * `subject`, the user whom the change is about.
 */
function asOwner<T>(
  ctx: StagedContext,
  reason: string,
  subject: string | undefined,
  fn: (inner: OperationContext) => Promise<T>,
): Promise<T> {
  const actor = subject === undefined ? ctx.actor : { ...ctx.actor, userId: subject };
  return ctx.db.asService(reason, (tx) =>
    inTransaction({ db: ctx.db, clock: { now: () => ctx.now } }, actor, ctx, fn, tx),
  );
}

/** @param url where browsers reach the server, for the links that are given out */
export function operationsOf(url: () => string) {
  return {
    me: {
      get: operation({
        name: 'me.get',
        summary: 'Who I am',
        http: { method: 'GET', path: '/v1/me' },
        effect: 'read',
        input: z.object({}),
        output: me,
        handler: (ctx) => users.readOwn(ctx.tx, ctx.userId),
      }),
      update: operation({
        name: 'me.update',
        summary: 'Change my name or time zone',
        http: { method: 'PATCH', path: '/v1/me' },
        effect: 'write',
        input: z.object({ name: users.nameInput.optional(), timezone: users.timezoneInput.optional() }),
        output: me,
        handler: async (ctx, changes) => {
          const updated = await users.updateOwn(ctx.tx, ctx.userId, changes);
          ctx.event('user.updated', { type: 'user', id: ctx.userId }, changes);
          return updated;
        },
      }),
    },
    keys: {
      list: stagedOperation({
        name: 'keys.list',
        summary: 'My API keys, newest first; never the keys themselves',
        http: { method: 'GET', path: '/v1/keys' },
        effect: 'read',
        tool: false,
        input: pageInput.extend({ status: z.enum(['active', 'revoked', 'all']).default('active') }),
        output: pageOutput(key),
        handler: async (ctx, { limit, cursor, status }) => {
          const after = decodeCursor(cursor, byTime);
          const revoked = status === 'all' ? undefined : status === 'revoked';
          const rows = await ctx.db.asService('list api keys', (tx) =>
            listKeys(tx, ctx.userId, { limit, revoked, after }),
          );
          return toPage(rows, limit, (row) => [row.created_at.toISOString(), row.id]);
        },
      }),
      create: stagedOperation({
        name: 'keys.create',
        summary: 'Make an API key; it is shown this once',
        http: { method: 'POST', path: '/v1/keys', status: 201 },
        effect: 'write',
        tool: false,
        secret: true,
        input: z.object({
          label: z.string().trim().min(1).max(100).describe('What it is for, such as the name of a program'),
          profile_name: z
            .enum(PROFILES)
            .default('personal')
            .describe('admin: with the rights of an administrator, for one who is'),
          allow_operator_llm: z
            .boolean()
            .default(false)
            .describe("Use the operator's model keys where the user has none; for an administrator to grant"),
        }),
        output: key.extend({ key: z.string() }),
        print: (created) => created.key,
        handler: async (ctx, input) => {
          const beyond = input.profile_name !== 'personal' || input.allow_operator_llm;
          if (beyond && ctx.actor.role !== 'admin') {
            throw new AppError(
              'forbidden',
              'only an administrator makes keys that may do more than their user.',
            );
          }
          return asOwner(ctx, 'create an api key', undefined, async (inner) => {
            const created = await insertKey(inner.tx, {
              userId: ctx.userId,
              label: input.label,
              profileName: input.profile_name,
              allowOperatorLlm: input.allow_operator_llm,
            });
            inner.event('key.created', { type: 'key', id: created.id }, { label: created.label });
            return created;
          });
        },
      }),
      revoke: stagedOperation({
        name: 'keys.revoke',
        summary: 'Revoke an API key, for good and at once',
        http: { method: 'DELETE', path: '/v1/keys/{id}' },
        effect: 'destructive',
        tool: false,
        input: z.object({ id: z.uuid() }),
        output: key,
        handler: (ctx, { id }) =>
          asOwner(ctx, 'revoke an api key', undefined, async (inner) => {
            const revoked = await revokeKey(inner.tx, ctx.userId, id);
            inner.event('key.revoked', { type: 'key', id }, { label: revoked.label });
            return revoked;
          }),
      }),
    },
    invitations: {
      list: stagedOperation({
        name: 'invitations.list',
        summary: 'Invitations, newest first',
        http: { method: 'GET', path: '/v1/invitations' },
        effect: 'read',
        access: 'admin',
        tool: false,
        input: pageInput,
        output: pageOutput(invitation),
        handler: async (ctx, { limit, cursor }) => {
          const after = decodeCursor(cursor, byTime);
          const rows = await ctx.db.asService('list invitations', (tx) => listInvitations(tx, limit, after));
          return toPage(rows, limit, (row) => [row.created_at.toISOString(), row.id]);
        },
      }),
      create: stagedOperation({
        name: 'invitations.create',
        summary: 'Invite somebody: a link that makes an account, once, within seven days',
        http: { method: 'POST', path: '/v1/invitations', status: 201 },
        effect: 'write',
        access: 'admin',
        tool: false,
        secret: true,
        input: z.object({
          email: users.emailInput
            .optional()
            .describe('The account will have this address; theirs to choose unless given'),
          role: role.default('user'),
        }),
        output: invitation.extend({ url: z.string() }),
        print: (created) => created.url,
        handler: (ctx, input) =>
          asOwner(ctx, 'invite somebody', undefined, async (inner) => {
            const createdBy = ctx.userId === NOBODY ? undefined : ctx.userId;
            const { token, ...link } = await insertLink(inner.tx, {
              kind: 'invite',
              ...input,
              createdBy,
              now: ctx.now,
            });
            inner.event('invitation.created', { type: 'invitation', id: link.id }, input);
            return { ...link, url: linkUrl(url(), token) };
          }),
      }),
      revoke: stagedOperation({
        name: 'invitations.revoke',
        summary: 'Take back an invitation that was not used yet',
        http: { method: 'DELETE', path: '/v1/invitations/{id}' },
        effect: 'destructive',
        access: 'admin',
        tool: false,
        input: z.object({ id: z.uuid() }),
        output: z.object({ id: z.uuid() }),
        handler: (ctx, { id }) =>
          asOwner(ctx, 'take back an invitation', undefined, async (inner) => {
            await revokeInvitation(inner.tx, id);
            inner.event('invitation.revoked', { type: 'invitation', id });
            return { id };
          }),
      }),
    },
    users: {
      list: stagedOperation({
        name: 'users.list',
        summary: 'Everybody who has an account',
        http: { method: 'GET', path: '/v1/users' },
        effect: 'read',
        access: 'admin',
        tool: false,
        input: pageInput,
        output: pageOutput(user),
        handler: async (ctx, { limit, cursor }) => {
          const after = decodeCursor(cursor, z.tuple([z.uuid()]));
          const rows = await ctx.db.asService('list users', (tx) => users.listUsers(tx, limit, after));
          return toPage(rows, limit, (row) => [row.id]);
        },
      }),
      create: stagedOperation({
        name: 'users.create',
        summary: 'Make an account; users.link lets its owner in',
        http: { method: 'POST', path: '/v1/users', status: 201 },
        effect: 'write',
        access: 'admin',
        tool: false,
        input: z.object({
          email: users.emailInput,
          name: users.nameInput,
          role: role.optional().describe('user, but admin for the first account'),
          timezone: users.timezoneInput.optional(),
        }),
        output: user,
        handler: (ctx, input) =>
          ctx.db.asService('create a user', async (tx) => {
            const created = await users.insertUser(tx, input);
            await inTransaction(
              { db: ctx.db, clock: { now: () => ctx.now } },
              { ...ctx.actor, userId: created.id },
              ctx,
              async (inner) => inner.event('user.created', { type: 'user', id: created.id }),
              tx,
            );
            return created;
          }),
      }),
      link: stagedOperation({
        name: 'users.link',
        summary: 'A link that lets a user in, once, within fifteen minutes',
        description:
          'For an operator at the terminal alone: an administrator of the page may not sign in as somebody else.',
        http: { method: 'POST', path: '/v1/users/link', status: 201 },
        effect: 'write',
        access: 'admin',
        tool: false,
        secret: true,
        input: z.object({ email: users.emailInput }),
        output: z.object({ url: z.string(), expires_at: z.date().nullable() }),
        print: (created) => created.url,
        handler: async (ctx, { email }) => {
          if (ctx.actor.kind !== 'system') {
            throw new AppError(
              'forbidden',
              'only the operator does this, at the terminal: steward users link EMAIL.',
            );
          }
          const link = await ctx.db.asService('make a sign-in link', (tx) =>
            insertSignInLink(tx, email, ctx.now),
          );
          return { url: linkUrl(url(), link.token), expires_at: link.expires_at };
        },
      }),
      set_role: stagedOperation({
        name: 'users.set_role',
        summary: 'Make somebody an administrator, or no longer',
        http: { method: 'PATCH', path: '/v1/users/{id}/role' },
        effect: 'write',
        access: 'admin',
        tool: false,
        input: z.object({ id: z.uuid(), role }),
        output: user,
        handler: (ctx, input) =>
          asOwner(ctx, 'change a role', input.id, async (inner) => {
            const changed = await users.setRole(inner.tx, input.id, input.role);
            inner.event('user.role_changed', { type: 'user', id: input.id }, { role: input.role });
            return changed;
          }),
      }),
    },
  };
}
