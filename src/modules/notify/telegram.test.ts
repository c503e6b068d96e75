/** Telegram over real HTTP: updates come in as Telegram sends them, replies go to a server that speaks the Bot API. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Answer, eventually, startTestApp, type TestApp, type TestUser } from '../../../test/harness.ts';
import { callBot } from './bot-api.ts';
import { HOW_TO_LINK } from './conversation.ts';
import { telegramSettings } from './settings.ts';
import { telegramJobs } from './telegram.ts';

const TOKEN = '4711:a-token-that-nobody_may_see';
const SECRET = 'the-secret-of-the-webhook';
const WEBHOOK = '/v1/channels/telegram/webhook';

interface BotCall {
  readonly path: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever was sent
  readonly body: any;
}

let bot: Server;
let calls: BotCall[] = [];
/** What the bot server answers next, before it is well again. */
let refusals: { status: number; body?: object }[] = [];
let app: TestApp;
let updates = 1000;
let chats = 500;

beforeAll(async () => {
  bot = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    calls.push({ path: request.url!, body: JSON.parse(text) });
    const refusal = refusals.shift();
    response.writeHead(refusal?.status ?? 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(refusal?.body ?? { ok: true, result: {} }));
  });
  await new Promise<void>((resolve) => bot.listen(0, '127.0.0.1', resolve));
  process.env.TELEGRAM_BOT_TOKEN = TOKEN;
  process.env.TELEGRAM_API_BASE_URL = `http://127.0.0.1:${(bot.address() as AddressInfo).port}`;
  process.env.TELEGRAM_WEBHOOK_SECRET = SECRET;
  app = await startTestApp();
});
afterAll(async () => {
  await app?.close();
  bot.close();
});
beforeEach(() => {
  calls = [];
  refusals = [];
});

function post(body: unknown, secret: string | undefined = SECRET): Promise<Answer> {
  const headers = secret === undefined ? {} : { 'x-telegram-bot-api-secret-token': secret };
  return app.request(undefined, 'POST', WEBHOOK, body, headers as Record<string, string>);
}

const updateOf = (chat: number, text: string, id = ++updates) => ({
  update_id: id,
  message: { message_id: id, date: 1_760_000_000, chat: { id: chat, type: 'private' }, text },
});

const to = (chat: number): string[] =>
  calls.filter(({ body }) => body.chat_id === chat).map(({ body }) => body.text);

/** Says something in a chat. @returns the reply */
async function say(chat: number, text: string): Promise<string> {
  const before = to(chat).length;
  expect((await post(updateOf(chat, text))).status).toBe(200);
  return eventually(async () => to(chat)[before]);
}

async function codeFor(user: TestUser): Promise<string> {
  const { status, body } = await app.request(user, 'POST', '/v1/channels/telegram/code', {});
  expect(status).toBe(200);
  expect(Date.parse(body.expires_at) - Date.now()).toBeGreaterThan(9 * 60_000);
  return body.code;
}

async function linkedChat(user: TestUser): Promise<number> {
  const chat = ++chats;
  expect(await say(chat, `/start ${await codeFor(user)}`)).toContain('is linked');
  return chat;
}

const titles = async (user: TestUser, status = 'open'): Promise<string[]> => {
  const { body } = await app.request(user, 'GET', `/v1/tasks?status=${status}`);
  return body.items.map((task: { title: string }) => task.title);
};

/** Waits until no job is waiting or being worked on. */
const idle = () =>
  eventually(async () => {
    const { rows } = await app.running.app.runtime.db.asService('look at the jobs', (tx) =>
      tx.execute(sql`select 1 from graphile_worker.jobs where task_identifier like 'notify.%'`),
    );
    return rows.length === 0;
  });

test('the webhook takes updates from Telegram alone', async () => {
  const update = updateOf(++chats, 'hello');
  expect((await post(update, 'wrong')).status).toBe(401);
  expect((await app.request(undefined, 'POST', WEBHOOK, update)).status).toBe(401);
  expect((await post('{')).status).toBe(400);
  expect((await post({ message: {} })).status).toBe(400);
  for (const ignored of [
    { update_id: ++updates },
    { update_id: ++updates, poll: { id: '1' } },
    { update_id: ++updates, message: { chat: { id: 1, type: 'private' }, sticker: {} } },
    { update_id: ++updates, message: { chat: { id: -1, type: 'group' }, text: '/plan' } },
  ]) {
    const { status, body } = await post(ignored);
    expect({ status, body }).toEqual({ status: 200, body: { ok: true, ignored: true } });
  }
  await idle();
  expect(calls).toEqual([]);
});

