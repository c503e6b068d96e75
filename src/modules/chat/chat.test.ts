/** Conversations and their turns, through HTTP, with a client of the AI SDK and a scripted provider. */
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  type ChatClient,
  chatClient,
  conversationOf,
  type Listening,
  textOf,
} from '../../../test/chat-client.ts';
import { type Answer, eventually, startTestApp, type TestApp, type TestUser } from '../../../test/harness.ts';
import { type ProviderServer, type Reply, startProviderServer } from '../../../test/provider-server.ts';

/** Whatever the server sent. */
type Json = Answer['body'];

let app: TestApp;
let provider: ProviderServer;

beforeAll(async () => {
  provider = await startProviderServer();
  Object.assign(process.env, {
    STEWARD_DISCOVERY: 'off',
    STEWARD_MODEL: 'openai/gpt-6-luna',
    OPENAI_API_KEY: 'sk-test-0123456789abcdefghij',
    OPENAI_BASE_URL: `${provider.url}/v1`,
  });
  app = await startTestApp();
});
afterEach(async () => {
  // A title that is still being asked for would take the next test's reply.
  await eventually(async () => (await jobsLeft()) === 0);
  provider.reset();
  delete process.env.STEWARD_MODEL_TIMEOUT;
});
afterAll(async () => {
  await app?.close();
  await provider?.close();
});

interface Person {
  readonly user: TestUser;
  readonly chat: ChatClient;
  get(path: string): Promise<Json>;
  post(path: string, body?: unknown): Promise<Json>;
}

async function person(): Promise<Person> {
  const user = await app.createUser();
  return {
    user,
    chat: chatClient(app, user),
    get: async (path) => (await app.request(user, 'GET', path)).body,
    post: async (path, body = {}) => (await app.request(user, 'POST', path, body)).body,
  };
}

/** Somebody whose conversations have a title already, so that no model is asked for one. */
async function conversation(who: Person): Promise<string> {
  return (await who.post('/v1/conversations', { title: 'Test' })).id;
}

const messagesOf = async (who: Person, id: string): Promise<Json[]> =>
  (await who.get(`/v1/conversations/${id}/messages`)).items;
const callsOf = async (who: Person, id: string): Promise<Json[]> =>
  (await who.get(`/v1/calls?conversation_id=${id}`)).items;
const said = (listening: Listening, pieces: number) =>
  eventually(
    async () => listening.chunks.filter(({ type }) => type === 'text-delta').length >= pieces && true,
  );
/** The parts as they are kept, of a message as a client has made it. */
const kept = (message: { parts: object[] } | undefined) =>
  message?.parts.map((part: Json) => (part.type === 'text' ? { type: 'text', text: part.text } : part));
/** What a request says to the model, in the format of OpenAI's responses. */
const inputOf = (index: number): Json[] => provider.requests[index]!.body.input as Json[];

