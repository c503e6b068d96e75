/** Accounts over HTTP, on a real server and a real database: links, passwords, the second factor, keys. */
import { createHmac, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import { sql } from 'drizzle-orm';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { type OpenedDatabase, openConfiguredDatabase } from '../../platform/database/open.ts';
import { httpApp } from '../../platform/faces/http.ts';
import { registry } from '../../platform/operations/index.ts';
import { createKey, createSignInLink, createUser, findUser, identity } from './index.ts';

const PASSWORD = 'correct horse battery';

interface Server {
  readonly url: string;
  readonly opened: OpenedDatabase;
  readonly who: ReturnType<typeof identity>;
  close(): Promise<void>;
}

async function start(options: { rateLimitFactor?: number } = {}): Promise<Server> {
  const home = await mkdtemp(join(tmpdir(), 'steward-identity-'));
  const { adminUrl } = inject('servers')[0]!;
  const name = `identity_${randomUUID().replaceAll('-', '')}`;
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  await admin.query(`create database ${name}`);
  await admin.end();
  const databaseUrl = new URL(adminUrl);
  databaseUrl.pathname = `/${name}`;
  const opened = await openConfiguredDatabase({ home, databaseUrl: databaseUrl.toString() });
  let url = '';
  const who = identity({
    db: () => opened.db,
    secret: () => opened.secret,
    url: () => url,
    rateLimitFactor: () => options.rateLimitFactor ?? 0,
  });
  const http = httpApp({
    runtime: { db: opened.db, clock: systemClock, rateLimitFactor: 0 },
    registry: registry([who.operations]),
    authenticate: who.authenticate,
    version: 'test',
    origins: () => [url],
    hosts: undefined,
  });
  who.mount(http);
  const server = serve({ fetch: http.fetch, hostname: '127.0.0.1', port: 0 });
  await new Promise((resolve) => server.once('listening', resolve));
  url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  return {
    url,
    opened,
    who,
    close: async () => {
      await new Promise((resolve) => server.close(resolve));
      await opened.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** A browser: it keeps its cookies and says where it is. */
class Browser {
  readonly cookies = new Map<string, string>();
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      headers: {
        ...(this.cookies.size > 0
          ? { cookie: [...this.cookies].map(([k, v]) => `${k}=${v}`).join('; ') }
          : {}),
        ...(method === 'GET' ? {} : { origin: this.#url, 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
      if (value === '' || /max-age=0/i.test(line)) this.cookies.delete(name!);
      else this.cookies.set(name!, value!);
    }
    const text = await response.text();
    // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the server sent
    const answer: any = /json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : text;
    return { status: response.status, headers: response.headers, body: answer };
  }
}

/** RFC 6238 with SHA-1, six digits, thirty seconds; `secret` in base32, as an authenticator reads it from the QR code. */
function totp(secret: string, at = Date.now()): string {
  const bits = [...secret]
    .map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0'))
    .join('');
  const key = Buffer.from(bits.match(/.{8}/g)!.map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const mac = createHmac('sha1', key).update(counter).digest();
  const value = (mac.readUInt32BE(mac.at(-1)! & 15) & 0x7fffffff) % 1_000_000;
  return String(value).padStart(6, '0');
}

const tokenOf = (link: string): string => new URL(link).searchParams.get('token')!;

/** The names of the session's cookie, whose presence says that somebody is signed in. */
const SESSION = 'steward.session_token';

let server: Server;
beforeAll(async () => {
  server = await start();
});
afterAll(() => server?.close());
afterEach(() => {
  vi.useRealTimers();
});

let people = 0;
/** Somebody with a password who has just signed in. */
async function newcomer(role: 'admin' | 'user' = 'user') {
  const email = `someone${++people}@example.test`;
  const user = await createUser(server.opened.db, { email, name: 'Someone', role });
  const browser = new Browser(server.url);
  const token = await createSignInLink(server.opened.db, email);
  const answer = await browser.send('POST', '/auth/link', { token, password: PASSWORD });
  expect(answer).toMatchObject({ status: 200 });
  return { ...user, browser };
}

async function signIn(email: string, password = PASSWORD, browser = new Browser(server.url)) {
  const answer = await browser.send('POST', '/api/auth/sign-in/email', { email, password });
  return { browser, answer };
}

describe('the first account', () => {
  let own: Server;
  beforeAll(async () => {
    own = await start();
  });
  afterAll(() => own?.close());

  test('is made once by the link of the first start, also when two people open it at once', async () => {
    const [first, second] = [await own.who.firstLink(), await own.who.firstLink()];
    expect(first).toMatch(new RegExp(`^${own.url}/welcome\\?token=[\\w-]{43}$`));
    const look = await new Browser(own.url).send('GET', `/auth/link?token=${tokenOf(first!)}`);
    expect(look).toMatchObject({ status: 200, body: { kind: 'setup', email: null } });

    const redeem = (link: string, email: string) =>
      new Browser(own.url).send('POST', '/auth/link', {
        token: tokenOf(link),
        email,
        name: 'First',
        password: PASSWORD,
      });
    const answers = await Promise.all([
      redeem(first!, 'one@example.test'),
      redeem(first!, 'two@example.test'),
      redeem(second!, 'three@example.test'),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 404, 404]);
    expect(answers.find(({ status }) => status === 200)!.body.user).toMatchObject({
      role: 'admin',
      name: 'First',
    });
    const refused = answers.find(({ status }) => status === 404)!;
    expect(refused.body).toMatchObject({
      error: { code: 'not_found', request_id: refused.headers.get('x-request-id') },
    });
    expect(await own.who.firstLink()).toBeUndefined();
    expect(await findUser(own.opened.db)).toMatchObject({ role: 'admin' });
  });
});

describe('links', () => {
  test('say what is missing, and stay usable', async () => {
    const admin = await newcomer('admin');
    const { body: invitation } = await admin.browser.send('POST', '/v1/invitations', {});
    const token = tokenOf(invitation.url);
    const browser = new Browser(server.url);
    const bad = [
      [{ token }, 'email'],
      [{ token, email: 'guest@example.test' }, 'password'],
      [{ token, email: 'guest@example.test', password: 'short' }, 'password'],
      [{ token, email: 'not an address', password: PASSWORD }, 'email'],
      [{ token, email: 'guest@example.test', password: PASSWORD, timezone: 'Mars/Olympus' }, 'timezone'],
    ] as const;
    for (const [input, field] of bad) {
      const answer = await browser.send('POST', '/auth/link', input);
      expect(answer).toMatchObject({ status: 400, body: { error: { code: 'validation_failed' } } });
      expect(answer.body.error.details[0].path).toBe(field);
    }
    const done = await browser.send('POST', '/auth/link', {
      token,
      email: 'Guest@Example.test',
      password: PASSWORD,
      timezone: 'Europe/Vienna',
    });
    expect(done.body.user).toMatchObject({
      email: 'guest@example.test',
      name: 'guest',
      role: 'user',
      timezone: 'Europe/Vienna',
    });
    expect((await browser.send('GET', '/v1/me')).body).toMatchObject({ email: 'guest@example.test' });
    expect(
      (await browser.send('POST', '/auth/link', { token, email: 'x@example.test', password: PASSWORD }))
        .status,
    ).toBe(404);
  });

  test('an invitation belongs to its address, is listed, and can be taken back', async () => {
    const { browser } = await newcomer('admin');
    const made = await browser.send('POST', '/v1/invitations', { email: 'Bound@example.test' });
    expect(made).toMatchObject({
      status: 201,
      body: { email: 'bound@example.test', role: 'user', used_at: null },
    });
    const days = (Date.parse(made.body.expires_at) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(6.99);
    expect(days).toBeLessThan(7.01);
    const listed = await browser.send('GET', '/v1/invitations');
    expect(listed.body.items[0]).toMatchObject({ id: made.body.id });
    expect(JSON.stringify(listed.body)).not.toContain(tokenOf(made.body.url));
    expect((await browser.send('DELETE', `/v1/invitations/${made.body.id}`)).status).toBe(200);
    const gone = await browser.send('POST', '/auth/link', {
      token: tokenOf(made.body.url),
      password: PASSWORD,
    });
    expect(gone.status).toBe(404);

    const again = await browser.send('POST', '/v1/invitations', { email: 'bound@example.test' });
    const guest = new Browser(server.url);
    const joined = await guest.send('POST', '/auth/link', {
      token: tokenOf(again.body.url),
      email: 'another@example.test',
      password: PASSWORD,
    });
    expect(joined.body.user.email).toBe('bound@example.test');
    const twice = await browser.send('POST', '/v1/invitations', { email: 'bound@example.test' });
    const taken = await guest.send('POST', '/auth/link', {
      token: tokenOf(twice.body.url),
      password: PASSWORD,
    });
    expect(taken).toMatchObject({ status: 409, body: { error: { code: 'conflict' } } });
  });

  test('a sign-in link expires after a quarter of an hour, and a new password ends the old sessions', async () => {
    const person = await newcomer();
    const token = await createSignInLink(server.opened.db, person.email, new Date(Date.now() - 16 * 60_000));
    expect((await new Browser(server.url).send('GET', `/auth/link?token=${token}`)).status).toBe(404);

    const fresh = await createSignInLink(server.opened.db, person.email);
    const browser = new Browser(server.url);
    const look = await browser.send('GET', `/auth/link?token=${fresh}`);
    expect(look.body).toEqual({ kind: 'sign_in', email: person.email });
    expect(
      (await browser.send('POST', '/auth/link', { token: fresh, password: 'another password' })).status,
    ).toBe(200);
    expect((await browser.send('GET', '/v1/me')).status).toBe(200);
    expect((await person.browser.send('GET', '/v1/me')).status).toBe(401);
    expect((await signIn(person.email)).answer.status).toBe(401);
    expect((await signIn(person.email, 'another password')).answer.status).toBe(200);
    await expect(createSignInLink(server.opened.db, 'nobody@example.test')).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  test('are redeemed by JSON alone', async () => {
    const answer = await fetch(`${server.url}/auth/link`, {
      method: 'POST',
      body: new URLSearchParams({ token: 'x' }),
    });
    expect(answer.status).toBe(415);
  });
});

describe('sessions', () => {
  test('begin with a password and end with signing out, everywhere at once', async () => {
    const person = await newcomer();
    expect((await signIn(person.email, 'wrong password')).answer.status).toBe(401);
    const { browser } = await signIn(person.email.toUpperCase());
    expect(browser.cookies.has(SESSION)).toBe(true);
    const stolen = new Browser(server.url);
    stolen.cookies.set(SESSION, browser.cookies.get(SESSION)!);
    expect((await stolen.send('GET', '/v1/me')).body).toMatchObject({ id: person.id });
    expect((await browser.send('POST', '/api/auth/sign-out', {})).status).toBe(200);
    expect((await stolen.send('GET', '/v1/me')).status).toBe(401);
  });

  test('are opened for nobody who signs himself up', async () => {
    const browser = new Browser(server.url);
    const body = { email: 'intruder@example.test', name: 'I', password: PASSWORD };
    expect((await browser.send('POST', '/api/auth/sign-up/email', body)).status).toBe(404);
    expect(await findUser(server.opened.db, body.email)).toBeUndefined();
  });

  test('do not obey other sites', async () => {
    const { browser } = await newcomer();
    const elsewhere = { origin: 'https://elsewhere.example' };
    expect((await browser.send('PATCH', '/v1/me', { name: 'X' }, elsewhere)).status).toBe(403);
    expect((await browser.send('POST', '/api/auth/sign-out', {}, elsewhere)).status).toBe(403);
    expect((await browser.send('GET', '/v1/me')).status).toBe(200);
  });

  test('a tampered cookie is nobody', async () => {
    const { browser } = await newcomer();
    browser.cookies.set(
      SESSION,
      browser.cookies.get(SESSION)!.replace(/^./, (c) => (c === 'a' ? 'b' : 'a')),
    );
    expect((await browser.send('GET', '/v1/me')).status).toBe(401);
  });

  test('attempts are limited by address', async () => {
    const strict = await start({ rateLimitFactor: 1 });
    try {
      const browser = new Browser(strict.url);
      const attempt = (address: string) =>
        browser.send(
          'POST',
          '/api/auth/sign-in/email',
          { email: 'x@example.test', password: PASSWORD },
          {
            'x-forwarded-for': `8.8.8.8, ${address}`,
            'x-steward-client-address': randomUUID(),
          },
        );
      const statuses = [];
      for (let i = 0; i < 5; i++) statuses.push((await attempt('192.0.2.1')).status);
      expect(statuses).toEqual([401, 401, 401, 429, 429]);
      expect((await attempt('192.0.2.2')).status).toBe(401);
    } finally {
      await strict.close();
    }
  });

  test('my name and time zone are mine to change', async () => {
    const { browser, id } = await newcomer();
    const changed = await browser.send('PATCH', '/v1/me', { name: 'Anew', timezone: 'Asia/Tokyo' });
    expect(changed).toMatchObject({
      status: 200,
      body: { id, name: 'Anew', timezone: 'Asia/Tokyo', role: 'user' },
    });
    const bad = await browser.send('PATCH', '/v1/me', { timezone: '+02:00' });
    expect(bad).toMatchObject({ status: 400, body: { error: { code: 'validation_failed' } } });
    expect((await browser.send('PATCH', '/v1/me', { role: 'admin' })).body.role).toBe('user');
    const { rows } = await server.opened.db.asService('read events', (tx) =>
      tx.execute(sql`select event_type from event_log where user_id = ${id} order by created_at`),
    );
    expect(rows.map((row) => row.event_type)).toContain('user.updated');
  });
});

describe('the second factor', () => {
  /** Somebody with TOTP on; `at` is where the clock of the test stands. */
  async function guarded() {
    const person = await newcomer();
    const enabled = await person.browser.send('POST', '/api/auth/two-factor/enable', { password: PASSWORD });
    expect(enabled).toMatchObject({ status: 200 });
    const secret = new URL(enabled.body.totpURI).searchParams.get('secret')!;
    return {
      ...person,
      secret,
      backupCodes: enabled.body.backupCodes as string[],
      uri: enabled.body.totpURI as string,
    };
  }

  /** Stops the clock of this process, which is the server's too, and lets it be moved. */
  function stopClock(): (seconds: number) => void {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    return (seconds) => vi.setSystemTime(Date.now() + seconds * 1000);
  }

  async function confirmed() {
    const pass = stopClock();
    const person = await guarded();
    const answer = await person.browser.send('POST', '/api/auth/two-factor/verify-totp', {
      code: totp(person.secret),
    });
    expect(answer.status).toBe(200);
    pass(120);
    return { ...person, pass };
  }

  const verify = (browser: Browser, code: string) =>
    browser.send('POST', '/api/auth/two-factor/verify-totp', { code });

  test('needs the password to be set up, and a code before it is on', async () => {
    const person = await guarded();
    expect(person.uri).toMatch(/^otpauth:\/\/totp\/Steward:.*issuer=Steward/);
    expect(person.backupCodes).toHaveLength(10);
    const wrong = await person.browser.send('POST', '/api/auth/two-factor/enable', {
      password: 'not the password',
    });
    expect(wrong.status).toBe(400);
    expect((await signIn(person.email)).browser.cookies.has(SESSION)).toBe(true);

    expect((await verify(person.browser, '000000')).status).toBe(401);
    expect((await verify(person.browser, totp(person.secret))).status).toBe(200);
    const { browser, answer } = await signIn(person.email);
    expect(answer.body).toMatchObject({ twoFactorRedirect: true });
    expect(browser.cookies.has(SESSION)).toBe(false);
    expect((await browser.send('GET', '/v1/me')).status).toBe(401);
  });

  test('accepts a step of drift either way, and no more', async () => {
    const person = await confirmed();
    for (const [seconds, status] of [
      [-30, 200],
      [30, 200],
      [-60, 401],
      [60, 401],
    ] as const) {
      person.pass(300);
      const { browser } = await signIn(person.email);
      const answer = await verify(browser, totp(person.secret, Date.now() + seconds * 1000));
      expect({ seconds, status: answer.status }).toEqual({ seconds, status });
      expect(browser.cookies.has(SESSION)).toBe(status === 200);
    }
  });

  test('refuses a code that was used, also at the very same moment and when setting up', async () => {
    stopClock();
    const person = await guarded();
    const code = totp(person.secret);
    expect((await verify(person.browser, code)).status).toBe(200);
    const first = await signIn(person.email);
    expect((await verify(first.browser, code)).status).toBe(401);
    vi.setSystemTime(Date.now() + 120_000);
    const next = totp(person.secret);
    const browsers = await Promise.all([1, 2, 3].map(async () => (await signIn(person.email)).browser));
    const answers = await Promise.all(browsers.map((browser) => verify(browser, next)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401]);
  });

  test('the challenge is short-lived', async () => {
    const person = await confirmed();
    const { browser } = await signIn(person.email);
    person.pass(301);
    expect((await verify(browser, totp(person.secret))).status).toBe(401);
  });

  test('locks after ten wrong codes, whatever the challenge, and opens after a quarter of an hour', async () => {
    const person = await confirmed();
    for (let i = 0; i < 2; i++) {
      const { browser } = await signIn(person.email);
      for (let j = 0; j < 5; j++) expect((await verify(browser, '000000')).status).toBe(401);
      // The sixth guess of one challenge ends it.
      if (i === 0) expect((await verify(browser, totp(person.secret))).status).toBe(400);
    }
    person.pass(60);
    const { browser } = await signIn(person.email);
    expect((await verify(browser, totp(person.secret))).status).toBe(429);
    expect(
      (await person.browser.send('POST', '/api/auth/two-factor/disable', { code: '000000' })).status,
    ).toBe(429);
    person.pass(15 * 60);
    const later = await signIn(person.email);
    expect((await verify(later.browser, totp(person.secret))).status).toBe(200);
  });

  test('a recovery code signs in once', async () => {
    const person = await confirmed();
    const code = person.backupCodes[3]!;
    const use = async () => {
      const { browser } = await signIn(person.email);
      return browser.send('POST', '/api/auth/two-factor/verify-backup-code', { code });
    };
    expect((await use()).status).toBe(200);
    expect((await use()).status).toBe(401);
  });

  test('a trusted device needs no code, until the second factor is set up anew', async () => {
    const person = await confirmed();
    const { browser } = await signIn(person.email);
    const body = { code: totp(person.secret), trustDevice: true };
    expect((await browser.send('POST', '/api/auth/two-factor/verify-totp', body)).status).toBe(200);
    await browser.send('POST', '/api/auth/sign-out', {});
    const trusted = await signIn(person.email, PASSWORD, browser);
    expect(trusted.browser.cookies.has(SESSION)).toBe(true);
    const other = new Browser(server.url);
    for (const [name, value] of browser.cookies) if (name !== SESSION) other.cookies.set(name, value);

    expect(
      (await person.browser.send('POST', '/api/auth/two-factor/disable', { password: PASSWORD })).status,
    ).toBe(200);
    const again = await person.browser.send('POST', '/api/auth/two-factor/enable', { password: PASSWORD });
    person.pass(60);
    const secret = new URL(again.body.totpURI).searchParams.get('secret')!;
    expect((await verify(person.browser, totp(secret))).status).toBe(200);
    expect((await signIn(person.email, PASSWORD, other)).answer.body).toMatchObject({
      twoFactorRedirect: true,
    });
  });

  test('is turned off by a code or the password, and by nothing less', async () => {
    const person = await confirmed();
    const disable = (body: object) => person.browser.send('POST', '/api/auth/two-factor/disable', body);
    expect((await disable({})).status).toBe(400);
    expect((await disable({ password: 'not the password' })).status).toBe(400);
    expect((await disable({ code: '000000' })).status).toBe(401);
    expect(
      (await new Browser(server.url).send('POST', '/api/auth/two-factor/disable', { code: '1' })).status,
    ).toBe(401);
    const code = totp(person.secret);
    expect((await disable({ code })).status).toBe(200);
    expect((await signIn(person.email)).browser.cookies.has(SESSION)).toBe(true);
  });

  test('a link from the terminal lets somebody in who lost the authenticator', async () => {
    const person = await confirmed();
    const browser = new Browser(server.url);
    const token = await createSignInLink(server.opened.db, person.email);
    expect((await browser.send('POST', '/auth/link', { token, password: 'a new password' })).status).toBe(
      200,
    );
    expect(
      (await browser.send('POST', '/api/auth/two-factor/disable', { password: 'a new password' })).status,
    ).toBe(200);
  });
});

describe('passkeys', () => {
  test('are offered for registration and for signing in, by name and not by address', async () => {
    const { browser } = await newcomer();
    const registration = await browser.send('GET', '/api/auth/passkey/generate-register-options');
    expect(registration).toMatchObject({ status: 200, body: { rp: { id: 'localhost', name: 'Steward' } } });
    const challenge = await new Browser(server.url).send(
      'GET',
      '/api/auth/passkey/generate-authenticate-options',
    );
    expect(challenge).toMatchObject({ status: 200, body: { rpId: 'localhost' } });
    expect((await browser.send('GET', '/api/auth/passkey/list-user-passkeys')).body).toEqual([]);
    for (const id of ['nonsense', randomUUID()]) {
      expect((await browser.send('POST', '/api/auth/passkey/delete-passkey', { id })).status).toBe(404);
    }
  });
});

describe('API keys', () => {
  const withKey = (key: string, path = '/v1/me') =>
    new Browser(server.url).send('GET', path, undefined, { authorization: `Bearer ${key}` });

  test('are shown once, kept as a hash, and work in both headers until they are revoked', async () => {
    const person = await newcomer();
    const made = await person.browser.send(
      'POST',
      '/v1/keys',
      { label: 'laptop' },
      { 'idempotency-key': 'k1' },
    );
    expect(made).toMatchObject({
      status: 201,
      body: { label: 'laptop', profile_name: 'personal', is_revoked: false },
    });
    const { key, id } = made.body;
    expect(key).toMatch(/^stw_[\w-]{43}$/);
    expect((await withKey(key)).body).toMatchObject({ id: person.id });
    const viaHeader = await new Browser(server.url).send('GET', '/v1/me', undefined, { 'x-api-key': key });
    expect(viaHeader.status).toBe(200);
    const listed = await withKey(key, '/v1/keys');
    expect(listed.body.items.map((item: { id: string }) => item.id)).toEqual([id]);

    // Nowhere in the database: not in the keys, the events or the stored answers.
    const dump = await server.opened.db.asService('look for a key', (tx) =>
      tx.execute(sql`select (select json_agg(k) from api_keys k)::text || (select json_agg(e) from event_log e)::text
                            || coalesce((select json_agg(i) from idempotency_keys i)::text, '') as everything`),
    );
    expect(dump.rows[0]!.everything).toContain(id);
    expect(dump.rows[0]!.everything).not.toContain(key);

    const revoked = await person.browser.send('DELETE', `/v1/keys/${id}`);
    expect(revoked).toMatchObject({ status: 200, body: { is_revoked: true } });
    await vi.waitFor(async () => expect((await withKey(key)).status).toBe(401), { timeout: 1000 });
    expect((await person.browser.send('GET', '/v1/keys')).body.items).toEqual([]);
    expect((await person.browser.send('GET', '/v1/keys?status=revoked')).body.items).toMatchObject([{ id }]);
  });

  test('belong to one user', async () => {
    const [one, two] = [await newcomer(), await newcomer()];
    const { body } = await one.browser.send('POST', '/v1/keys', { label: 'mine' });
    expect((await two.browser.send('DELETE', `/v1/keys/${body.id}`)).status).toBe(404);
    expect((await two.browser.send('GET', '/v1/keys')).body.items).toEqual([]);
    expect((await withKey(body.key)).status).toBe(200);
  });

  test('that are unknown or malformed are refused, and hide no session', async () => {
    const { browser } = await newcomer();
    expect(await withKey('stw_unknown')).toMatchObject({
      status: 401,
      body: { error: { code: 'unauthorized' } },
    });
    for (const authorization of ['Basic eDp5', 'Bearer', '']) {
      expect((await browser.send('GET', '/v1/me', undefined, { authorization })).status).toBe(401);
    }
    expect((await new Browser(server.url).send('GET', '/v1/me')).status).toBe(401);
  });

  test('write last_used at most once a minute', async () => {
    const person = await newcomer();
    const { key, id } = await createKey(server.opened.db, { userId: person.id, label: 'clock' });
    const lastUsed = async () => {
      const { rows } = await server.opened.db.asService('read last used', (tx) =>
        tx.execute<{ last_used: string | null }>(sql`select last_used::text from api_keys where id = ${id}`),
      );
      return rows[0]!.last_used;
    };
    const forget = () =>
      server.opened.db.asService('make everybody forget', (tx) =>
        tx.execute(sql`select pg_notify('identity', '')`),
      );
    expect(await lastUsed()).toBeNull();
    await withKey(key);
    const first = await lastUsed();
    expect(first).not.toBeNull();
    await forget();
    await withKey(key);
    expect(await lastUsed()).toBe(first);
    await server.opened.db.asService('let a minute pass', (tx) =>
      tx.execute(sql`update api_keys set last_used = last_used - interval '61 seconds' where id = ${id}`),
    );
    const aged = await lastUsed();
    await forget();
    await vi.waitFor(async () => {
      await withKey(key);
      expect(await lastUsed()).not.toBe(aged);
    });
  });

  test('administer only when made for that, by an administrator', async () => {
    const [admin, user] = [await newcomer('admin'), await newcomer()];
    const make = (browser: Browser, profile_name: string) =>
      browser.send('POST', '/v1/keys', { label: 'k', profile_name });
    const personal = (await make(admin.browser, 'personal')).body.key;
    const mighty = (await make(admin.browser, 'admin')).body.key;
    expect((await withKey(personal, '/v1/users')).status).toBe(403);
    expect((await withKey(mighty, '/v1/users')).status).toBe(200);
    expect((await make(user.browser, 'admin')).status).toBe(403);
    const granted = await user.browser.send('POST', '/v1/keys', { label: 'k', allow_operator_llm: true });
    expect(granted.status).toBe(403);
    // Who is no administrator any more has no key of one.
    expect((await admin.browser.send('PATCH', `/v1/users/${admin.id}/role`, { role: 'user' })).status).toBe(
      200,
    );
    await vi.waitFor(async () => expect((await withKey(mighty, '/v1/users')).status).toBe(403), {
      timeout: 1000,
    });
  });
});

describe('users', () => {
  test('are listed and made by administrators alone, page by page', async () => {
    const admin = await newcomer('admin');
    const user = await newcomer();
    for (const [method, path] of [
      ['GET', '/v1/users'],
      ['POST', '/v1/users'],
      ['GET', '/v1/invitations'],
      ['POST', '/v1/invitations'],
      ['PATCH', `/v1/users/${user.id}/role`],
    ] as const) {
      expect({
        path,
        status: (await user.browser.send(method, path, method === 'GET' ? undefined : {})).status,
      }).toEqual({
        path,
        status: 403,
      });
    }
    const made = await admin.browser.send('POST', '/v1/users', { email: 'Made@Example.test', name: 'Made' });
    expect(made).toMatchObject({
      status: 201,
      body: { email: 'made@example.test', role: 'user', timezone: 'UTC' },
    });
    expect(
      (await admin.browser.send('POST', '/v1/users', { email: 'made@example.test', name: 'M' })).status,
    ).toBe(409);
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: { body: { items: { id: string }[]; next_cursor: string | null } } =
        await admin.browser.send('GET', `/v1/users?limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`);
      seen.push(...page.body.items.map(({ id }) => id));
      cursor = page.body.next_cursor;
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(expect.arrayContaining([admin.id, user.id, made.body.id]));
  });

  test('are let in by the operator alone', async () => {
    const admin = await newcomer('admin');
    const answer = await admin.browser.send('POST', '/v1/users/link', { email: admin.email });
    expect(answer).toMatchObject({ status: 403, body: { error: { code: 'forbidden' } } });
  });

  test('an administrator always remains', async () => {
    const own = await start();
    try {
      const only = await createUser(own.opened.db, { email: 'only@example.test', name: 'Only' });
      const second = await createUser(own.opened.db, { email: 'second@example.test', name: 'Second' });
      expect([only.role, second.role]).toEqual(['admin', 'user']);
      const { key } = await createKey(own.opened.db, { userId: only.id, label: 'k', profileName: 'admin' });
      const answer = await new Browser(own.url).send(
        'PATCH',
        `/v1/users/${only.id}/role`,
        { role: 'user' },
        { authorization: `Bearer ${key}` },
      );
      expect(answer).toMatchObject({ status: 409, body: { error: { code: 'conflict' } } });
    } finally {
      await own.close();
    }
  });
});