test('a chat is linked by a code, once, listed and unlinked', async () => {
  const user = await app.createUser();
  const chat = ++chats;
  const code = await codeFor(user);
  expect(await say(chat, '/link WRONGCODE2')).toContain('wrong');
  expect(await say(chat, `/link ${code.toLowerCase()}`)).toContain('is linked');
  expect(calls.at(-1)!.path).toBe(`/bot${TOKEN}/sendMessage`);
  expect(await say(++chats, `/start ${code}`)).toContain('was used');
  const { body } = await app.request(user, 'GET', '/v1/channels');
  expect(body.items).toMatchObject([{ channel: 'telegram', external_id: String(chat) }]);
  const path = `/v1/channels/${body.items[0].id}`;
  expect((await app.request(await app.createUser(), 'DELETE', path)).status).toBe(404);
  expect((await app.request(user, 'DELETE', path)).status).toBe(200);
  expect(await say(chat, 'buy milk')).toBe(HOW_TO_LINK);
  expect(await titles(user)).toEqual([]);
  const { body: events } = await app.request(user, 'GET', '/v1/events');
  const types = JSON.stringify(events);
  for (const type of ['channel.code_made', 'channel.linked', 'channel.unlinked'])
    expect(types).toContain(type);
});

test('an expired code links nothing, and a newer one ends the one before', async () => {
  const user = await app.createUser();
  const first = await codeFor(user);
  const second = await codeFor(user);
  expect(await say(++chats, `/link ${first}`)).toContain('That did not work');
  await app.running.app.runtime.db.asUser(user.userId, (tx) =>
    tx.execute(sql`update channel_link_codes set expires_at = now() - interval '1 second'`),
  );
  expect(await say(++chats, `/link ${second}`)).toContain('expired');
});

test('a chat that nobody linked is told how, once, and its words are not kept', async () => {
  const chat = ++chats;
  expect(await say(chat, 'buy milk')).toBe(HOW_TO_LINK);
  await post(updateOf(chat, 'buy bread'));
  await post(updateOf(chat, '/plan'));
  await idle();
  expect(to(chat)).toEqual([HOW_TO_LINK]);
  expect(await say(chat, '/start')).toBe(HOW_TO_LINK);
});

test('thoughts are kept, the same update once', async () => {
  const user = await app.createUser();
  const chat = await linkedChat(user);
  const update = updateOf(chat, 'buy milk tomorrow');
  for (const status of (await Promise.all([post(update), post(update), post(update)])).map((a) => a.status))
    expect(status).toBe(200);
  await eventually(async () => to(chat).length === 2);
  await post(update);
  await idle();
  expect(to(chat).slice(1)).toEqual(['New task: Buy milk']);
  expect(await titles(user)).toEqual(['Buy milk']);
  const { body } = await app.request(user, 'GET', '/v1/inbox');
  expect(body.items).toMatchObject([{ source: 'telegram', chat_id: `telegram:${chat}`, status: 'applied' }]);
  expect(await say(chat, 'good morning')).toContain('Kept in the inbox');
});

test('the plan, the focus, and what is done by number and by words', async () => {
  const user = await app.createUser();
  const chat = await linkedChat(user);
  expect(await say(chat, '/today')).toBe('Nothing is planned for today.');
  expect(await say(chat, '/focus')).toBe('Nothing is planned for today.');
  for (const task of [
    { title: 'Pay the rent', priority: 1, due_date: '2020-01-01' },
    { title: 'Call the plumber', priority: 2, impact_score: 5 },
    { title: 'Call the dentist', priority: 4 },
  ])
    await app.request(user, 'POST', '/v1/tasks', task);
  const today = await say(chat, '/today@steward_bot');
  expect(today).toMatch(
    /^Today:\n1\. Pay the rent \(.+\)\n2\. Call the plumber \(.+\)\n3\. Call the dentist/,
  );
  expect(await say(chat, '/plan')).toContain('1. Pay the rent (');
  // What is said in between does not move the numbers.
  await say(chat, 'buy milk tomorrow');
  expect(await say(chat, '/done 2')).toBe('Done: Call the plumber');
  expect(await say(chat, '/done 9')).toContain('no number 9');
  expect(await say(chat, '/focus')).toMatch(/^1\. Pay the rent \(.+\)$/);
  expect(await say(chat, '/done 1')).toBe('Done: Pay the rent');
  expect(await say(chat, '/done DENTIST')).toBe('Done: Call the dentist');
  expect(await say(chat, '/done dentist')).toContain('no open task');
  expect(await say(chat, '/done')).toContain('Say which');
  expect((await titles(user, 'done')).sort()).toEqual([
    'Call the dentist',
    'Call the plumber',
    'Pay the rent',
  ]);
  await app.request(user, 'POST', '/v1/tasks', { title: 'Water the roses' });
  await app.request(user, 'POST', '/v1/tasks', { title: 'Water the lawn' });
  const which = await say(chat, '/done water');
  const second = /2\. (.+)/.exec(which)![1]!;
  expect(await say(chat, '/done 2')).toBe(`Done: ${second}`);
  expect(await say(chat, '/nonsense')).toContain('/focus');
});