describe('a turn', () => {
  test('is streamed in the protocol of the AI SDK, and kept as it was heard', async () => {
    const who = await person();
    const conversation_id = await conversation(who);
    provider.script({ text: 'Hello to you' });
    const { headers, body } = await app.request(who.user, 'POST', '/v1/chat', {
      conversation_id,
      message: 'hi',
    });
    expect(headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect(headers.get('x-vercel-ai-ui-message-stream')).toBe('v1');
    const lines = (body as string).split('\n\n').filter((line) => line !== '');
    expect(lines.every((line) => line.startsWith('data: '))).toBe(true);
    expect(lines.at(-1)).toBe('data: [DONE]');
    const chunks = lines.slice(0, -1).map((line) => JSON.parse(line.slice(6)));
    expect(chunks.map(({ type }) => type)).toEqual([
      'start',
      'start-step',
      'text-start',
      'text-delta',
      'text-delta',
      'text-delta',
      'text-end',
      'finish-step',
      'finish',
    ]);

    provider.script({ text: 'Hello again' });
    const heard = await (await who.chat.send('and again', { conversationId: conversation_id })).end;
    expect(textOf(heard.message)).toBe('Hello again');
    const messages = await messagesOf(who, conversation_id);
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant']);
    expect(messages[3]).toMatchObject({ id: heard.message!.id, parts: kept(heard.message) });
    expect(await who.get(`/v1/conversations/${conversation_id}`)).toMatchObject({
      active_run: null,
      last_run: { status: 'completed', error_code: null },
    });
  });

  test('carries out the tools that the model asks for, step by step', async () => {
    const who = await person();
    const id = await conversation(who);
    provider.script(
      {
        text: 'I note it.',
        toolCalls: [
          {
            id: 'a',
            name: 'capture_apply',
            input: { tasks: [{ title: 'Buy milk', due_date: '2031-01-02' }] },
          },
          { id: 'b', name: 'memory_remember', input: { text: 'likes milk' } },
        ],
      },
      { text: 'Noted.' },
    );
    const heard = await (await who.chat.send('buy milk on 2 January 2031', { conversationId: id })).end;
    expect(heard.message!.parts.map(({ type }) => type)).toEqual([
      'step-start',
      'text',
      'dynamic-tool',
      'dynamic-tool',
      'step-start',
      'text',
    ]);
    const [, answer] = await messagesOf(who, id);
    expect(
      answer.parts.map(({ callProviderMetadata: _, providerMetadata: __, ...part }: Json) => part),
    ).toEqual(kept(heard.message));
    expect(answer.parts[2]).toMatchObject({
      toolName: 'capture_apply',
      state: 'output-available',
      output: { applied: { tasks_created: 1 }, items: [{ title: 'Buy milk' }] },
    });
    expect((await who.get('/v1/tasks')).items).toMatchObject([{ title: 'Buy milk', due_date: '2031-01-02' }]);
    // What the model was not asked to repeat: the person's words, and the conversation.
    expect((await who.get('/v1/inbox')).items).toMatchObject([
      { message_raw: 'buy milk on 2 January 2031', chat_id: id },
    ]);

    expect(provider.requests).toHaveLength(2);
    const results = inputOf(1).filter(({ type }) => type === 'function_call_output');
    expect(results.map(({ call_id }) => call_id)).toEqual(['a', 'b']);
    expect(JSON.parse(results[0].output)).toEqual(answer.parts[2].output);
    expect(await callsOf(who, id)).toMatchObject([
      { operation: 'chat.turn', status: 'ok' },
      { operation: 'chat.turn', status: 'ok' },
    ]);
  });

  test('shows the model what it said before, signatures included', async () => {
    const who = await person();
    const id = await conversation(who);
    provider.script(
      { reasoning: 'Let me look.', toolCalls: [{ id: 'look', name: 'tasks_list', input: {} }] },
      { text: 'Nothing is open.' },
      { text: 'Still nothing.' },
    );
    await (await who.chat.send('what is open?', { conversationId: id })).end;
    await (await who.chat.send('really?', { conversationId: id })).end;
    const [, ...before] = inputOf(2);
    expect(before).toMatchObject([
      { role: 'user', content: [{ text: 'what is open?' }] },
      { type: 'reasoning', encrypted_content: 'sealed' },
      { type: 'function_call', call_id: 'look', name: 'tasks_list' },
      { type: 'function_call_output', call_id: 'look' },
      { role: 'assistant', content: 'Nothing is open.' },
      { role: 'user', content: [{ text: 'really?' }] },
    ]);
  });

  test('keeps apart two calls to which a provider gives the same id', async () => {
    const who = await person();
    const id = await conversation(who);
    const remember = (text: string) => ({ id: 'call_1', name: 'memory_remember', input: { text } });
    provider.script(
      { toolCalls: [remember('one'), remember('two')] },
      { toolCalls: [remember('three')] },
      { text: 'Done.' },
    );
    const { message } = await (await who.chat.send('remember', { conversationId: id })).end;
    const tools = message!.parts.flatMap((part) => (part.type === 'dynamic-tool' ? [part] : []));
    expect(tools.map(({ input }) => input)).toEqual([{ text: 'one' }, { text: 'two' }, { text: 'three' }]);
    expect(tools.every(({ state }) => state === 'output-available')).toBe(true);
    expect(new Set(tools.map(({ toolCallId }) => toolCallId)).size).toBe(3);
    const facts = await who.get('/v1/memories');
    expect(facts.items.map(({ content }: Json) => content).sort()).toEqual(['one', 'three', 'two']);
  });

  test('tells the model what was wrong with a call, and lets it try again', async () => {
    const who = await person();
    const id = await conversation(who);
    provider.script(
      {
        toolCalls: [
          { id: 'a', name: 'tasks_complete', input: '{"id": ' },
          { id: 'b', name: 'tasks_complete', input: { id: 'first' } },
          { id: 'c', name: 'tasks_delete', input: { id: '0198c0de-0000-7000-8000-000000000001' } },
          { id: 'd', name: 'tasks_complete', input: { id: '0198c0de-0000-7000-8000-000000000001' } },
        ],
      },
      { text: 'Which one?' },
    );
    const { message } = await (await who.chat.send('done', { conversationId: id })).end;
    const errors = message!.parts.flatMap((part) => (part.type === 'dynamic-tool' ? [part.errorText] : []));
    expect(errors).toEqual([
      expect.stringMatching(/^bad_request: the input of the tool is not JSON/),
      expect.stringMatching(/^validation_failed: id: /),
      // One that this turn does not offer is not run, though it exists.
      'not_found: there is no tool tasks_delete.',
      expect.stringMatching(/^not_found: /),
    ]);
    expect(textOf(message)).toBe('Which one?');
    expect(inputOf(1).filter(({ type }) => type === 'function_call_output')).toHaveLength(4);
  });

  test('ends when it goes round in a circle', async () => {
    const who = await person();
    const id = await conversation(who);
    provider.otherwise({ toolCalls: [{ name: 'plan_today', input: {} }] });
    const { error } = await (await who.chat.send('go', { conversationId: id })).end;
    expect(error).toMatch(/stopped after 16 steps/);
    expect(provider.requests).toHaveLength(16);
  });

  test('asks with 8 kB at most in the beginning, tools included', async () => {
    const who = await person();
    provider.script({ text: 'Hello' }, { text: 'Greeting' });
    await (await who.chat.send('We need to renovate both bathrooms before Christmas')).end;
    const bytes = Buffer.byteLength(JSON.stringify(provider.requests[0]!.body));
    expect(bytes).toBeLessThanOrEqual(8000);
  });

  test('ends quietly when its conversation is deleted', async () => {
    const who = await person();
    const id = await conversation(who);
    provider.script({ text: 'one two three four five six seven eight', pieceMs: 30 });
    const listening = await who.chat.send('go', { conversationId: id });
    await said(listening, 1);
    await app.request(who.user, 'DELETE', `/v1/conversations/${id}`);
    await listening.end;
    expect((await who.get('/v1/jobs/dead')).items).toEqual([]);
    expect((await app.request(who.user, 'GET', `/v1/conversations/${id}`)).status).toBe(404);
  });
});

describe('a message that is sent again', () => {
  test('gets the same answer and changes nothing', async () => {
    const who = await person();
    const id = await conversation(who);
    provider.script({ text: 'The only answer' });
    const options = { conversationId: id, clientMsgId: 'm1' };
    const first = await (await who.chat.send('hi', options)).end;
    const second = await (await who.chat.send('hi', options)).end;
    expect(second.message).toEqual(first.message);
    expect(provider.requests).toHaveLength(1);
    expect(await messagesOf(who, id)).toHaveLength(2);
  });

  test('also while the first is on its way, and without a conversation', async () => {
    const who = await person();
    provider.script({ text: 'one two three', pieceMs: 20 }, { text: 'Title' });
    const sent = await Promise.all([1, 2, 3].map(() => who.chat.send('hi', { clientMsgId: 'first' })));
    const heard = await Promise.all(sent.map(({ end }) => end));
    expect(new Set(heard.map(conversationOf)).size).toBe(1);
    for (const { message } of heard) expect(message).toEqual(heard[0]!.message);
    expect((await who.get('/v1/conversations')).items).toHaveLength(1);
    expect(await messagesOf(who, conversationOf(heard[0]!))).toHaveLength(2);
  });

  test('the Idempotency-Key does the same for those who know no client_msg_id', async () => {
    const who = await person();
    const conversation_id = await conversation(who);
    provider.script({ text: 'once' });
    const key = { 'idempotency-key': 'k1' };
    const send = () => app.request(who.user, 'POST', '/v1/chat', { conversation_id, message: 'hi' }, key);
    expect((await send()).status).toBe(200);
    expect((await send()).body).toContain('once');
    expect(await messagesOf(who, conversation_id)).toHaveLength(2);
  });
});

describe('while an answer is being written', () => {
  test('another message is refused, and nothing of it is kept', async () => {
    const who = await person();
    const id = await conversation(who);
    provider.script({ text: 'one two three', hangAfter: 1 });
    const listening = await who.chat.send('hi', { conversationId: id });
    await said(listening, 1);
    for (const path of ['/v1/chat', `/v1/chat/${id}/retry`]) {
      const refused = await app.request(who.user, 'POST', path, { conversation_id: id, message: 'more' });
      expect(refused).toMatchObject({ status: 409, body: { error: { code: 'conflict' } } });
    }
    expect(await who.get(`/v1/conversations/${id}`)).toMatchObject({ active_run: { status: 'running' } });
    // What is being written is in the stream; the list has what is whole.
    expect(await messagesOf(who, id)).toHaveLength(1);
    await who.post(`/v1/chat/${id}/stop`);
    await listening.end;
  });

  test('a second device hears it from its beginning', async () => {
    const who = await person();
    const id = await conversation(who);
    const text = Array.from({ length: 30 }, (_, index) => `word${index} `);
    provider.script(
      { toolCalls: [{ name: 'memory_remember', input: { text: 'a fact' } }] },
      { text, pieceMs: 10 },
    );
    const first = await who.chat.send('hi', { conversationId: id });
    await said(first, 5);
    const second = (await who.chat.resume(id))!;
    const [a, b] = await Promise.all([first.end, second.end]);
    expect(b.chunks).toEqual(a.chunks);
    expect(textOf(b.message)).toBe(text.join(''));
    expect(b.message).toEqual(a.message);
    expect(await who.chat.resume(id)).toBeUndefined();
  });

  test('closing the connection does not stop it', async () => {
    const who = await person();
    const id = await conversation(who);
    provider.script({ text: 'one two three four', pieceMs: 30 });
    const listening = await who.chat.send('hi', { conversationId: id });
    await said(listening, 1);
    listening.close();
    const answer = await eventually(async () => (await messagesOf(who, id))[1]);
    expect(textOf(answer)).toBe('one two three four');
    expect(provider.requests[0]!.aborted).toBe(false);
  });
});

describe('stopping', () => {
  test('keeps what was said', async () => {
    const who = await person();
    const id = await conversation(who);
    provider.script({ text: 'one two three', hangAfter: 2 });
    const listening = await who.chat.send('hi', { conversationId: id });
    await said(listening, 2);
    const begun = performance.now();
    expect(await who.post(`/v1/chat/${id}/stop`)).toEqual({ stopped: true });
    const heard = await listening.end;
    expect(performance.now() - begun).toBeLessThan(1500);
    expect(heard.chunks.at(-1)).toEqual({ type: 'abort' });
    const [, answer] = await messagesOf(who, id);
    expect(textOf(answer)).toBe('one two');
    expect(await callsOf(who, id)).toMatchObject([{ status: 'cancelled' }]);
    expect(await who.get(`/v1/conversations/${id}`)).toMatchObject({ last_run: { status: 'cancelled' } });
    await eventually(async () => provider.requests[0]!.aborted);
    expect(await who.post(`/v1/chat/${id}/stop`)).toEqual({ stopped: false });

    // The model sees its half answer, and the conversation goes on.
    provider.script({ text: 'four' });
    await (await who.chat.send('go on', { conversationId: id })).end;
    expect(JSON.stringify(inputOf(1))).toContain('one two');
  });

  test('does not wait for a provider that says nothing', async () => {
    const who = await person();
    const id = await conversation(who);
    provider.script({ hangAfter: 0 });
    const listening = await who.chat.send('hi', { conversationId: id });
    await eventually(async () => provider.requests.length === 1);
    const begun = performance.now();
    await who.post(`/v1/chat/${id}/stop`);
    const heard = await listening.end;
    expect(performance.now() - begun).toBeLessThan(1500);
    expect(heard.chunks.at(-1)).toEqual({ type: 'abort' });
    expect(await messagesOf(who, id)).toHaveLength(1);
  });

  test('leaves undone what was asked for and not begun', async () => {
    const who = await person();
    const id = await conversation(who);
    const [first, second] = [
      await who.post('/v1/tasks', { title: 'First' }),
      await who.post('/v1/tasks', { title: 'Second' }),
    ];
    const complete = (task: Json) => ({ id: task.id, name: 'tasks_complete', input: { id: task.id } });
    provider.script({ toolCalls: [complete(first), complete(second)] });
    const { db } = app.running.app.runtime;
    // The first tool is at work as long as somebody else holds its task.
    const listening = await db.asUser(who.user.userId, async (tx) => {
      await tx.execute(sql`select from tasks where id = ${first.id} for update`);
      const heard = await who.chat.send('both are done', { conversationId: id });
      await eventually(async () => heard.chunks.some(({ type }) => type === 'tool-input-available'));
      const asked = Promise.withResolvers<void>();
      const unlisten = await db.listen('events', (event) => {
        if (event?.includes('run.stop_requested')) asked.resolve();
      });
      await who.post(`/v1/chat/${id}/stop`);
      await asked.promise;
      unlisten();
      return heard;
    });
    const { message, chunks } = await listening.end;
    expect(chunks.at(-1)).toEqual({ type: 'abort' });
    expect(message!.parts).toMatchObject([
      { type: 'step-start' },
      { toolCallId: first.id, state: 'output-available' },
      { toolCallId: second.id, state: 'output-error', errorText: 'the run ended before it had a result' },
    ]);
    const states = (await messagesOf(who, id))[1].parts.map(({ state }: Json) => state);
    expect(states).toEqual([undefined, 'output-available', 'output-error']);
    expect(await who.get(`/v1/tasks/${first.id}`)).toMatchObject({ status: 'done' });
    expect(await who.get(`/v1/tasks/${second.id}`)).toMatchObject({ status: 'open' });
    expect(provider.requests).toHaveLength(1);
  });
});

describe('retrying', () => {
  test('answers the last message anew, in place of its answer', async () => {
    const who = await person();
    const id = await conversation(who);
    provider.script({ text: 'first try' }, { status: 400, error: 'no' }, { text: 'third try' });
    const first = await (await who.chat.send('hi', { conversationId: id })).end;
    const second = await (await who.chat.retry(id)).end;
    expect(second.error).toMatch(/refused/);
    const third = await (await who.chat.retry(id)).end;
    expect(third.message!.id).not.toBe(first.message!.id);
    const messages = await messagesOf(who, id);
    expect(messages.map(textOf)).toEqual(['hi', 'third try']);
    expect(JSON.stringify(inputOf(2))).not.toContain('first try');
  });

  test('is refused where nothing was said', async () => {
    const who = await person();
    const id = await conversation(who);
    expect((await app.request(who.user, 'POST', `/v1/chat/${id}/retry`, {})).status).toBe(409);
  });
});

describe('titles', () => {
  const title = async (who: Person, id: string): Promise<string> =>
    (await who.get(`/v1/conversations/${id}`)).title;

  test('come from the message, then from a model', async () => {
    const who = await person();
    provider.script({ text: 'Gladly.' }, { text: '"Renovating the bathrooms."' });
    const heard = await (
      await who.chat.send('We need to renovate both bathrooms before Christmas, the budget is tight')
    ).end;
    const id = conversationOf(heard);
    await eventually(async () => (await title(who, id)) === 'Renovating the bathrooms');
    expect(await callsOf(who, id)).toMatchObject([
      { operation: 'chat.title', purpose: 'title', status: 'ok' },
      { operation: 'chat.turn', purpose: 'chat', status: 'ok' },
    ]);
    expect(provider.requests[1]!.body.tools).toBeUndefined();

    provider.script({ text: 'Sure.' });
    await (await who.chat.send('go on', { conversationId: id })).end;
    expect(provider.requests).toHaveLength(3);
  });

  test('stay the beginning of the message when the model fails', async () => {
    const who = await person();
    provider.script({ text: 'Gladly.' }, { status: 400 });
    const heard = await (await who.chat.send(`Plan ${'very '.repeat(20)}much`)).end;
    const id = conversationOf(heard);
    await eventually(async () => (await callsOf(who, id)).length === 2);
    expect(await title(who, id)).toMatch(/^Plan very .*very…$/);
    expect(await callsOf(who, id)).toMatchObject([{ operation: 'chat.title', status: 'failed' }, {}]);
  });

  test('of a person are never replaced', async () => {
    const who = await person();
    const { id } = await who.post('/v1/conversations');
    expect(await title(who, id)).toBe('');
    await app.request(who.user, 'PATCH', `/v1/conversations/${id}`, { title: 'Mine' });
    provider.script({ text: 'Gladly.' });
    await (await who.chat.send('hi', { conversationId: id })).end;
    await eventually(async () => (await jobsLeft()) === 0);
    expect(await title(who, id)).toBe('Mine');
    expect(provider.requests).toHaveLength(1);
  });
});

/** Jobs that are due or at work. */
async function jobsLeft(): Promise<number> {
  const { rows } = await app.running.app.runtime.db.asService('test', (tx) =>
    tx.execute<{ count: string }>(
      sql`select count(*) from graphile_worker.jobs where task_identifier like 'chat.%' and run_at <= now()`,
    ),
  );
  return Number(rows[0]!.count);
}

describe('a provider that fails', () => {
  const failures: [string, Reply, { code: string; says: RegExp; attempts: number; kept?: string }][] = [
    ['refuses the key', { status: 401 }, { code: 'provider_auth', says: /OPENAI_API_KEY/, attempts: 1 }],
    [
      'asks to wait for long',
      { status: 429, retryAfter: 120 },
      { code: 'provider_rate_limited', says: /in 120 s/, attempts: 1 },
    ],
    [
      'hangs up in the middle',
      { text: 'one two three', disconnectAfter: 2 },
      { code: 'provider_unavailable', says: /Try again later/, attempts: 1, kept: 'one two' },
    ],
    [
      'falls silent in the middle',
      { text: 'one two three', hangAfter: 1 },
      { code: 'provider_timeout', says: /stopped answering/, attempts: 1, kept: 'one' },
    ],
  ];

  test.each(failures)(
    '%s: says what to do, keeps what was said and the call',
    async (_name, reply, expected) => {
      const who = await person();
      const id = await conversation(who);
      process.env.STEWARD_MODEL_TIMEOUT = '0.3';
      provider.script(reply);
      const heard = await (await who.chat.send('hi', { conversationId: id })).end;
      expect(heard.error).toMatch(expected.says);
      expect(heard.chunks.at(-1)?.type).toBe('error');
      const found = await who.get(`/v1/conversations/${id}`);
      expect(found).toMatchObject({
        active_run: null,
        last_run: { status: 'failed', error_code: expected.code, error_message: heard.error },
      });
      expect(await callsOf(who, id)).toMatchObject([
        {
          status: 'failed',
          error_code: expected.code,
          attempts: expected.attempts,
          run_id: found.last_run.id,
        },
      ]);
      expect((await messagesOf(who, id)).slice(1).map(textOf)).toEqual(expected.kept ? [expected.kept] : []);
    },
  );

  test('and then answers is asked again, without anybody noticing', async () => {
    const who = await person();
    const id = await conversation(who);
    provider.script({ status: 429, retryAfter: 0 }, { status: 503, retryAfter: 0 }, { text: 'At last' });
    const heard = await (await who.chat.send('hi', { conversationId: id })).end;
    expect(textOf(heard.message)).toBe('At last');
    expect(await callsOf(who, id)).toMatchObject([{ status: 'ok', attempts: 3 }]);
  });

  test('a model that is chosen and not connected is an error that says so', async () => {
    const who = await person();
    const id = await conversation(who);
    const chosen = process.env.STEWARD_MODEL!;
    try {
      process.env.STEWARD_MODEL = 'anthropic/claude-haiku-5-5';
      const heard = await (await who.chat.send('hi', { conversationId: id })).end;
      expect(heard.error).toMatch(/ANTHROPIC_API_KEY/);
      expect(await who.get(`/v1/conversations/${id}`)).toMatchObject({
        last_run: { status: 'failed', error_code: 'model_not_found' },
      });
    } finally {
      process.env.STEWARD_MODEL = chosen;
    }
  });
});

describe('the built-in model', () => {
  test('drives the same tools, remembers what was shown, and asks no provider', async () => {
    const who = await person();
    const chosen = await app.request(who.user, 'PUT', '/v1/models/current', {
      model: 'builtin/steward-rules-1',
    });
    expect(chosen.status).toBe(200);
    const first = await (await who.chat.send('buy milk tomorrow 5pm p1 #home')).end;
    const id = conversationOf(first);
    const talk = async (text: string) =>
      (await (await who.chat.send(text, { conversationId: id })).end).message;
    await talk('call the plumber');
    await talk("what's open?");
    await talk('the second one is done');
    const tasks = (await who.get('/v1/tasks')).items;
    expect(tasks.filter(({ status }: Json) => status === 'done')).toHaveLength(1);
    expect(await who.get(`/v1/conversations/${id}`)).toMatchObject({
      title: 'buy milk tomorrow 5pm p1 #home',
    });
    expect(provider.requests).toHaveLength(0);
    expect(new Set((await callsOf(who, id)).map((call) => call.provider))).toEqual(new Set(['builtin']));
    const archived = await talk('archive the milk task');
    expect(
      archived!.parts.some((part) => part.type === 'dynamic-tool' && part.state === 'output-available'),
    ).toBe(true);
  });
});

test('a conversation is its user’s alone', async () => {
  const [one, other] = [await person(), await person()];
  const id = await conversation(one);
  for (const [method, path] of [
    ['GET', `/v1/conversations/${id}`],
    ['GET', `/v1/conversations/${id}/messages`],
    ['GET', `/v1/chat/${id}/stream`],
    ['POST', `/v1/chat/${id}/stop`],
    ['POST', `/v1/chat/${id}/retry`],
    ['PATCH', `/v1/conversations/${id}`],
    ['DELETE', `/v1/conversations/${id}`],
  ] as const) {
    expect((await app.request(other.user, method, path)).status, `${method} ${path}`).toBe(404);
  }
  const sent = await app.request(other.user, 'POST', '/v1/chat', { conversation_id: id, message: 'hi' });
  expect(sent.status).toBe(404);
});
