/** Passkeys over HTTP, with an authenticator made of nothing but Node's crypto (WebAuthn Level 2, ES256). */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../../../test/harness.ts';
import { createSignInLink } from './index.ts';

const SESSION = 'steward.session_token';

let app: TestApp;
/** WebAuthn knows names, not addresses. */
let origin: string;
beforeAll(async () => {
  app = await startTestApp({ concurrency: 0 });
  origin = app.url.replace('127.0.0.1', 'localhost');
});
afterAll(() => app?.close());

class Browser {
  readonly cookies = new Map<string, string>();

  async send(method: string, path: string, body?: unknown) {
    const response = await fetch(`${origin}${path}`, {
      method,
      headers: {
        origin,
        cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
      if (/max-age=0/i.test(line)) this.cookies.delete(name!);
      else this.cookies.set(name!, value!);
    }
    // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the server sent
    const answer: any = await response.json().catch(() => undefined);
    return { status: response.status, body: answer };
  }

  get isSignedIn(): boolean {
    return this.cookies.has(SESSION);
  }
}

/** Flags of the authenticator's data: somebody touched it; it knows that it was its owner (a PIN, a finger). */
const TOUCHED = 0x01;
const VERIFIED = 0x04;
const HAS_CREDENTIAL = 0x40;

class Authenticator {
  readonly id = randomBytes(32);
  readonly #private: KeyObject;
  readonly #x: Buffer;
  readonly #y: Buffer;
  flags: number;
  counter = 0;

  constructor(flags: number) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { x, y } = publicKey.export({ format: 'jwk' });
    this.#private = privateKey;
    this.#x = Buffer.from(x!, 'base64url');
    this.#y = Buffer.from(y!, 'base64url');
    this.flags = flags;
  }

  register(challenge: string) {
    const key = [hex('a5010203262001215820'), this.#x, hex('225820'), this.#y];
    const data = Buffer.concat([this.#data(HAS_CREDENTIAL), Buffer.alloc(16), hex('0020'), this.id, ...key]);
    const attestation = Buffer.concat([
      hex('a363666d74646e6f6e656761747453746d74a0686175746844617461'),
      hex('58'),
      Buffer.from([data.length]),
      data,
    ]);
    return this.#response({
      clientDataJSON: clientData('webauthn.create', challenge).toString('base64url'),
      attestationObject: attestation.toString('base64url'),
      transports: ['internal'],
    });
  }

  authenticate(challenge: string) {
    const data = this.#data(0);
    const client = clientData('webauthn.get', challenge);
    return this.#response({
      clientDataJSON: client.toString('base64url'),
      authenticatorData: data.toString('base64url'),
      signature: sign('sha256', Buffer.concat([data, sha256(client)]), this.#private).toString('base64url'),
    });
  }

  #data(flags: number): Buffer {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(++this.counter);
    return Buffer.concat([sha256(Buffer.from('localhost')), Buffer.from([this.flags | flags]), counter]);
  }

  #response(response: object) {
    const id = this.id.toString('base64url');
    return { response: { id, rawId: id, type: 'public-key', clientExtensionResults: {}, response } };
  }
}

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const sha256 = (data: Buffer): Buffer => createHash('sha256').update(data).digest();
const clientData = (type: string, challenge: string): Buffer =>
  Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }));

async function signedIn(): Promise<{ browser: Browser; id: string }> {
  const { email, userId } = await app.createUser();
  const browser = new Browser();
  const token = await createSignInLink(app.running.app.runtime.db, email);
  expect((await browser.send('POST', '/auth/link', { token })).status).toBe(200);
  return { browser, id: userId };
}

async function register(browser: Browser, authenticator: Authenticator) {
  const { body } = await browser.send('GET', '/api/auth/passkey/generate-register-options');
  return browser.send('POST', '/api/auth/passkey/verify-registration', {
    name: 'my laptop',
    ...authenticator.register(body.challenge),
  });
}

async function signIn(authenticator: Authenticator) {
  const browser = new Browser();
  const { body } = await browser.send('GET', '/api/auth/passkey/generate-authenticate-options');
  const response = authenticator.authenticate(body.challenge);
  return {
    browser,
    answer: await browser.send('POST', '/api/auth/passkey/verify-authentication', response),
    again: () => browser.send('POST', '/api/auth/passkey/verify-authentication', response),
  };
}

describe('a passkey', () => {
  test('is added by whoever is signed in, signs in alone, and is taken away', async () => {
    const { browser, id } = await signedIn();
    const authenticator = new Authenticator(TOUCHED | VERIFIED);
    expect((await register(browser, authenticator)).status).toBe(200);

    const entered = await signIn(authenticator);
    expect(entered.answer.status).toBe(200);
    expect((await entered.browser.send('GET', '/v1/me')).body).toMatchObject({ id });

    const listed = await browser.send('GET', '/api/auth/passkey/list-user-passkeys');
    expect(listed.body).toMatchObject([{ name: 'my laptop' }]);
    const removed = await browser.send('POST', '/api/auth/passkey/delete-passkey', { id: listed.body[0].id });
    expect(removed.status).toBe(200);
    expect((await signIn(authenticator)).answer.status).toBe(401);
  });

  test('answers a challenge once, and needs its own key', async () => {
    const { browser } = await signedIn();
    const authenticator = new Authenticator(TOUCHED | VERIFIED);
    await register(browser, authenticator);
    const { answer, again } = await signIn(authenticator);
    expect(answer.status).toBe(200);
    expect((await again()).status).toBe(400);

    const forged = new Authenticator(TOUCHED | VERIFIED);
    authenticator.id.copy(forged.id);
    forged.counter = 100;
    const entered = await signIn(forged);
    expect(entered.answer.status).toBe(401);
    expect(entered.browser.isSignedIn).toBe(false);
  });

  test('stands for both factors, so its authenticator must have known its owner', async () => {
    const { browser } = await signedIn();
    expect((await register(browser, new Authenticator(TOUCHED))).status).toBe(403);

    const authenticator = new Authenticator(TOUCHED | VERIFIED);
    await register(browser, authenticator);
    authenticator.flags = TOUCHED;
    const { browser: stranger, answer } = await signIn(authenticator);
    expect(answer.status).toBe(403);
    expect(stranger.isSignedIn).toBe(false);
  });

  test('of somebody else cannot be deleted', async () => {
    const [one, two] = [await signedIn(), await signedIn()];
    const authenticator = new Authenticator(TOUCHED | VERIFIED);
    await register(one.browser, authenticator);
    const { body } = await one.browser.send('GET', '/api/auth/passkey/list-user-passkeys');
    const attempt = await two.browser.send('POST', '/api/auth/passkey/delete-passkey', { id: body[0].id });
    expect(attempt.status).toBeGreaterThanOrEqual(400);
    expect((await signIn(authenticator)).answer.status).toBe(200);
  });
});
