import { and, eq } from 'drizzle-orm';
import { z } from 'zod';
import { AppError } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import {
  decodeCursor,
  operation,
  pageInput,
  pageOutput,
  type StagedContext,
  type StreamMessage,
  streamOperation,
  toPage,
} from '../../platform/operations/index.ts';
import { messagePart } from './parts.ts';
import { conversations, messages } from './schema.ts';
import * as service from './service.ts';
import type { RunStreams } from './stream.ts';

const conversation = z.object({
  id: z.uuid(),
  title: z.string(),
  created_at: z.date(),
  updated_at: z.date(),
  archived_at: z.date().nullable(),
});

const message = z.object({
  id: z.uuid(),
  role: z.enum(['user', 'assistant']),
  parts: z.array(messagePart),
  created_at: z.date(),
  run_id: z.uuid().nullable(),
});

const run = z.object({
  id: z.uuid(),
  conversation_id: z.uuid(),
  status: z.enum(['queued', 'running', 'completed', 'failed', 'cancelled']),
  error_code: z.string().nullable(),
  error_message: z.string().nullable(),
  created_at: z.date(),
  finished_at: z.date().nullable(),
});

const byId = z.object({ id: z.uuid() });
const inConversation = z.object({ conversation_id: z.uuid() });
const cursorKeys = z.tuple([z.iso.datetime(), z.uuid()]);
const title = z.string().trim().min(1).max(200);

/** How a stream of the AI SDK's UI message protocol is known. */
const UI_STREAM = { 'x-vercel-ai-ui-message-stream': 'v1' } as const;

const uiChunk = z.looseObject({ type: z.string() });

const printText = (chunk: {
  type: string;
  delta?: unknown;
  toolName?: unknown;
  errorText?: unknown;
}): string => {
  if (chunk.type === 'text-delta') return String(chunk.delta);
  if (chunk.type === 'tool-input-available') return `[${String(chunk.toolName)}]\n`;
  if (chunk.type === 'error') return `\nsteward: ${String(chunk.errorText)}\n`;
  return chunk.type === 'finish' ? '\n' : '';
};

