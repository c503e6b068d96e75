/** The page in a real Chromium, against the real server and a scripted provider. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eventually, startTestApp, type TestApp, type TestUser } from '../test/harness.ts';
import { type ProviderServer, startProviderServer } from '../test/provider-server.ts';
import { startBrowser } from './browser.ts';
import { totp } from './totp.ts';

const PASSWORD = 'a long enough sentence';
const BATHROOMS =
  'We need to renovate both bathrooms before Christmas, the budget is a problem, first get three quotes by Friday';

let app: TestApp;
let provider: ProviderServer;
let browser: Browser;
/** Who invites; made when first needed, since the first account is to come by the link. */
let admin: TestUser | undefined;
/** What the page threw or logged as an error; a test that ends with some has failed. */
const complaints: string[] = [];

beforeAll(async () => {
  provider = await startProviderServer();
  Object.assign(process.env, {
    STEWARD_DISCOVERY: 'off',
    // Everything that no test chooses a model for: the built-in one needs no script.
    STEWARD_MODEL: 'builtin/steward-rules-1',
    OPENAI_API_KEY: 'sk-test-0123456789abcdefghij',
    OPENAI_BASE_URL: `${provider.url}/v1`,
  });
  [app, browser] = await Promise.all([startTestApp({ page: true }), startBrowser()]);
});
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
  provider.reset();
  expect(complaints.splice(0)).toEqual([]);
});
afterAll(async () => {
  await browser?.close();
  await app?.close();
  await provider?.close();
});

interface Visit {
  /** The name in the address; passkeys know names alone. */
  host?: '127.0.0.1' | 'localhost';
  width?: number;
  height?: number;
}

/** A browser of one's own: no cookies, nothing kept. */
async function visit({ host, width, height }: Visit = {}): Promise<BrowserContext> {
  const context = await browser.newContext({
    baseURL: host ? app.url.replace('127.0.0.1', host) : app.url,
    viewport: { width: width ?? 1280, height: height ?? 800 },
    colorScheme: 'light',
    reducedMotion: 'reduce',
    timezoneId: 'Europe/Lisbon',
    locale: 'en-GB',
  });
  context.setDefaultTimeout(15_000);
  context.on('weberror', (error) => complaints.push(String(error.error())));
  context.on('console', (message) => {
    if (message.type() === 'error' && /Content.Security.Policy/.test(message.text()))
      complaints.push(message.text());
  });
  return context;
}

let people = 0;

/** Somebody new, signed in. */
async function signedIn(options: Visit = {}): Promise<{ context: BrowserContext; email: string }> {
  const context = await visit(options);
  const email = `guest${++people}@example.test`;
  admin ??= await app.createUser({ role: 'admin' });
  const { body } = await app.request(admin, 'POST', '/v1/invitations', { email });
  const token = new URL(body.url).searchParams.get('token');
  const answer = await context.request.post('/auth/link', {
    data: { token, email, name: `Guest ${people}`, password: PASSWORD, timezone: 'Europe/Lisbon' },
  });
  expect(answer.status()).toBe(200);
  return { context, email };
}

async function open(context: BrowserContext, path: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(path);
  return page;
}

const visible = (locator: Locator) => locator.waitFor({ state: 'visible' });
const gone = (locator: Locator) => locator.waitFor({ state: 'hidden' });
const textOf = async (locator: Locator) => (await locator.textContent()) ?? '';
const planned = (page: Page, title: RegExp) =>
  page.getByRole('region', { name: 'For today' }).getByRole('listitem').filter({ hasText: title });

async function capture(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'What is on your mind?' }).fill(text);
  await page.getByRole('button', { name: 'Add', exact: true }).click();
}

async function signIn(page: Page, email: string): Promise<void> {
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await visible(page.getByRole('heading', { name: 'Welcome back' }));
}

