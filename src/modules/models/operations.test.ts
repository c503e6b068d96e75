import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freshDatabase } from '../../../test/harness.ts';
import { type ProviderServer, startProviderServer } from '../../../test/provider-server.ts';
import { systemClock } from '../../platform/clock.ts';
import { type OpenedDatabase, openConfiguredDatabase } from '../../platform/database/open.ts';
import { newId } from '../../platform/ids.ts';
import { type Operation, runOperation } from '../../platform/operations/index.ts';
import { operations } from './operations.ts';
import type { LedgerRow } from './schema.ts';
import { insertCall } from './service.ts';

const ENVIRONMENT = [
  'ANTHROPIC_API_KEY',
  'OPENAI_API_KEY',
  'OPENAI_BASE_URL',
  'GOOGLE_GENERATIVE_AI_API_KEY',
  'STEWARD_OPENAI_BASE_URL',
  'STEWARD_MODEL',
];
const before = { ...process.env };

let home: string;
let opened: OpenedDatabase;
let server: ProviderServer;
let user: string;
let other: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'steward-models-'));
  opened = await openConfiguredDatabase({ home, databaseUrl: await freshDatabase() });
  server = await startProviderServer();
});
afterAll(async () => {
  await server.close();
  await opened.close();
  await rm(home, { recursive: true, force: true });
});
beforeEach(async () => {
  server.reset();
  for (const name of ENVIRONMENT) delete process.env[name];
  process.env.STEWARD_DISCOVERY = 'off';
  [user, other] = [await newUser(), await newUser()];
});
afterEach(() => {
  process.env = { ...before };
});

async function newUser(): Promise<string> {
  const id = newId();
  await opened.db.asService('test data', (tx) =>
    tx.execute(sql`insert into users (id, email, name) values (${id}, ${`${id}@example.com`}, 'Test')`),
  );
  return id;
}

// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the operation answers
async function run(op: Operation, input: unknown = {}, userId = user): Promise<any> {
  const runtime = { db: opened.db, clock: systemClock, rateLimitFactor: 0 };
  const actor = { kind: 'user', id: null, userId, role: 'user', timezone: 'UTC' } as const;
  return (await runOperation(runtime, op, { actor, requestId: newId() }, input)).body;
}

function row(more: Partial<LedgerRow> = {}): LedgerRow {
  return {
    id: newId(),
    user_id: user,
    request_id: 'r',
    operation: 'chat.turn',
    purpose: 'chat',
    provider: 'openai',
    model: 'gpt-6-luna',
    prompt_version: 'chat-1',
    status: 'ok',
    attempts: 1,
    latency_ms: 12,
    input_tokens: 100,
    output_tokens: 10,
    cost: '0.000015000',
    price_date: '2026-10-26',
    ...more,
  };
}

async function book(...rows: LedgerRow[]): Promise<void> {
  for (const entry of rows) await opened.db.asUser(entry.user_id, (tx) => insertCall(tx, entry));
}

describe('models.current and models.set', () => {
  test('with nothing connected, everything is the built-in model', async () => {
    const { default: standard, items } = await run(operations.models.current);
    expect(standard).toBeNull();
    expect(items).toHaveLength(6);
    for (const item of items)
      expect(item).toMatchObject({ provider: 'builtin', source: 'builtin', problem: null });
  });

  test('a choice holds for its user and purpose only, and can be taken back', async () => {
    process.env.OPENAI_API_KEY = 'k';
    await run(operations.models.set, { model: 'openai/gpt-6.1-sol' });
    const { default: standard, items } = await run(operations.models.set, {
      purpose: 'title',
      model: 'builtin/steward-rules-1',
    });
    const models = Object.fromEntries(
      items.map((item: { purpose: string; model: string }) => [item.purpose, item.model]),
    );
    expect(standard).toBe('openai/gpt-6.1-sol');
    expect(models).toMatchObject({
      chat: 'gpt-6.1-sol',
      extraction: 'gpt-6.1-sol',
      title: 'steward-rules-1',
    });
    expect((await run(operations.models.current, {}, other)).default).toBeNull();
    expect((await run(operations.models.set, { model: null })).default).toBeNull();
  });

  test('what is not connected cannot be chosen; when it is lost later, that is shown', async () => {
    await expect(run(operations.models.set, { model: 'openai/gpt-6-sol' })).rejects.toMatchObject({
      code: 'model_not_found',
    });
    await expect(run(operations.models.set, { model: 'nobody/knows' })).rejects.toMatchObject({
      code: 'bad_request',
    });
    await expect(run(operations.models.set, { model: 'gpt-6-sol' })).rejects.toMatchObject({
      code: 'validation_failed',
    });
    process.env.OPENAI_API_KEY = 'k';
    await run(operations.models.set, { model: 'openai/gpt-6-sol' });
    delete process.env.OPENAI_API_KEY;
    const { items } = await run(operations.models.current);
    expect(items[0]).toMatchObject({ model: null, problem: expect.stringContaining('OPENAI_API_KEY') });
  });

  test('the list says what each model needs', async () => {
    const { items } = await run(operations.models.list);
    expect(items.find((item: { id: string }) => item.id === 'openai/gpt-6-luna')).toMatchObject({
      available: false,
      needs: 'OPENAI_API_KEY',
      price: { input: '0.10', output: '0.50' },
    });
  });
});

