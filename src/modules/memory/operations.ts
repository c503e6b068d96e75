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
import { DEFAULT_BUDGET } from './budget.ts';
import { assembleContext } from './context.ts';
import { answerQuestion } from './query.ts';
import * as service from './service.ts';

const memory = z.object({ id: z.uuid(), content: z.string(), created_at: z.date(), updated_at: z.date() });

const summary = z.object({
  id: z.uuid(),
  chat_id: z.string(),
  session_id: z.uuid().nullable(),
  summary_type: z.enum(['session', 'daily', 'weekly']),
  period_start: z.string(),
  summary_text: z.string(),
  facts_json: z.record(z.string(), z.unknown()),
  source_event_ids: z.array(z.string()),
  created_at: z.date(),
});

const citation = z.object({
  entity_type: z.enum(['task', 'goal', 'problem']),
  id: z.uuid(),
  title: z.string(),
});

const chatId = z.string().min(1).max(200).default('default');
const cursorKeys = z.tuple([z.iso.datetime(), z.uuid()]);
const fact = z.string().trim().min(1).max(2000);

export const operations = {
  memory: {
    remember: operation({
      name: 'memory.remember',
      summary: 'Remember a fact',
      http: { method: 'POST', path: '/v1/memories', status: 201 },
      effect: 'write',
      input: z.object({ text: fact }),
      output: memory,
      handler: (ctx, { text }) => {
        if (service.normaliseFact(text) === '') throw new AppError('bad_request', 'a fact needs words.');
        return service.remember(ctx, text);
      },
    }),
    list: operation({
      name: 'memory.list',
      summary: 'Everything that is remembered, newest first',
      http: { method: 'GET', path: '/v1/memories' },
      effect: 'read',
      input: pageInput,
      output: pageOutput(memory),
      handler: async (ctx, input) => {
        const rows = await service.listMemories(
          ctx.tx,
          ctx.userId,
          input.limit,
          decodeCursor(input.cursor, cursorKeys),
        );
        return toPage(rows, input.limit, (row) => [row.updated_at.toISOString(), row.id]);
      },
    }),
    recall: operation({
      name: 'memory.recall',
      summary: 'What is remembered about something',
      http: { method: 'GET', path: '/v1/memories/recall' },
      effect: 'read',
      input: z.object({
        query: z.string().max(1000).default(''),
        limit: z.coerce.number().int().min(1).max(50).default(10),
      }),
      output: z.object({ items: z.array(memory) }),
      handler: async (ctx, { query, limit }) => ({
        items: await service.recall(ctx.tx, ctx.userId, query, limit),
      }),
    }),
    forget: operation({
      name: 'memory.forget',
      summary: 'Forget a fact for good',
      description:
        'By its id, or by words that one remembered fact has; several that fit are not forgotten but returned.',
      http: { method: 'POST', path: '/v1/memories/forget' },
      effect: 'write',
      input: z.object({ id: z.uuid().optional(), query: fact.optional() }),
      output: z.object({ forgotten: z.number().int(), candidates: z.array(memory) }),
      handler: async (ctx, { id, query }) => {
        if ((id === undefined) === (query === undefined))
          throw new AppError('bad_request', 'say which: id or query.');
        if (id !== undefined) {
          if ((await service.forget(ctx, [id])) === 0)
            throw new AppError('not_found', 'there is no such memory.');
          return { forgotten: 1, candidates: [] };
        }
        const wanted = service.wordsOf(query!);
        const found = await service.recall(ctx.tx, ctx.userId, query!, 20);
        const fitting = found.filter(({ content_norm }) =>
          wanted.every((word) => content_norm.includes(word)),
        );
        const exact = fitting.filter(({ content_norm }) => content_norm === service.normaliseFact(query!));
        const meant = exact.length > 0 ? exact : fitting;
        if (meant.length !== 1) return { forgotten: 0, candidates: meant };
        return { forgotten: await service.forget(ctx, [meant[0]!.id]), candidates: [] };
      },
    }),
    context: operation({
      name: 'memory.context',
      summary: 'What a model would be told for a message, within its budget',
      http: { method: 'GET', path: '/v1/memory/context' },
      effect: 'read',
      input: z.object({
        chat_id: chatId,
        query: z.string().max(20_000).default(''),
        max_tokens: z.coerce.number().int().min(50).max(20_000).default(DEFAULT_BUDGET),
      }),
      output: z.object({
        policy: z.string(),
        summary: z.string(),
        turns: z.array(z.string()).readonly(),
        entities: z.array(z.string()).readonly(),
        query: z.string(),
        estimated_used: z.number().int(),
        applied: z.number().int(),
      }),
      handler: async (ctx, input) =>
        assembleContext(ctx.tx, {
          userId: ctx.userId,
          chatId: input.chat_id,
          query: input.query,
          now: ctx.now,
          timezone: ctx.actor.timezone,
          budget: input.max_tokens,
        }),
    }),
  },
  query: {
    ask: stagedOperation({
      name: 'query.ask',
      summary: 'Answer a question from what is stored, with citations',
      http: { method: 'POST', path: '/v1/query/ask' },
      effect: 'read',
      rateLimit: 30,
      input: z.object({ chat_id: chatId, question: z.string().trim().min(1).max(2000) }),
      output: z.object({ answer: z.string(), citations: z.array(citation) }),
      handler: (ctx, input) => answerQuestion(ctx, input.chat_id, input.question),
    }),
  },
  summaries: {
    list: operation({
      name: 'summaries.list',
      summary: 'Summaries of sessions, days and weeks, newest first',
      http: { method: 'GET', path: '/v1/summaries' },
      effect: 'read',
      input: pageInput.extend({
        chat_id: z.string().max(200).optional(),
        summary_type: z.enum(['session', 'daily', 'weekly']).optional(),
      }),
      output: pageOutput(summary),
      handler: async (ctx, input) => {
        const rows = await service.listSummaries(
          ctx.tx,
          ctx.userId,
          input,
          decodeCursor(input.cursor, cursorKeys),
        );
        return toPage(rows, input.limit, (row) => [row.created_at.toISOString(), row.id]);
      },
    }),
  },
};