describe('a stranger', () => {
  test('makes the first account by the link, writes one sentence, and has a plan that says why', async () => {
    const context = await visit();
    const page = await open(context, (await app.running.app.firstLink(app.url))!);
    await visible(page.getByRole('heading', { name: 'Welcome to Steward' }));
    await page.getByLabel('Name').fill('First');
    await page.getByLabel('Email').fill('first@example.test');
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Begin' }).click();
    await visible(page.getByRole('heading', { name: 'Nothing planned yet' }));

    await signOut(page);
    await page.getByLabel('Email').fill('first@example.test');
    await page.getByLabel('Password', { exact: true }).fill('not the right one');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await visible(page.getByRole('alert'));
    await signIn(page, 'first@example.test');
    await visible(page.getByRole('heading', { name: 'Nothing planned yet' }));

    // A second tab, which is not touched any more.
    const tab = await open(context, '/today');
    await visible(tab.getByRole('heading', { name: 'Nothing planned yet' }));

    await capture(page, BATHROOMS);
    const outcome = page.getByRole('status', { name: 'What this became' });
    await visible(outcome.getByRole('button', { name: /task.*quotes/i }));
    await visible(outcome.getByRole('button', { name: /goal.*bathrooms/i }));
    await visible(outcome.getByRole('button', { name: /problem.*budget/i }));
    await visible(outcome.getByText(/and \d+ links?/));

    const quotes = planned(page, /three quotes/i);
    await visible(quotes);
    const reasons = quotes.getByRole('list', { name: 'Why it is here' }).getByRole('listitem');
    await visible(reasons.first());
    expect((await reasons.allInnerTexts()).join()).toMatch(/due/i);

    // The other tab has it without a reload, and hears that it is done.
    await visible(planned(tab, /three quotes/i));
    await quotes.getByRole('button', { name: /^Mark done/ }).click();
    await gone(quotes);
    await gone(planned(tab, /three quotes/i));
    await tab.goto('/goals');
    await visible(tab.getByRole('button', { name: /bathrooms/i }).first());
    await tab.goto('/problems');
    await visible(tab.getByRole('button', { name: /budget/i }).first());
  });

  test('who is not signed in gets the door, and then where he wanted to go', async () => {
    const { context, email } = await signedIn();
    await context.clearCookies();
    const page = await open(context, '/goals');
    await visible(page.getByRole('heading', { name: 'Welcome back' }));
    await signIn(page, email);
    await visible(page.getByRole('heading', { level: 1, name: 'Goals' }));
  });
});

