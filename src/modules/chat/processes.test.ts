/** Turns in several processes on one database: who listens elsewhere, and what happens when the one at work dies. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { sql } from 'drizzle-orm';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { chatClient, conversationOf, textOf } from '../../../test/chat-client.ts';
import {
  type Answer,
  eventually,
  freshDatabase,
  startTestApp,
  type TestApp,
  type TestUser,
} from '../../../test/harness.ts';
import { type ProviderServer, startProviderServer } from '../../../test/provider-server.ts';

/** Whatever the server sent. */
type Json = Answer['body'];

/** Answers, and leaves the work to others. */
let app: TestApp;
let databaseUrl: string;
let provider: ProviderServer;
const homes: string[] = [];
const children = new Set<ChildProcess>();

beforeAll(async () => {
  provider = await startProviderServer();
  Object.assign(process.env, {
    STEWARD_DISCOVERY: 'off',
    STEWARD_MODEL: 'openai/gpt-6-luna',
    OPENAI_API_KEY: 'sk-test-0123456789abcdefghij',
    OPENAI_BASE_URL: `${provider.url}/v1`,
  });
  databaseUrl = await freshDatabase('external');
  app = await startTestApp({ databaseUrl, concurrency: 0 });
});
afterEach(async () => {
  await Promise.all([...children].map((child) => end(child, 'SIGKILL')));
  provider.reset();
});
afterAll(async () => {
  await app?.close();
  await provider?.close();
  await Promise.all(homes.map((home) => rm(home, { recursive: true, force: true })));
});

const get = async (user: TestUser, path: string): Promise<Json> =>
  (await app.request(user, 'GET', path)).body;
const post = async (user: TestUser, path: string, body: object = {}): Promise<Json> =>
  (await app.request(user, 'POST', path, body)).body;
const titled = async (user: TestUser): Promise<string> =>
  (await post(user, '/v1/conversations', { title: 'Test' })).id;
const messagesOf = async (user: TestUser, id: string): Promise<Json[]> =>
  (await get(user, `/v1/conversations/${id}/messages`)).items;

/** A process that works and does not answer. */
async function startWorker(): Promise<ChildProcess> {
  const home = await mkdtemp(join(tmpdir(), 'steward-worker-'));
  homes.push(home);
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../../bin/steward.js'), 'worker'], {
    env: { ...process.env, STEWARD_HOME: home, DATABASE_URL: databaseUrl, STEWARD_LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout! }).on(
      'line',
      (line) => line === 'Steward is working' && resolve(),
    );
    child.once('exit', (code) => reject(new Error(`the worker ended with ${code}`)));
  });
  return child;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  children.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await gone;
}

test('who listens in another process hears the same, from the beginning', async () => {
  const user = await app.createUser();
  const working = await startTestApp({ databaseUrl, concurrency: 2 });
  try {
    const id = await titled(user);
    const text = Array.from({ length: 40 }, (_, index) => `word${index} `);
    provider.script(
      { text: 'Let me see.', toolCalls: [{ name: 'memory_remember', input: { text: 'a fact' } }] },
      { text, pieceMs: 15 },
    );
    const first = await chatClient(app, user).send('hi', { conversationId: id });
    await eventually(async () => first.text().includes('word3'));
    const late = (await chatClient(app, user).resume(id))!;
    const there = (await chatClient(working, user).resume(id))!;
    const heard = await Promise.all([first.end, late.end, there.end]);
    for (const { chunks } of heard) expect(chunks).toEqual(heard[0]!.chunks);
    expect(heard[0]!.chunks.at(-1)).toEqual({ type: 'finish' });
    const [, answer] = await messagesOf(user, id);
    expect(textOf(answer)).toBe(textOf(heard[0]!.message));
    expect(textOf(answer)).toBe(`Let me see.${text.join('')}`);

    // Who comes when all is over gets what is kept.
    provider.script({ text: 'quick' });
    const options = { conversationId: id, clientMsgId: 'quick' };
    const quick = await (await chatClient(app, user).send('again', options)).end;
    expect(textOf(quick.message)).toBe('quick');
    const again = await (await chatClient(app, user).send('again', options)).end;
    expect(again.message).toEqual(quick.message);
  } finally {
    await working.close();
  }
});

test('stopping is heard in the process that works', async () => {
  const user = await app.createUser();
  const working = await startTestApp({ databaseUrl, concurrency: 2 });
  try {
    const id = await titled(user);
    provider.script({ text: 'one two three', hangAfter: 2 });
    const listening = await chatClient(app, user).send('hi', { conversationId: id });
    await eventually(async () => listening.text() === 'one two');
    await post(user, `/v1/chat/${id}/stop`);
    expect((await listening.end).chunks.at(-1)).toEqual({ type: 'abort' });
    expect(textOf((await messagesOf(user, id))[1])).toBe('one two');
  } finally {
    await working.close();
  }
});

