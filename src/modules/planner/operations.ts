/** Capture, inbox, links, plan and sessions; tasks, goals and problems are in entity-operations.ts. */
import { z } from 'zod';
import { AppError } from '../../platform/errors.ts';
import {
  decodeCursor,
  operation,
  pageInput,
  pageOutput,
  stagedOperation,
  toPage,
} from '../../platform/operations/index.ts';
import { applyExtraction } from './apply.ts';
import { type CaptureDeps, captureAgain, captureThought, enqueueRefresh, keepResult } from './capture.ts';
import { goals, problems, tasks } from './entity-operations.ts';
import { captureResult, extraction } from './extraction.ts';
import * as field from './fields.ts';
import * as inbox from './inbox.ts';
import { createLink, deleteLink, listLinks, lockPlanner } from './links.ts';
import { planToday, refreshPlan } from './plan-service.ts';
import { INBOX_STATUSES } from './schema.ts';
import { endByHand, listSessions } from './sessions.ts';
import * as shapes from './shapes.ts';
import { ENTITY_TYPES, LINK_TYPES } from './statuses.ts';

const byId = z.object({ id: z.uuid() });
const cursor = z.tuple([z.uuid()]);

/** Calls a minute and user. Reading the plan is cheap, and a page reads it after every change. */
const RATE = { capture: 20, refresh: 15, today: 120 } as const;

const thought = z.object({
  message: field.prose(20_000).describe('What was said'),
  chat_id: field.chatId.default('default'),
  source: field.source.default('api'),
});

const stored = captureResult.extend({ inbox_item_id: z.uuid() });