describe('chat', () => {
  /** Somebody whose chat is answered by the script. */
  async function talker() {
    const who = await signedIn();
    const answer = await who.context.request.put('/v1/models/current', {
      data: { purpose: 'chat', model: 'openai/gpt-6-luna' },
    });
    expect(answer.status()).toBe(200);
    return who;
  }

  const WORDS = Array.from({ length: 24 }, (_, index) => `word${index + 1} `);
  const answerOf = (page: Page) => page.getByRole('article', { name: 'Steward' }).last();

  async function say(page: Page, text: string): Promise<void> {
    await page.getByRole('textbox', { name: 'Message' }).fill(text);
    await page.getByRole('button', { name: 'Send' }).click();
  }

  test('goes on and ends whole when the page is loaded anew in the middle of an answer', async () => {
    const { context } = await talker();
    provider.script({ text: WORDS, pieceMs: 150 });
    const page = await open(context, '/chat');
    await say(page, 'Count for me');
    await visible(answerOf(page).getByText(/word3\b/));
    await page.reload();
    await visible(answerOf(page).getByText(/word3\b/));
    await visible(page.getByRole('button', { name: 'Stop' }));
    expect(await textOf(answerOf(page))).not.toContain('word24');
    await visible(answerOf(page).getByText(/word24\b/));
    await gone(page.getByRole('button', { name: 'Stop' }));
    const text = await textOf(answerOf(page));
    expect(text.match(/word\d+/g)).toEqual(WORDS.map((word) => word.trim()));
    expect(await page.getByRole('article').count()).toBe(2);
    expect(provider.requests).toHaveLength(1);
  });

  test('is seen on a second page while it is said', async () => {
    const { context } = await talker();
    provider.script({ text: 'The first' }, { text: WORDS, pieceMs: 100 });
    const page = await open(context, '/chat');
    await say(page, 'Hello');
    await visible(answerOf(page).getByText('The first'));
    const other = await open(context, page.url());
    await visible(other.getByText('The first'));
    await say(page, 'Count for me');
    await visible(other.getByText('Count for me'));
    await visible(answerOf(other).getByText(/word24\b/));
    expect(await other.getByRole('article').count()).toBe(4);
  });

  test('that is stopped keeps what was said', async () => {
    const { context } = await talker();
    provider.script({ text: WORDS, hangAfter: 4 });
    const page = await open(context, '/chat');
    await say(page, 'Count for me');
    await visible(answerOf(page).getByText(/word4\b/));
    await page.getByRole('button', { name: 'Stop' }).click();
    await gone(page.getByRole('button', { name: 'Stop' }));
    await visible(answerOf(page).getByText(/word4\b/));
    await page.reload();
    await visible(answerOf(page).getByText(/word4\b/));
    expect(await page.getByRole('button', { name: 'Stop' }).count()).toBe(0);
    // A model that went away leaves a request open; a client that has stopped closes it.
    await eventually(async () => provider.requests.every(({ aborted }) => aborted));
  });

  test('shows what a tool did, and on demand exactly what went in and came out', async () => {
    const { context } = await talker();
    provider.script(
      { toolCalls: [{ name: 'capture_apply', input: { tasks: [{ title: 'Water the plants' }] } }] },
      { text: 'Noted.' },
    );
    const page = await open(context, '/chat');
    await say(page, 'Water the plants');
    await visible(answerOf(page).getByText('Noted.'));
    const card = page.getByRole('button', { name: 'Wrote down what you said' });
    await card.click();
    await visible(page.getByRole('region', { name: 'In', exact: true }).getByText(/Water the plants/));
    await visible(page.getByRole('region', { name: 'Out' }).getByText(/tasks_created/));
    await card.click();
    await gone(page.getByRole('region', { name: 'Out' }));
    await page.getByRole('button', { name: /task Water the plants/ }).click();
    await visible(page.getByRole('dialog').getByLabel('Title'));
  });

  test('says what went wrong, and answers when asked again', async () => {
    const { context } = await talker();
    provider.script({ status: 401, error: 'this key is not known' }, { text: 'Here I am.' });
    const page = await open(context, '/chat');
    await say(page, 'Hello');
    await visible(page.getByRole('alert').getByText(/key/i));
    await page.getByRole('button', { name: 'Try again' }).click();
    await visible(answerOf(page).getByText('Here I am.'));
    expect(await page.getByRole('article', { name: 'You' }).count()).toBe(1);
  });
});

describe('security', () => {
  test('a second factor is set up, and asked for from then on', async () => {
    const { context, email } = await signedIn();
    const page = await open(context, '/settings/security');
    const panel = page.getByRole('region', { name: 'Two-factor authentication' });
    await panel.getByLabel('Your password').fill(PASSWORD);
    await panel.getByRole('button', { name: 'Turn on' }).click();
    const secret = await textOf(panel.getByText(/^[A-Z2-7]{32,}$/));
    await panel.getByLabel('Digit 1 of 6').click();
    await page.keyboard.type(totp(secret));
    await visible(panel.getByText('Two-factor authentication is on'));
    await panel.getByRole('button', { name: 'I have kept them' }).click();
    await visible(panel.getByText('On', { exact: true }));

    await signOut(page);
    await signIn(page, email);
    await visible(page.getByRole('heading', { name: 'One more step' }));
    await page.getByLabel('Digit 1 of 6').click();
    // A code opens the door once; the next one is good already.
    await page.keyboard.type(totp(secret, Date.now() + 30_000));
    await visible(page.getByRole('heading', { level: 1, name: /^Good/ }));
  });

  test('who came by a number is told where passkeys are possible', async () => {
    const { context } = await signedIn();
    const page = await open(context, '/settings/security');
    const link = page.getByRole('region', { name: 'Passkeys' }).getByRole('link');
    expect(await link.getAttribute('href')).toBe(
      `${app.url.replace('127.0.0.1', 'localhost')}/settings/security`,
    );
  });

  test('a passkey is added on localhost, and signs in without a password', async () => {
    const { context } = await signedIn({ host: 'localhost' });
    const page = await open(context, '/settings/security');
    const devtools = await context.newCDPSession(page);
    await devtools.send('WebAuthn.enable');
    await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    const panel = page.getByRole('region', { name: 'Passkeys' });
    await panel.getByLabel('Name').fill('This laptop');
    await panel.getByRole('button', { name: 'Add a passkey' }).click();
    await visible(panel.getByText('This laptop'));
    await signOut(page);
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await visible(page.getByRole('heading', { level: 1, name: /^Good/ }));
  });
});

