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
import { callModel } from './call.ts';
import { catalogue } from './catalogue.ts';
import { providerIds } from './providers.ts';
import { PURPOSES, purposes } from './purposes.ts';
import { chooseModel, type ModelSettings, usable } from './resolve.ts';
import { CALL_STATUSES } from './schema.ts';
import { dailyCosts, insertCall, listCalls, modelFor, readModelSettings, writeSetting } from './service.ts';

const reference = z
  .string()
  .min(3)
  .max(200)
  .regex(/^[a-z-]+\/\S/, 'is written as provider/model')
  .describe('provider/model, such as anthropic/claude-sonnet-5-5');
const money = z.string().describe('US dollars, nine decimals').nullable();

const catalogueEntry = z.object({
  id: reference,
  provider: z.enum(providerIds),
  provider_name: z.string(),
  model: z.string(),
  source: z.enum(['environment', 'discovered', 'builtin']),
  available: z.boolean(),
  needs: z
    .string()
    .nullable()
    .describe('the environment variable that connects it; null when it is connected'),
  price: z
    .object({ input: z.string(), output: z.string(), date: z.string() })
    .nullable()
    .describe('US dollars a million tokens; null is unknown'),
});

const currentModel = z.object({
  purpose: z.enum(purposes),
  summary: z.string(),
  provider: z.enum(providerIds).nullable(),
  model: z.string().nullable(),
  source: z.enum(['override', 'setting', 'environment', 'discovered', 'builtin']).nullable(),
  why: z.string(),
  setting: z.string().nullable().describe('what the user chose for this purpose; null follows the default'),
  problem: z.string().nullable().describe('why the choice cannot be used, and what to do'),
});
const currentModels = z.object({
  default: z
    .string()
    .nullable()
    .describe('what the user chose as default; null leaves it to the installation'),
  items: z.array(currentModel),
});

const list = operation({
  name: 'models.list',
  summary: 'List the models that can be chosen, and what the others need',
  http: { method: 'GET', path: '/v1/models' },
  effect: 'read',
  input: z.object({}),
  output: z.object({ items: z.array(catalogueEntry), next_cursor: z.null() }),
  handler: async (ctx) => ({ items: await catalogue(ctx.now), next_cursor: null }),
});

const current = operation({
  name: 'models.current',
  summary: 'Show which model is used for what, and why',
  http: { method: 'GET', path: '/v1/models/current' },
  effect: 'read',
  input: z.object({}),
  output: currentModels,
  handler: async (ctx) => describeChoices(await readModelSettings(ctx.tx, ctx.userId)),
});

const set = operation({
  name: 'models.set',
  summary: 'Choose the model for a purpose, or for all that have none of their own',
  http: { method: 'PUT', path: '/v1/models/current' },
  effect: 'write',
  input: z.object({
    purpose: z.enum(['default', ...purposes]).default('default'),
    model: reference.nullable().describe('null takes the choice back'),
  }),
  output: currentModels,
  handler: async (ctx, { purpose, model }) => {
    if (model !== null) usable(model, 'setting', '');
    await writeSetting(ctx.tx, ctx.userId, `model.${purpose}`, model, ctx.now);
    ctx.event('model.chosen', { type: 'setting', id: `model.${purpose}` }, { purpose, model });
    return describeChoices(await readModelSettings(ctx.tx, ctx.userId));
  },
});

const test = stagedOperation({
  name: 'models.test',
  summary: 'Ask a model for one word: does it answer, how fast, for how much',
  description:
    'Sends a prompt of a few words to the provider, which may charge for it. A failure says what to do.',
  http: { method: 'POST', path: '/v1/models/test' },
  effect: 'egress',
  rateLimit: 10,
  input: z.object({ model: reference.optional().describe('left out: the one that chat would use') }),
  output: z.object({
    provider: z.enum(providerIds),
    model: z.string(),
    text: z.string(),
    latency_ms: z.number().int(),
    input_tokens: z.number().int().nullable(),
    output_tokens: z.number().int().nullable(),
    cost: money.describe('null is unknown'),
    price_date: z.string().nullable(),
  }),
  handler: async (ctx, input) => {
    const model = await ctx.transaction(({ tx, userId }) => modelFor(tx, userId, 'chat', input.model));
    const result = await callModel({
      model,
      userId: ctx.userId,
      requestId: ctx.requestId,
      operation: 'models.test',
      purpose: 'chat',
      promptVersion: 'test-1',
      prompt: [{ role: 'user', content: [{ type: 'text', text: 'Answer with the word ready.' }] }],
      signal: ctx.signal,
      limits: { attempts: 1, idleMs: 30_000 },
    });
    const row = result.ledgerRow;
    await ctx.transaction(({ tx }) => insertCall(tx, row));
    if (result.error) throw result.error;
    if (result.status === 'cancelled')
      throw new AppError('provider_timeout', 'the test was stopped before the model answered.');
    return {
      provider: model.provider,
      model: model.modelId,
      text: result.text.slice(0, 200),
      latency_ms: row.latency_ms,
      input_tokens: row.input_tokens ?? null,
      output_tokens: row.output_tokens ?? null,
      cost: row.cost ?? null,
      price_date: row.price_date ?? null,
    };
  },
});