export function plannerOperations(deps: CaptureDeps) {
  return {
    capture: {
      thought: stagedOperation({
        name: 'capture.thought',
        summary: 'Make tasks, goals, problems and links of what somebody says',
        description:
          'The same client_msg_id of the same source and chat gives the first answer again and changes nothing.',
        http: { method: 'POST', path: '/v1/capture/thought' },
        effect: 'write',
        rateLimit: RATE.capture,
        input: thought.extend({
          client_msg_id: field.line(200).optional().describe("The message's id where it comes from"),
        }),
        output: stored,
        handler: async (ctx, input) => withItem(await captureThought(deps, ctx, input, ctx.actor.timezone)),
      }),
      apply: operation({
        name: 'capture.apply',
        summary: 'Store tasks, goals, problems and the links between them, all at once',
        description: 'What is known by its title is brought up to date instead of made twice.',
        http: { method: 'POST', path: '/v1/capture/apply' },
        effect: 'write',
        input: extraction.extend({
          message: field.prose(20_000).optional().describe("The person's words, to be kept in the inbox"),
          chat_id: field.chatId.optional(),
        }),
        output: captureResult,
        handler: async (ctx, { message, chat_id = 'default', ...extracted }) => {
          await lockPlanner(ctx.tx, ctx.userId);
          const recent = await deps.recent(ctx.tx, ctx.userId, chat_id, ctx.now);
          const words = message === undefined ? undefined : { chat_id, source: ctx.actor.kind, message };
          const item = words && (await inbox.store(ctx, words, { status: 'received' }));
          const result = await applyExtraction(ctx, extracted, { inboxItemId: item?.id ?? null, recent });
          if (item) await keepResult(ctx, item, result, ctx.actor.timezone);
          else if (result.reason === undefined) enqueueRefresh(ctx, ctx.actor.timezone);
          return result;
        },
      }),
    },
    inbox: {
      list: operation({
        name: 'inbox.list',
        summary: 'What was said, the newest first',
        http: { method: 'GET', path: '/v1/inbox' },
        effect: 'read',
        input: pageInput.extend({
          status: z.enum(INBOX_STATUSES).optional(),
          chat_id: field.chatId.optional(),
        }),
        output: pageOutput(shapes.inboxItem),
        handler: async (ctx, input) => {
          const after = decodeCursor(input.cursor, cursor)?.[0];
          return toPage(await inbox.listInbox(ctx.tx, ctx.userId, input, after), input.limit, ({ id }) => [
            id,
          ]);
        },
      }),
      get: operation({
        name: 'inbox.get',
        summary: 'One message, and what became of it',
        http: { method: 'GET', path: '/v1/inbox/{id}' },
        effect: 'read',
        input: byId,
        output: shapes.inboxItem,
        handler: (ctx, { id }) => inbox.getItem(ctx.tx, ctx.userId, id),
      }),
      add: operation({
        name: 'inbox.add',
        summary: 'Keep what somebody says as it is, without making anything of it',
        http: { method: 'POST', path: '/v1/inbox', status: 201 },
        effect: 'write',
        input: thought,
        output: shapes.inboxItem,
        handler: async (ctx, input) => {
          await lockPlanner(ctx.tx, ctx.userId);
          return inbox.store(ctx, input, { status: 'no_change' });
        },
      }),
      dismiss: operation({
        name: 'inbox.dismiss',
        summary: 'Say that nothing needs to be made of a message',
        http: { method: 'POST', path: '/v1/inbox/{id}/dismiss' },
        effect: 'write',
        input: byId,
        output: shapes.inboxItem,
        handler: async (ctx, { id }) => {
          await lockPlanner(ctx.tx, ctx.userId);
          const item = await inbox.getItem(ctx.tx, ctx.userId, id);
          if (item.status === 'dismissed') return item;
          if (item.status === 'applied')
            throw new AppError('conflict', 'this message has been sorted; there is nothing to dismiss.');
          ctx.event('inbox_item.dismissed', { type: 'inbox_item', id });
          return inbox.setItem(ctx, id, { status: 'dismissed', owner: null });
        },
      }),
      retry: stagedOperation({
        name: 'inbox.retry',
        summary: 'Try again to make something of a message',
        http: { method: 'POST', path: '/v1/inbox/{id}/retry' },
        effect: 'write',
        rateLimit: RATE.capture,
        input: byId,
        output: stored,
        handler: async (ctx, { id }) => withItem(await captureAgain(deps, ctx, id, ctx.actor.timezone)),
      }),
    },
    tasks,
    goals,
    problems,
    links: {
      list: operation({
        name: 'links.list',
        summary: 'Links between tasks, goals and problems, the newest first',
        http: { method: 'GET', path: '/v1/links' },
        effect: 'read',
        input: pageInput.extend({
          entity_type: z.enum(ENTITY_TYPES).optional().describe('With one of these at an end'),
          entity_id: z.uuid().optional().describe('With this at an end'),
          link_type: z.enum(LINK_TYPES).optional(),
        }),
        output: pageOutput(shapes.link),
        handler: async (ctx, input) => {
          const after = decodeCursor(input.cursor, cursor)?.[0];
          return toPage(await listLinks(ctx.tx, ctx.userId, input, after), input.limit, ({ id }) => [id]);
        },
      }),
      create: operation({
        name: 'links.create',
        summary: 'Link two things; one that would make them wait for each other is refused',
        http: { method: 'POST', path: '/v1/links', status: 201 },
        effect: 'write',
        input: shapes.link.omit({ id: true, created_at: true }),
        output: shapes.link,
        handler: (ctx, input) => createLink(ctx, input),
      }),
      delete: operation({
        name: 'links.delete',
        summary: 'Remove a link',
        http: { method: 'DELETE', path: '/v1/links/{id}' },
        effect: 'write',
        input: byId,
        output: shapes.deleted,
        handler: async (ctx, { id }) => {
          await deleteLink(ctx, id);
          return { deleted: true as const };
        },
      }),
    },
    plan: {
      today: operation({
        name: 'plan.today',
        summary: 'What to do today and next, what is blocked, and why',
        http: { method: 'GET', path: '/v1/plan/get_today' },
        effect: 'read',
        rateLimit: RATE.today,
        input: z.object({}),
        output: shapes.plan,
        handler: (ctx) => planToday(ctx.tx, ctx.userId, ctx.now, ctx.actor.timezone),
      }),
      refresh: operation({
        name: 'plan.refresh',
        summary: 'Make the plan for today anew, and tell everybody who shows it',
        http: { method: 'POST', path: '/v1/plan/refresh' },
        effect: 'write',
        rateLimit: RATE.refresh,
        input: z.object({}),
        output: shapes.plan,
        handler: (ctx) => refreshPlan(ctx, ctx.actor.timezone),
      }),
    },
    sessions: {
      list: operation({
        name: 'sessions.list',
        summary: 'Sessions of talk, the newest first',
        http: { method: 'GET', path: '/v1/sessions' },
        effect: 'read',
        input: pageInput.extend({
          chat_id: field.chatId.optional(),
          open: z.stringbool().or(z.boolean()).optional(),
        }),
        output: pageOutput(shapes.session),
        handler: async (ctx, input) => {
          const after = decodeCursor(input.cursor, cursor)?.[0];
          return toPage(await listSessions(ctx.tx, ctx.userId, input, after), input.limit, ({ id }) => [id]);
        },
      }),
      end: operation({
        name: 'sessions.end',
        summary: 'End a session now instead of after half an hour of silence; its summary follows',
        http: { method: 'POST', path: '/v1/sessions/{id}/end' },
        effect: 'write',
        input: byId,
        output: shapes.session,
        handler: (ctx, { id }) => endByHand(ctx, id),
      }),
    },
  };
}

/** The result of a message that is in the inbox. */
function withItem(result: z.output<typeof captureResult>): z.output<typeof stored> {
  const { inbox_item_id } = result;
  if (inbox_item_id === null) throw new TypeError('a captured message has a row');
  return { ...result, inbox_item_id };
}