describe('the keyboard', () => {
  test('makes, walks and finishes tasks', async () => {
    const { context } = await signedIn();
    const page = await open(context, '/tasks');
    await visible(page.getByRole('heading', { name: 'Nothing open' }));
    await page.keyboard.press('n');
    for (const title of ['One', 'Two', 'Three']) {
      await page.keyboard.type(title);
      await page.keyboard.press('Enter');
      await visible(page.getByRole('button', { name: title, exact: true }));
    }
    await page.keyboard.press('Escape');
    const focused = () => textOf(page.locator(':focus'));
    await page.keyboard.press('j');
    const first = await focused();
    await page.keyboard.press('j');
    const second = await focused();
    expect(second).not.toBe(first);
    await page.keyboard.press('k');
    expect(await focused()).toBe(first);
    await page.keyboard.press('x');
    await gone(page.getByRole('button', { name: first, exact: true }));
    await page.keyboard.press('e');
    await visible(page.getByRole('dialog'));
    expect(await page.getByRole('dialog').getByLabel('Title').inputValue()).toBe(second);
    await page.keyboard.press('Escape');
    await gone(page.getByRole('dialog'));
    await page.keyboard.press('g');
    await page.keyboard.press('t');
    await visible(page.getByRole('heading', { level: 1, name: /^Good/ }));
  });
});

const PLACES = [
  '/today',
  '/chat',
  '/inbox',
  '/tasks',
  '/goals',
  '/problems',
  '/graph',
  '/settings/profile',
  '/settings/models',
  '/settings/keys',
  '/settings/security',
] as const;

describe('every page', () => {
  /** Somebody with something on every page. */
  async function busy(options: Visit = {}) {
    const { context } = await signedIn(options);
    for (const message of [BATHROOMS, 'buy milk tomorrow 5pm p1 #home', 'the sea was very calm'])
      await context.request.post('/v1/capture/thought', { data: { chat_id: 'web', source: 'web', message } });
    return context;
  }

  async function settled(page: Page): Promise<void> {
    await visible(page.getByRole('heading', { level: 1 }));
    await gone(page.locator('[aria-busy="true"], .mantine-Skeleton-root').first());
  }

  test('has no horizontal scrolling on a phone', async () => {
    const context = await busy({ width: 390, height: 844 });
    const page = await context.newPage();
    for (const path of PLACES) {
      await page.goto(path);
      await settled(page);
      const width = await page.evaluate<number>('document.documentElement.scrollWidth');
      expect({ path, width }).toEqual({ path, width: 390 });
    }
  });

  // Only colours are others in the dark. The pages are loaded in it: on the way from one to the other they are neither.
  test.each([
    { scheme: 'light', rules: undefined },
    { scheme: 'dark', rules: ['color-contrast'] },
  ] as const)('is accessible in $scheme', async ({ scheme, rules }) => {
    const context = await busy();
    const page = await context.newPage();
    await page.emulateMedia({ colorScheme: scheme });
    const accessible = async (where: string) => {
      const axe = new AxeBuilder({ page });
      const { violations } = await (rules ? axe.withRules([...rules]) : axe).analyze();
      const grave = violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => ({ where, id, nodes: nodes.map(({ html }) => html) }));
      expect(grave).toEqual([]);
    };
    for (const path of PLACES) {
      await page.goto(path);
      await settled(page);
      await accessible(path);
    }
    await page.goto('/tasks');
    await page.getByRole('button', { name: /^get three quotes/i }).click();
    await visible(page.getByRole('dialog').getByLabel('Title'));
    await accessible('the editor');
    await context.clearCookies();
    await page.goto('/sign-in');
    await settled(page);
    await accessible('/sign-in');
  });
});
