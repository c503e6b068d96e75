import type { LanguageModelV4, LanguageModelV4Prompt, LanguageModelV4StreamPart } from '@ai-sdk/provider';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type ProviderServer, type Reply, startProviderServer } from '../../../test/provider-server.ts';
import { callModel, type ModelCall } from './call.ts';
import { assistantMessage, type ModelChunk } from './parts.ts';
import { type ResolvedModel, resolveModel } from './resolve.ts';

const KEY = 'sk-test-0123456789abcdefghij';
const USER = '0198c0de-0000-7000-8000-000000000001';

let server: ProviderServer;
beforeAll(async () => {
  server = await startProviderServer();
});
afterAll(() => server.close());
beforeEach(() => server.reset());

/** Every provider that speaks over HTTP, and the model that is asked there. */
const PROVIDERS = [
  [
    'OpenAI, responses',
    'responses',
    'openai/gpt-6-luna',
    (url: string) => ({ OPENAI_API_KEY: KEY, OPENAI_BASE_URL: `${url}/v1` }),
  ],
  [
    'OpenAI-compatible, chat completions',
    'chat',
    'openai-compatible/some-model',
    (url: string) => ({ STEWARD_OPENAI_API_KEY: KEY, STEWARD_OPENAI_BASE_URL: `${url}/v1` }),
  ],
  [
    'Anthropic, messages',
    'messages',
    'anthropic/claude-haiku-4-5',
    (url: string) => ({ ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: `${url}/v1` }),
  ],
  [
    'Google',
    'google',
    'google/gemini-2.5-flash',
    (url: string) => ({ GOOGLE_GENERATIVE_AI_API_KEY: KEY, GOOGLE_GENERATIVE_AI_BASE_URL: `${url}/v1beta` }),
  ],
] as const;

/** What 100 tokens in, 20 more from the cache and 7 out cost there. */
const COSTS = { responses: '0.000013700', chat: null, messages: '0.000137000', google: '0.000048100' };

const PROMPT: LanguageModelV4Prompt = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: [{ type: 'text', text: 'Hello' }] },
];

function call(model: ResolvedModel, more: Partial<ModelCall> = {}): ModelCall {
  return {
    model,
    userId: USER,
    requestId: 'request-1',
    operation: 'chat.turn',
    purpose: 'chat',
    promptVersion: 'test-1',
    prompt: PROMPT,
    ...more,
    limits: { idleMs: 5000, backoffMs: 5, longestWaitMs: 2000, ...more.limits },
  };
}