const ledgerEntry = z.object({
  id: z.string(),
  request_id: z.string(),
  operation: z.string(),
  purpose: z.enum(purposes),
  provider: z.string(),
  model: z.string(),
  prompt_version: z.string(),
  conversation_id: z.string().nullable(),
  run_id: z.string().nullable(),
  status: z.enum(CALL_STATUSES),
  error_code: z.string().nullable(),
  attempts: z.number().int(),
  latency_ms: z.number().int(),
  input_tokens: z.number().int().nullable(),
  cached_input_tokens: z.number().int().nullable(),
  cache_write_tokens: z.number().int().nullable(),
  output_tokens: z.number().int().nullable(),
  reasoning_tokens: z.number().int().nullable(),
  cost: money,
  currency: z.string(),
  price_date: z.string().nullable(),
  created_at: z.string(),
});

const calls = operation({
  name: 'calls.list',
  summary: 'List the calls of models: what was asked for, what it took and cost',
  http: { method: 'GET', path: '/v1/calls' },
  effect: 'read',
  input: pageInput.extend({
    operation: z.string().max(100).optional(),
    provider: z.enum(providerIds).optional(),
    model: z.string().max(200).optional(),
    status: z.enum(CALL_STATUSES).optional(),
    conversation_id: z.uuid().optional(),
    run_id: z.uuid().optional(),
  }),
  output: pageOutput(ledgerEntry),
  handler: async (ctx, { limit, cursor, ...filter }) => {
    const after = decodeCursor(cursor, z.tuple([z.iso.datetime(), z.uuid()]));
    const rows = await listCalls(ctx.tx, ctx.userId, filter, limit, after);
    const page = toPage(rows, limit, (row) => [row.created_at.toISOString(), row.id]);
    return {
      ...page,
      items: page.items.map(({ user_id: _, created_at, ...row }) => ({
        ...row,
        created_at: created_at.toISOString(),
      })),
    };
  },
});

const daily = operation({
  name: 'costs.daily',
  summary: 'Show what models cost by day, provider, model and operation',
  description:
    'Days are in UTC, the newest first. A cost of null, and unknown_price_calls, stand for calls whose price nobody knows.',
  http: { method: 'GET', path: '/health/costs/daily' },
  effect: 'read',
  input: z.object({
    days: z.coerce.number().int().min(1).max(366).default(30).describe('How many days, today included'),
  }),
  output: z.object({
    items: z.array(
      z.object({
        date: z.string(),
        provider: z.string(),
        model: z.string(),
        operation: z.string(),
        calls: z.number().int(),
        input_tokens: z.number().int(),
        output_tokens: z.number().int(),
        cost: money,
        unknown_price_calls: z.number().int(),
      }),
    ),
    next_cursor: z.null(),
  }),
  handler: async (ctx, { days }) => {
    const { now } = ctx;
    const from = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() - (days - 1)));
    return { items: await dailyCosts(ctx.tx, ctx.userId, from), next_cursor: null };
  },
});

export const operations = { models: { list, current, set, test }, calls: { list: calls }, costs: { daily } };

async function describeChoices(settings: ModelSettings): Promise<z.input<typeof currentModels>> {
  const items = purposes.map(async (purpose) => {
    const common = {
      purpose,
      summary: PURPOSES[purpose].summary,
      setting: settings[`model.${purpose}`] ?? null,
    };
    try {
      const choice = await chooseModel(purpose, settings);
      return {
        ...common,
        provider: choice.provider,
        model: choice.modelId,
        source: choice.source,
        why: choice.why,
        problem: null,
      };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return {
        ...common,
        provider: null,
        model: null,
        source: null,
        why: 'what was chosen cannot be used',
        problem: error.message,
      };
    }
  });
  return { default: settings['model.default'] ?? null, items: await Promise.all(items) };
}