test('a turn that nobody has begun is stopped at once, and never begun', async () => {
  const user = await app.createUser();
  const id = await titled(user);
  const listening = await chatClient(app, user).send('hi', { conversationId: id });
  expect(await get(user, `/v1/conversations/${id}`)).toMatchObject({ active_run: { status: 'queued' } });
  expect(await post(user, `/v1/chat/${id}/stop`)).toEqual({ stopped: true });
  expect((await listening.end).chunks.map(({ type }) => type)).toEqual(['start', 'abort']);
  const working = await startTestApp({ databaseUrl, concurrency: 2 });
  try {
    await eventually(async () => (await jobsLeft()) === 0);
    expect(provider.requests).toHaveLength(0);
    expect(await get(user, `/v1/conversations/${id}`)).toMatchObject({
      active_run: null,
      last_run: { status: 'cancelled' },
    });
  } finally {
    await working.close();
  }
});

async function jobsLeft(): Promise<number> {
  const { rows } = await app.running.app.runtime.db.asService('test', (tx) =>
    tx.execute<{ count: string }>(
      sql`select count(*) from graphile_worker.jobs where task_identifier like 'chat.%' and run_at <= now()`,
    ),
  );
  return Number(rows[0]!.count);
}

test('another worker goes on within 5 s where one was killed, and no tool happens twice', async () => {
  const user = await app.createUser();
  const id = await titled(user);
  provider.script(
    {
      text: 'Noting.',
      toolCalls: [{ id: 'note', name: 'capture_apply', input: { tasks: [{ title: 'Buy milk' }] } }],
    },
    { text: 'half an answer', hangAfter: 2 },
  );
  const first = await startWorker();
  const listening = await chatClient(app, user).send('buy milk', { conversationId: id });
  await eventually(async () => listening.text() === 'Noting.half an');
  await startWorker();
  provider.script({ text: 'a whole answer' });
  await end(first, 'SIGKILL');
  const killed = performance.now();
  // What was said of the unfinished step is said anew, so this connection is cut off …
  const cut = await listening.end;
  expect(performance.now() - killed).toBeLessThan(5000);
  expect(cut.chunks.at(-1)?.type).toBe('text-delta');
  // … and the next hears everything from its beginning.
  const resumed = await chatClient(app, user).resume(id);
  const heard = resumed && (await resumed.end);
  const found = await eventually(async () => {
    const now = await get(user, `/v1/conversations/${id}`);
    return now.active_run === null && now;
  });
  expect(found.last_run).toMatchObject({ status: 'completed' });
  if (heard) expect(textOf(heard.message)).toBe('Noting.a whole answer');
  const [, answer] = await messagesOf(user, id);
  expect(answer.parts).toMatchObject([
    { type: 'step-start' },
    { type: 'text', text: 'Noting.' },
    { type: 'dynamic-tool', toolCallId: 'note', state: 'output-available' },
    { type: 'step-start' },
    { type: 'text', text: 'a whole answer' },
  ]);
  expect((await get(user, '/v1/tasks')).items).toHaveLength(1);
  expect((await get(user, '/v1/inbox')).items).toHaveLength(1);
  const called = (await get(user, '/v1/events?limit=200')).items.filter(
    ({ event_type }: Json) => event_type === 'tool.called',
  );
  expect(called).toHaveLength(1);
  expect(provider.requests).toHaveLength(3);
});

test('a worker that is asked to end leaves its turn to the next, at its last whole step', async () => {
  const user = await app.createUser();
  const id = await titled(user);
  provider.script(
    { toolCalls: [{ id: 'note', name: 'memory_remember', input: { text: 'a fact' } }] },
    { text: 'half an answer', hangAfter: 2 },
  );
  const first = await startWorker();
  const listening = await chatClient(app, user).send('remember', { conversationId: id });
  await eventually(async () => listening.text() === 'half an');
  await startWorker();
  provider.script({ text: 'a whole answer' });
  const asked = performance.now();
  await end(first, 'SIGTERM');
  expect(performance.now() - asked).toBeLessThan(5000);
  await eventually(async () => (await get(user, `/v1/conversations/${id}`)).active_run === null);
  expect(textOf((await messagesOf(user, id))[1])).toBe('a whole answer');
  expect((await get(user, '/v1/memories')).items).toHaveLength(1);
  // The call that was given up is on the books too.
  expect((await get(user, `/v1/calls?conversation_id=${id}`)).items).toMatchObject([
    { status: 'ok' },
    { status: 'cancelled' },
    { status: 'ok' },
  ]);
});