test('a question is answered, and its list can be counted', async () => {
  const user = await app.createUser();
  const chat = await linkedChat(user);
  await app.request(user, 'POST', '/v1/tasks', { title: 'Paint the fence' });
  expect(await say(chat, "what's open?")).toContain('1. Paint the fence');
  expect(await say(chat, '/done 1')).toBe('Done: Paint the fence');
});

test('a reply that Telegram puts off or fails to take is sent later, once', async () => {
  const user = await app.createUser();
  const chat = await linkedChat(user);
  refusals = [
    {
      status: 429,
      body: { ok: false, error_code: 429, description: 'slow', parameters: { retry_after: 1 } },
    },
    { status: 502 },
  ];
  const started = Date.now();
  await post(updateOf(chat, 'buy bread'));
  await eventually(async () => to(chat).length === 4);
  expect(Date.now() - started).toBeGreaterThan(2500);
  await idle();
  expect(to(chat).slice(1)).toEqual(Array(3).fill('New task: Buy bread'));
  expect(await titles(user)).toEqual(['Buy bread']);
});

test('a reply is not sent again after a process died while sending it', async () => {
  const user = await app.createUser();
  const chat = await linkedChat(user);
  const update = updateOf(chat, 'buy salt');
  await post(update);
  await eventually(async () => to(chat).length === 2);
  await idle();
  const { db } = app.running.app.runtime;
  // As the process leaves it: the reply is there and claimed, whether it was sent is not known.
  await db.asUser(user.userId, async (tx) => {
    await tx.execute(
      sql`update channel_updates set sent_at = null where external_id = ${`tg:${update.update_id}`}`,
    );
    const job = { update: { update_id: update.update_id, chat_id: String(chat), text: 'buy salt' } };
    await tx.execute(
      sql`select steward.add_job('notify.telegram', ${JSON.stringify(job)}::jsonb, null, null, null)`,
    );
  });
  await idle();
  expect(to(chat)).toHaveLength(2);
  expect(await titles(user)).toEqual(['Buy salt']);
});

test('two users see and change their own alone', async () => {
  const [ada, bo] = [await app.createUser(), await app.createUser()];
  const [adas, bos] = [await linkedChat(ada), await linkedChat(bo)];
  await say(adas, 'buy apples tomorrow');
  await say(adas, '/plan');
  expect(await say(bos, '/plan')).toBe('Nothing is planned for today.');
  expect(await say(bos, '/done 1')).toContain('no number 1');
  expect(await say(bos, '/done apples')).toContain('no open task');
  expect(await titles(ada)).toEqual(['Buy apples']);
  // A chat is not taken from who has it, and the code stays good for another.
  const code = await codeFor(bo);
  expect(await say(adas, `/link ${code}`)).toContain('another account');
  expect(await say(++chats, `/link ${code}`)).toContain('is linked');
});

test('a long reply is cut to what a message may hold', async () => {
  const user = await app.createUser();
  const chat = await linkedChat(user);
  for (let index = 0; index < 14; index++)
    await app.request(user, 'POST', '/v1/tasks', { title: `${'💡'.repeat(148)} ${index}` });
  const reply = await say(chat, '/plan');
  expect(reply.length).toBeLessThanOrEqual(4096);
  expect(reply.isWellFormed()).toBe(true);
});

test('Telegram is told the address and the secret of the webhook', async () => {
  const deps = {
    secret: () => 'installation',
    url: () => 'https://steward.example.test/',
  } as Parameters<typeof telegramJobs>[0];
  await telegramJobs(deps)['notify.telegram_webhook']();
  expect(calls).toEqual([
    {
      path: `/bot${TOKEN}/setWebhook`,
      body: {
        url: `https://steward.example.test${WEBHOOK}`,
        secret_token: SECRET,
        allowed_updates: ['message'],
      },
    },
  ]);
});

test('settings are read with care', () => {
  expect(telegramSettings('one', {})).toBeUndefined();
  const derived = (installation: string) =>
    telegramSettings(installation, { TELEGRAM_BOT_TOKEN: TOKEN })!.webhookSecret;
  expect(derived('one')).toMatch(/^[\w-]{40,}$/);
  expect(derived('one')).not.toBe(derived('two'));
  for (const env of [
    { TELEGRAM_BOT_TOKEN: 'no token' },
    { TELEGRAM_BOT_TOKEN: TOKEN, TELEGRAM_API_BASE_URL: 'ftp://x' },
    { TELEGRAM_BOT_TOKEN: TOKEN, TELEGRAM_WEBHOOK_SECRET: 'short' },
  ])
    expect(() => telegramSettings('one', env)).toThrow(/^TELEGRAM_/);
});

test('what went wrong with Telegram is said without the token', async () => {
  const settings = { ...telegramSettings('one')!, apiBase: 'http://127.0.0.1:1' };
  const error: Error = await callBot(settings, 'sendMessage', {}).then(
    () => expect.unreachable(),
    (thrown) => thrown,
  );
  expect(error.message).toContain('could not be reached');
  expect(`${error.stack}${String(error.cause)}`).not.toContain('nobody_may_see');
});