describe('models.test', () => {
  beforeEach(() => {
    process.env.OPENAI_API_KEY = 'sk-test-0123456789';
    process.env.OPENAI_BASE_URL = `${server.url}/v1`;
  });

  test('calls the model and books it', async () => {
    server.script({ text: 'ready', usage: { input: 20, output: 1 } });
    const answer = await run(operations.models.test, { model: 'openai/gpt-6-luna' });
    expect(answer).toMatchObject({
      provider: 'openai',
      model: 'gpt-6-luna',
      text: 'ready',
      cost: '0.000002500',
      input_tokens: 20,
    });
    expect((await run(operations.calls.list)).items).toMatchObject([
      { operation: 'models.test', status: 'ok', cost: '0.000002500', latency_ms: answer.latency_ms },
    ]);
  });

  test('the built-in model answers, and costs nothing', async () => {
    const answer = await run(operations.models.test, { model: 'builtin/steward-rules-1' });
    expect(answer).toMatchObject({ provider: 'builtin', cost: '0.000000000' });
    expect(answer.text).not.toBe('');
    expect(server.requests).toHaveLength(0);
  });

  test('books a failure too, and says what to do', async () => {
    server.script({ status: 401, error: 'Incorrect API key provided: sk-test-0123456789' });
    const failure = await run(operations.models.test).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'provider_auth',
      message: expect.stringContaining('OPENAI_API_KEY'),
    });
    expect((await run(operations.calls.list)).items).toMatchObject([
      { status: 'failed', error_code: 'provider_auth' },
    ]);
  });
});

describe('the ledger', () => {
  test('is listed newest first, page by page, filtered, and only to its user', async () => {
    const at = (n: number) => new Date(Date.UTC(2026, 10, 1, 0, 0, n));
    const rows = Array.from({ length: 7 }, (_, n) =>
      row({ created_at: at(Math.floor(n / 2)), operation: n === 3 ? 'plan.refresh' : 'chat.turn' }),
    );
    await book(...rows, row({ user_id: other }));
    const ids: string[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await run(operations.calls.list, { limit: 3, ...(cursor ? { cursor } : {}) });
      ids.push(...page.items.map((item: { id: string }) => item.id));
      if (page.next_cursor === null) break;
      cursor = page.next_cursor;
    }
    expect(ids).toHaveLength(7);
    expect(new Set(ids)).toEqual(new Set(rows.map(({ id }) => id)));
    expect(ids[0]).toBe(rows[6]!.id);
    expect((await run(operations.calls.list, { operation: 'plan.refresh' })).items).toHaveLength(1);
    await expect(run(operations.calls.list, { cursor: 'x' })).rejects.toMatchObject({ code: 'bad_request' });
  });

  test('cannot be rewritten by the application', async () => {
    await book(row());
    const rewrite = opened.db.asUser(user, (tx) => tx.execute(sql`update llm_calls set cost = 0`));
    await expect(rewrite).rejects.toMatchObject({ cause: { code: '42501' } });
  });

  test('is summed by day, and what has no price is counted, not taken for nothing', async () => {
    const today = new Date();
    const yesterday = new Date(today.getTime() - 24 * 60 * 60 * 1000);
    await book(
      row({ created_at: today }),
      row({ created_at: today, cost: '0.100000001' }),
      row({ created_at: today, provider: 'openai-compatible', model: 'm', cost: null, price_date: null }),
      row({
        created_at: yesterday,
        status: 'failed',
        error_code: 'provider_auth',
        cost: '0.000000000',
        input_tokens: null,
        output_tokens: null,
      }),
      row({ created_at: new Date(today.getTime() - 40 * 24 * 60 * 60 * 1000) }),
    );
    const { items } = await run(operations.costs.daily);
    const day = (date: Date) => date.toISOString().slice(0, 10);
    expect(items).toEqual([
      {
        date: day(today),
        provider: 'openai',
        model: 'gpt-6-luna',
        operation: 'chat.turn',
        calls: 2,
        input_tokens: 200,
        output_tokens: 20,
        cost: '0.100015001',
        unknown_price_calls: 0,
      },
      {
        date: day(today),
        provider: 'openai-compatible',
        model: 'm',
        operation: 'chat.turn',
        calls: 1,
        input_tokens: 100,
        output_tokens: 10,
        cost: null,
        unknown_price_calls: 1,
      },
      {
        date: day(yesterday),
        provider: 'openai',
        model: 'gpt-6-luna',
        operation: 'chat.turn',
        calls: 1,
        input_tokens: 0,
        output_tokens: 0,
        cost: '0.000000000',
        unknown_price_calls: 0,
      },
    ]);
    expect((await run(operations.costs.daily, { days: 1 })).items).toHaveLength(2);
    expect((await run(operations.costs.daily, {}, other)).items).toEqual([]);
  });
});