export function chatOperations(streams: RunStreams) {
  const follow = (ctx: StagedContext, runId: string, fresh?: boolean): AsyncIterable<StreamMessage> =>
    streams.follow(ctx.db, ctx.userId, runId, ctx.signal, fresh);

  return {
    conversations: {
      list: operation({
        name: 'conversations.list',
        summary: 'Conversations, the last used first',
        http: { method: 'GET', path: '/v1/conversations' },
        effect: 'read',
        input: pageInput.extend({ archived: z.stringbool().or(z.boolean()).default(false) }),
        output: pageOutput(conversation),
        handler: async (ctx, input) => {
          const after = decodeCursor(input.cursor, cursorKeys);
          const rows = await service.listConversations(ctx.tx, ctx.userId, { ...input, after });
          return toPage(rows, input.limit, (row) => [row.updated_at.toISOString(), row.id]);
        },
      }),
      create: operation({
        name: 'conversations.create',
        summary: 'Begin a conversation',
        http: { method: 'POST', path: '/v1/conversations', status: 201 },
        effect: 'write',
        input: z.object({ title: title.optional() }),
        output: conversation,
        handler: async (ctx, input) =>
          (await service.createConversation(ctx, {
            id: newId(),
            title: input.title ?? '',
            title_source: input.title === undefined ? 'none' : 'person',
          }))!,
      }),
      get: operation({
        name: 'conversations.get',
        summary: 'One conversation',
        http: { method: 'GET', path: '/v1/conversations/{id}' },
        effect: 'read',
        input: byId,
        output: conversation.extend({ active_run: run.nullable(), last_run: run.nullable() }),
        handler: async (ctx, { id }) => {
          const found = await service.getConversation(ctx.tx, ctx.userId, id);
          const last = (await service.lastRun(ctx.tx, ctx.userId, id)) ?? null;
          return { ...found, last_run: last, active_run: last && service.isActive(last) ? last : null };
        },
      }),
      update: operation({
        name: 'conversations.update',
        summary: 'Rename, archive or restore a conversation',
        http: { method: 'PATCH', path: '/v1/conversations/{id}' },
        effect: 'write',
        input: byId.extend({ title: title.optional(), archived: z.boolean().optional() }),
        output: conversation,
        handler: async (ctx, { id, title: renamed, archived }) => {
          const known = await service.getConversation(ctx.tx, ctx.userId, id);
          if (renamed === undefined && archived === undefined) return known;
          const [updated] = await ctx.tx
            .update(conversations)
            .set({
              ...(renamed === undefined ? {} : { title: renamed, title_source: 'person' as const }),
              ...(archived === undefined
                ? {}
                : { archived_at: archived ? (known.archived_at ?? ctx.now) : null }),
            })
            .where(and(eq(conversations.user_id, ctx.userId), eq(conversations.id, id)))
            .returning();
          ctx.event('conversation.updated', { type: 'conversation', id });
          return updated!;
        },
      }),
      delete: operation({
        name: 'conversations.delete',
        summary: 'Delete a conversation and all that was said in it',
        http: { method: 'DELETE', path: '/v1/conversations/{id}' },
        effect: 'destructive',
        input: byId,
        output: z.object({ deleted: z.literal(true) }),
        handler: async (ctx, { id }) => {
          await service.getConversation(ctx.tx, ctx.userId, id);
          await ctx.tx
            .delete(conversations)
            .where(and(eq(conversations.user_id, ctx.userId), eq(conversations.id, id)));
          ctx.event('conversation.deleted', { type: 'conversation', id });
          return { deleted: true as const };
        },
      }),
      messages: operation({
        name: 'conversations.messages',
        summary: 'What was said, oldest first; the next page is the one before',
        http: { method: 'GET', path: '/v1/conversations/{id}/messages' },
        effect: 'read',
        input: pageInput.extend(byId.shape),
        output: pageOutput(message),
        handler: async (ctx, input) => {
          await service.getConversation(ctx.tx, ctx.userId, input.id);
          const before = decodeCursor(input.cursor, cursorKeys);
          const rows = await service.listMessages(ctx.tx, ctx.userId, input.id, {
            limit: input.limit,
            before,
          });
          const page = toPage(rows, input.limit, (row) => [row.created_at.toISOString(), row.id]);
          return { ...page, items: page.items.reverse() };
        },
      }),
    },
    chat: {
      send: streamOperation({
        name: 'chat.send',
        summary: 'Say something and hear the answer as it comes',
        description: 'The same client_msg_id again gives the same answer again and changes nothing.',
        http: { method: 'POST', path: '/v1/chat', headers: UI_STREAM },
        effect: 'write',
        input: z.object({
          conversation_id: z.uuid().optional().describe('Left out, a conversation is begun'),
          client_msg_id: z.string().min(1).max(200).optional(),
          message: z.string().trim().min(1).max(20_000),
        }),
        output: uiChunk,
        print: printText,
        handler: async (ctx, input) => {
          const { run, repeated } = await ctx.transaction((inner) =>
            service.sendMessage(inner, {
              conversationId: input.conversation_id,
              clientMsgId: input.client_msg_id ?? ctx.idempotencyKey ?? newId(),
              text: input.message,
            }),
          );
          return follow(ctx, run.id, !repeated);
        },
      }),
      stream: streamOperation({
        name: 'chat.stream',
        summary: 'Hear the answer that is being written, from its beginning',
        http: { method: 'GET', path: '/v1/chat/{conversation_id}/stream', headers: UI_STREAM },
        effect: 'read',
        input: inConversation,
        output: uiChunk,
        print: printText,
        handler: async (ctx, input) => {
          const last = await ctx.transaction(async ({ tx }) => {
            await service.getConversation(tx, ctx.userId, input.conversation_id);
            return service.lastRun(tx, ctx.userId, input.conversation_id);
          });
          return last && service.isActive(last) ? follow(ctx, last.id) : undefined;
        },
      }),
      stop: operation({
        name: 'chat.stop',
        summary: 'Stop the answer that is being written; what was said is kept',
        http: { method: 'POST', path: '/v1/chat/{conversation_id}/stop' },
        effect: 'write',
        input: inConversation,
        output: z.object({ stopped: z.boolean() }),
        handler: async (ctx, input) => {
          await service.getConversation(ctx.tx, ctx.userId, input.conversation_id);
          const last = await service.lastRun(ctx.tx, ctx.userId, input.conversation_id);
          if (!last || !service.isActive(last)) return { stopped: false };
          await service.stopRun(ctx, last);
          return { stopped: true };
        },
      }),
      retry: streamOperation({
        name: 'chat.retry',
        summary: 'Answer the last message anew',
        http: { method: 'POST', path: '/v1/chat/{conversation_id}/retry', headers: UI_STREAM },
        effect: 'write',
        input: inConversation,
        output: uiChunk,
        print: printText,
        handler: async (ctx, input) => {
          const opened = await ctx.transaction(async (inner) => {
            await service.getConversation(inner.tx, ctx.userId, input.conversation_id);
            const last = await service.lastRun(inner.tx, ctx.userId, input.conversation_id);
            if (!last) throw new AppError('conflict', 'nothing has been said in this conversation yet.');
            const opened = await service.openRun(inner, input.conversation_id, last.message_id);
            await inner.tx
              .delete(messages)
              .where(and(eq(messages.user_id, ctx.userId), eq(messages.id, last.answer_id)));
            return opened;
          });
          return follow(ctx, opened.id, true);
        },
      }),
    },
  };
}