test('a tool whose result was not kept before the process died is not done again', async () => {
  const user = await app.createUser();
  const id = await titled(user);
  provider.script(
    { toolCalls: [{ id: 'note', name: 'capture_apply', input: { tasks: [{ title: 'Once' }] } }] },
    { text: 'Done.' },
  );
  const working = await startTestApp({ databaseUrl, concurrency: 2 });
  try {
    await (await chatClient(app, user).send('once', { conversationId: id })).end;
    const [, before] = await messagesOf(user, id);
    // As if the process had died between the tool's own transaction and the one that keeps its result.
    await app.running.app.runtime.db.asUser(user.userId, async (tx) => {
      const part = sql`jsonb_build_array(parts -> 0, (parts -> 1) - 'output' || '{"state": "input-available"}')`;
      await tx.execute(sql`delete from run_steps where seq > 1`);
      await tx.execute(sql`update run_steps set status = 'pending', output = null where seq = 1`);
      await tx.execute(sql`update messages set parts = ${part} where role = 'assistant'`);
      await tx.execute(sql`update runs set status = 'running', finished_at = null`);
      provider.script({ text: 'Done again.' });
      await tx.execute(
        sql`select steward.add_job('chat.turn', jsonb_build_object('run_id', (select id from runs), 'timezone', 'UTC'), null, null, null)`,
      );
    });
    const answer = await eventually(async () => {
      const [, now] = await messagesOf(user, id);
      return textOf(now) === 'Done again.' && now;
    });
    expect(answer.parts[1]).toEqual(before.parts[1]);
    expect((await get(user, '/v1/tasks')).items).toHaveLength(1);
  } finally {
    await working.close();
  }
});

test('an attempt that has been overtaken writes nothing any more', async () => {
  const user = await app.createUser();
  const working = await startTestApp({ databaseUrl, concurrency: 2 });
  try {
    provider.script({ text: 'one two three four five six', pieceMs: 40 }, { text: 'the other answer' });
    const listening = await chatClient(app, user).send('hi', { clientMsgId: 'first' });
    await eventually(async () => listening.text().includes('two'));
    // A second worker believes that the first is gone.
    await app.running.app.runtime.db.asUser(user.userId, (tx) =>
      tx.execute(
        sql`select steward.add_job('chat.turn', jsonb_build_object('run_id', (select id from runs), 'timezone', 'UTC'), null, null, null)`,
      ),
    );
    const cut = await listening.end;
    expect(cut.chunks.some(({ type }) => type === 'finish')).toBe(false);
    const id = conversationOf(cut);
    await eventually(async () => (await get(user, `/v1/conversations/${id}`)).active_run === null);
    await eventually(async () => (await jobsLeft()) === 0);
    const messages = await messagesOf(user, id);
    expect(messages.map(textOf)).toEqual(['hi', 'the other answer']);
    expect((await get(user, '/v1/jobs/dead')).items).toEqual([]);
  } finally {
    await working.close();
  }
});

test('a connection to the database that is lost in the middle costs time, and nothing else', async () => {
  const user = await app.createUser();
  const id = await titled(user);
  const working = await startTestApp({ databaseUrl, concurrency: 2 });
  const admin = new pg.Client({ connectionString: databaseUrl });
  try {
    provider.script({ text: 'an answer', pieceMs: 50 }, { text: 'the answer' });
    const { db } = app.running.app.runtime;
    await admin.connect();
    const listening = await chatClient(working, user).send('hi', { conversationId: id });
    await eventually(async () => listening.text() !== '');
    await db.asUser(user.userId, async (tx) => {
      // The turn cannot keep its step as long as the run is locked; then its connection is cut.
      await tx.execute(sql`select from runs where conversation_id = ${id} for update`);
      await eventually(async () => {
        const { rows } = await admin.query(`
          select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock' and query like '%"runs"%'`);
        return rows.length > 0;
      });
    });
    await eventually(async () => (await get(user, `/v1/conversations/${id}`)).active_run === null);
    expect((await messagesOf(user, id)).map(textOf)).toEqual(['hi', 'the answer']);
  } finally {
    await admin.end();
    await working.close();
  }
});

test('stopping ends a run even when nobody works on it any more', async () => {
  const user = await app.createUser();
  const id = await titled(user);
  const listening = await chatClient(app, user).send('hi', { conversationId: id });
  await app.running.app.runtime.db.asService('test', async (tx) => {
    await tx.execute(sql`select graphile_worker.complete_jobs(array_agg(id)) from graphile_worker.jobs`);
    await tx.execute(sql`update runs set status = 'running', attempts = 1 where conversation_id = ${id}`);
  });
  const working = await startTestApp({ databaseUrl, concurrency: 2 });
  try {
    expect(await post(user, `/v1/chat/${id}/stop`)).toEqual({ stopped: true });
    expect((await listening.end).chunks.at(-1)).toEqual({ type: 'abort' });
    expect(await get(user, `/v1/conversations/${id}`)).toMatchObject({ last_run: { status: 'cancelled' } });
    expect(provider.requests).toHaveLength(0);
  } finally {
    await working.close();
  }
});

test('a turn that cannot begin fails, and its conversation goes on', async () => {
  const user = await app.createUser();
  const id = await titled(user);
  // What the database holds cannot be read as it should be: a defect of ours.
  const listening = await chatClient(app, user).send('hi', { conversationId: id });
  const db = app.running.app.runtime.db;
  await db.asUser(user.userId, (tx) => tx.execute(sql`update messages set parts = '{}' where role = 'user'`));
  const working = await startTestApp({ databaseUrl, concurrency: 2 });
  try {
    expect((await listening.end).error).toMatch(/something went wrong on our side/);
    expect(await get(user, `/v1/conversations/${id}`)).toMatchObject({
      active_run: null,
      last_run: { status: 'failed', error_code: 'internal' },
    });
  } finally {
    await working.close();
  }
});