describe.each(PROVIDERS)('%s', (_name, wire, reference, env) => {
  let model: ResolvedModel;
  beforeAll(async () => {
    model = await resolveModel('chat', {}, reference, { ...env(server.url), STEWARD_DISCOVERY: 'off' });
  });
  const ask = (reply: Reply | Reply[], more: Partial<ModelCall> = {}) => {
    server.script(...(Array.isArray(reply) ? reply : [reply]));
    return callModel(call(model, more));
  };

  test('streams a text, piece by piece', async () => {
    const pieces: string[] = [];
    const result = await ask(
      { text: 'One two three.', usage: { input: 120, output: 7, cached: 20, reasoning: 2 } },
      { onChunk: (chunk) => void (chunk.type === 'text-delta' && pieces.push(chunk.delta)) },
    );
    expect(result).toMatchObject({
      status: 'ok',
      error: null,
      text: 'One two three.',
      toolCalls: [],
      finishReason: 'stop',
    });
    expect(pieces).toEqual(['One', ' two', ' three.']);
    expect(server.requests.map((request) => request.wire)).toEqual([wire]);
    expect(result.ledgerRow).toMatchObject({
      user_id: USER,
      request_id: 'request-1',
      operation: 'chat.turn',
      prompt_version: 'test-1',
      provider: model.provider,
      model: model.modelId,
      status: 'ok',
      error_code: null,
      attempts: 1,
      input_tokens: 120,
      cached_input_tokens: 20,
      output_tokens: 7,
      reasoning_tokens: 2,
    });
    expect(result.ledgerRow.cost).toBe(COSTS[wire]);
  });

  test('what is only for our own model is not sent', async () => {
    await ask({ text: 'Hi' }, { context: { marker: 'for-our-eyes-only' } });
    expect(JSON.stringify(server.requests[0])).not.toMatch(/for-our-eyes-only|chat\.turn/);
  });

  test('asks for tools, whose results go into the next step', async () => {
    const first = await ask(
      {
        text: 'Let me see.',
        toolCalls: [
          { name: 'tasks_list', input: { status: 'open' } },
          { name: 'plan_today', input: {} },
        ],
      },
      {
        tools: [
          {
            name: 'tasks_list',
            description: 'List tasks',
            inputSchema: { type: 'object', properties: { status: { type: 'string' } } },
          },
        ],
      },
    );
    expect(first.finishReason).toBe('tool-calls');
    expect(first.toolCalls).toMatchObject([
      { name: 'tasks_list', input: { status: 'open' }, problem: null },
      { name: 'plan_today', input: {}, problem: null },
    ]);
    expect(JSON.stringify(server.requests[0]!.body)).toContain('tasks_list');

    const second = await ask(
      { text: 'Two are open.' },
      {
        prompt: [
          ...PROMPT,
          assistantMessage(first.parts),
          {
            role: 'tool',
            content: first.toolCalls.map(({ id, name }) => ({
              type: 'tool-result',
              toolCallId: id,
              toolName: name,
              output: { type: 'json', value: { items: ['milk'] } },
            })),
          },
        ],
      },
    );
    expect(second.text).toBe('Two are open.');
    expect(JSON.stringify(server.requests[1]!.body)).toContain('milk');
  });

  test('asks for JSON with its schema, in whatever way the provider takes it', async () => {
    const schema = { type: 'object', properties: { title: { type: 'string' } }, required: ['title'] };
    const result = await ask({ json: { title: 'Milk' } }, { responseSchema: { name: 'capture', schema } });
    expect(JSON.parse(result.text)).toEqual({ title: 'Milk' });
    expect(JSON.stringify(server.requests[0]!.body)).toContain('title');
  });

  test('waits as long as it is asked to, then gets its answer', async () => {
    const started = performance.now();
    const result = await ask([{ status: 429, retryAfter: 1, error: 'slow down' }, { text: 'Now.' }]);
    expect(performance.now() - started).toBeGreaterThan(950);
    expect(result).toMatchObject({
      status: 'ok',
      text: 'Now.',
      ledgerRow: { attempts: 2, status: 'ok', error_code: null },
    });
  });

  test('does not wait longer than is sensible', async () => {
    const result = await ask({ status: 429, retryAfter: 3600 });
    expect(result.error).toMatchObject({ code: 'provider_rate_limited', details: { retry_after: 3600 } });
    expect(result.error!.message).toContain('3600 s');
    expect(result.ledgerRow).toMatchObject({
      status: 'failed',
      error_code: 'provider_rate_limited',
      attempts: 1,
      cost: '0.000000000',
    });
  });

  test('tries failures of the provider again, and gives up after three', async () => {
    const result = await ask([
      { status: 500 },
      { status: 503 },
      { status: 500 },
      { status: 529 },
      { text: 'never asked for' },
    ]);
    expect(result.error).toMatchObject({ code: 'provider_unavailable' });
    expect(result.ledgerRow).toMatchObject({ attempts: 3, status: 'failed' });
    expect(server.requests).toHaveLength(3);
  });

  test.each([
    [401, undefined, 'provider_auth'],
    [403, undefined, 'provider_auth'],
    [402, undefined, 'provider_quota'],
    [404, undefined, 'model_not_found'],
    [400, undefined, 'provider_rejected'],
    [413, undefined, 'provider_rejected'],
    [422, undefined, 'provider_rejected'],
    [429, 'insufficient_quota', 'provider_quota'],
  ])('%i %s is ours as %s, asked once, and says nothing of the key', async (status, code, ours) => {
    const result = await ask({
      status,
      error: `Bad request with key ${KEY} and Bearer ${KEY}, also as sk-test-****ghij`,
      ...(code ? { code } : {}),
    });
    expect(result.error).toMatchObject({
      code: ours,
      details: { provider: model.provider, model: model.modelId, status },
    });
    expect(result.ledgerRow).toMatchObject({
      status: 'failed',
      error_code: ours,
      attempts: 1,
      cost: '0.000000000',
    });
    const shown = JSON.stringify([
      result.error!.message,
      result.error!.details,
      result.error!.cause,
      result.ledgerRow,
      result.error!.stack,
    ]);
    expect(shown).not.toContain(KEY);
    expect(shown).not.toContain('ghij');
  });

  test('a limit that passes is not taken for an empty account, whatever the words', async () => {
    const result = await ask([
      { status: 429, error: 'You exceeded your current quota, please check your plan and billing details.' },
      { text: 'Now.' },
    ]);
    expect(result).toMatchObject({ status: 'ok', ledgerRow: { attempts: 2 } });
  });

  test('gives up on silence, and says how to allow more', async () => {
    const result = await ask([{ hangAfter: 0 }, { hangAfter: 0 }], { limits: { idleMs: 150, attempts: 2 } });
    expect(result.error).toMatchObject({
      code: 'provider_timeout',
      message: expect.stringContaining('STEWARD_MODEL_TIMEOUT'),
    });
    expect(result.ledgerRow).toMatchObject({ attempts: 2, error_code: 'provider_timeout' });
    await expect.poll(() => server.requests.every((request) => request.aborted)).toBe(true);
  });

  test('a slow answer that goes on is not silence', async () => {
    const result = await ask(
      { text: 'One two three four five six', pieceMs: 100 },
      { limits: { idleMs: 300, attempts: 1 } },
    );
    expect(result).toMatchObject({ status: 'ok', text: 'One two three four five six' });
  });

  test('cut off after something was shown: what was said is kept, nothing is said twice', async () => {
    const chunks: ModelChunk[] = [];
    const result = await ask([{ text: 'One two three', disconnectAfter: 2 }, { text: 'again' }], {
      onChunk: (chunk) => void chunks.push(chunk),
    });
    expect(result).toMatchObject({
      status: 'failed',
      text: 'One two',
      toolCalls: [],
      error: { code: 'provider_unavailable' },
    });
    expect(result.ledgerRow).toMatchObject({ attempts: 1, status: 'failed' });
    expect(result.ledgerRow.cost).toBeNull();
    expect(server.requests).toHaveLength(1);
  });

  test('cut off while nobody was shown anything: asked again', async () => {
    const result = await ask([{ text: 'One two three', disconnectAfter: 2 }, { text: 'Whole.' }]);
    expect(result).toMatchObject({ status: 'ok', text: 'Whole.', ledgerRow: { attempts: 2 } });
  });

  test('nonsense in the stream is a failure of the provider', async () => {
    const result = await ask([{ text: 'One two', nonsenseAfter: 1 }, { text: 'Whole.' }]);
    expect(result).toMatchObject({ status: 'ok', text: 'Whole.', ledgerRow: { attempts: 2 } });
  });

  test('a stop keeps what was said and closes the connection', async () => {
    const controller = new AbortController();
    const result = await ask(
      { text: 'One two three', hangAfter: 2 },
      {
        signal: controller.signal,
        onChunk: (chunk) => {
          if (chunk.type === 'text-delta' && chunk.delta === ' two') controller.abort();
        },
      },
    );
    expect(result).toMatchObject({ status: 'cancelled', error: null, text: 'One two' });
    expect(result.ledgerRow).toMatchObject({ status: 'cancelled', error_code: null, cost: null });
    await expect.poll(() => server.requests[0]!.aborted).toBe(true);
  });

  test('a stop ends the wait between attempts', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 100);
    const started = performance.now();
    const result = await ask({ status: 429, retryAfter: 2 }, { signal: controller.signal });
    expect(performance.now() - started).toBeLessThan(1000);
    expect(result.status).toBe('cancelled');
  });

  test('usage that is missing makes the cost unknown', async () => {
    if (wire === 'messages') return;
    const result = await ask({ text: 'Hi', usage: null });
    expect(result.ledgerRow.cost).toBeNull();
  });

  test('an answer cut at its greatest length is an answer', async () => {
    const result = await ask({ text: 'One', finish: 'length' });
    expect(result).toMatchObject({ status: 'ok', finishReason: 'length' });
  });
});

describe('what depends on the provider', () => {
  test('reasoning is kept with its signature and given back', async () => {
    const model = await resolveModel('chat', {}, 'anthropic/claude-haiku-4-5', {
      ANTHROPIC_API_KEY: KEY,
      ANTHROPIC_BASE_URL: `${server.url}/v1`,
    });
    server.script({ reasoning: 'Thinking.', toolCalls: [{ name: 'tasks_list', input: {} }] });
    const result = await callModel(call(model));
    const stored = JSON.parse(JSON.stringify(result.parts));
    expect(assistantMessage(stored)).toMatchObject({
      role: 'assistant',
      content: [
        { type: 'reasoning', text: 'Thinking.', providerOptions: { anthropic: { signature: 'signed' } } },
        { type: 'tool-call', toolName: 'tasks_list', input: {} },
      ],
    });
  });

  test('nothing is kept at OpenAI', async () => {
    const model = await resolveModel('chat', {}, 'openai/gpt-6-luna', {
      OPENAI_API_KEY: KEY,
      OPENAI_BASE_URL: `${server.url}/v1`,
    });
    server.script({ text: 'Hi' });
    await callModel(call(model));
    expect(server.requests[0]!.body.store).toBe(false);
    expect(server.requests[0]!.headers.authorization).toBe(`Bearer ${KEY}`);
  });

  test('a tool whose input is not JSON is told to the model, not thrown', async () => {
    const model = await resolveModel('chat', {}, 'openai-compatible/m', {
      STEWARD_OPENAI_BASE_URL: `${server.url}/v1`,
    });
    server.script({ toolCalls: [{ name: 'tasks_list', input: '{"status": ' }] });
    const result = await callModel(call(model));
    expect(result.status).toBe('ok');
    expect(result.toolCalls).toMatchObject([
      { name: 'tasks_list', input: {}, problem: expect.stringContaining('not JSON') },
    ]);
  });

  test('a server that is not there', async () => {
    const model = await resolveModel('chat', {}, 'ollama/qwen3', { OLLAMA_BASE_URL: 'http://127.0.0.1:9' });
    const result = await callModel(call(model, { limits: { attempts: 2 } }));
    expect(result.error).toMatchObject({
      code: 'provider_unavailable',
      message: expect.stringContaining('http://127.0.0.1:9'),
    });
    expect(result.ledgerRow).toMatchObject({ attempts: 2, cost: '0.000000000' });
  });

  test('a model that takes no notice of the signal is left behind', async () => {
    const deaf: LanguageModelV4 = {
      specificationVersion: 'v4',
      provider: 'deaf',
      modelId: 'deaf',
      supportedUrls: {},
      doGenerate: () => new Promise(() => undefined),
      doStream: () => new Promise(() => undefined),
    };
    const model = { ...(await resolveModel('chat', {}, 'ollama/m')), model: deaf };
    const result = await callModel(call(model, { signal: AbortSignal.timeout(50) }));
    expect(result.status).toBe('cancelled');
  });

  test('a stop before it began sends nothing', async () => {
    const model = await resolveModel('chat', {}, 'openai-compatible/m', {
      STEWARD_OPENAI_BASE_URL: `${server.url}/v1`,
    });
    const result = await callModel(call(model, { signal: AbortSignal.abort() }));
    expect(result).toMatchObject({ status: 'cancelled', text: '', parts: [] });
    expect(server.requests).toHaveLength(0);
  });

  test('adds less than a millisecond of its own', async () => {
    const parts: LanguageModelV4StreamPart[] = [
      { type: 'stream-start', warnings: [] },
      { type: 'text-start', id: '1' },
      ...Array.from({ length: 100 }, () => ({ type: 'text-delta' as const, id: '1', delta: 'word ' })),
      { type: 'text-end', id: '1' },
      {
        type: 'finish',
        finishReason: { unified: 'stop', raw: 'stop' },
        usage: {
          inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
          outputTokens: { total: 1, text: 1, reasoning: 0 },
        },
      },
    ];
    const instant: LanguageModelV4 = {
      specificationVersion: 'v4',
      provider: 'instant',
      modelId: 'instant',
      supportedUrls: {},
      doGenerate: () => Promise.reject(new Error('not used')),
      doStream: async () => ({
        stream: ReadableStream.from(parts) as ReadableStream<LanguageModelV4StreamPart>,
      }),
    };
    const model = { ...(await resolveModel('chat', {}, 'ollama/m')), model: instant };
    const times: number[] = [];
    for (let n = 0; n < 200; n++) {
      const started = performance.now();
      await callModel(call(model, { onChunk: () => undefined }));
      times.push(performance.now() - started);
    }
    times.sort((a, b) => a - b);
    expect(times[100]).toBeLessThan(3);
  });
});
