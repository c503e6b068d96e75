/** The routes by which people sign in; they are no operations, since what they change is a browser's cookies. */
import type { Context } from 'hono';
import { z } from 'zod';
import { type Clock, systemClock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/index.ts';
import { AppError } from '../../platform/errors.ts';
import type { HttpApp } from '../../platform/faces/http.ts';
import { inTransaction } from '../../platform/operations/index.ts';
import type { Auth } from './auth.ts';
import { CLIENT_ADDRESS, clientAddress } from './client-address.ts';
import { readLink, redeemLink } from './links.ts';
import { emailInput, nameInput, passwordInput, timezoneInput } from './users.ts';

const redemption = z.object({
  token: z.string().min(1).max(200),
  name: nameInput.optional(),
  email: emailInput.optional(),
  password: passwordInput.optional(),
  timezone: timezoneInput.optional(),
});

interface AuthRoutes {
  readonly db: () => Database;
  readonly auth: () => Promise<Auth>;
  readonly clock?: Clock;
}

/** Mounts better-auth at /api/auth, and `/auth/link`, where one-time links are read and redeemed. */
export function mountAuth(http: HttpApp, { db, auth, clock = systemClock }: AuthRoutes): void {
  http.on(['GET', 'POST'], '/api/auth/*', async (c) => (await auth()).handler(await toRequest(c)));

  http.get('/auth/link', async (c) => {
    const link = await readLink(db(), c.req.query('token') ?? '', clock.now());
    c.header('cache-control', 'no-store');
    return c.json(link);
  });

  http.post('/auth/link', async (c) => {
    const input = await readRedemption(c);
    const now = clock.now();
    const user = await redeemLink(db(), input, now, (tx, link, who) => {
      const actor = {
        kind: 'user',
        id: null,
        userId: who.id,
        role: who.role,
        timezone: who.timezone,
      } as const;
      return inTransaction(
        { db: db(), clock: { now: () => now } },
        actor,
        { requestId: c.get('requestId') },
        async (ctx) => {
          const type = link.kind === 'sign_in' ? 'user.signed_in_by_link' : 'user.created';
          ctx.event(type, { type: 'user', id: who.id }, { link: link.kind });
        },
        tx,
      );
    });
    const opened = await (await auth()).api.openSession({
      body: { userId: user.id },
      headers: (await toRequest(c, null)).headers,
      returnHeaders: true,
    });
    for (const cookie of opened.headers.getSetCookie()) c.header('set-cookie', cookie, { append: true });
    const { id, email, name, role, timezone } = user;
    return c.json({ user: { id, email, name, role, timezone } });
  });
}

/** JSON alone: a form on another site could send anything else with no questions asked. */
async function readRedemption(c: Context): Promise<z.output<typeof redemption>> {
  if (!/^application\/json\b/i.test(c.req.header('content-type') ?? '')) {
    throw new AppError('unsupported_media_type', 'send JSON, with content-type: application/json.');
  }
  const body: unknown = await c.req.json().catch(() => {
    throw new AppError('bad_request', 'the body is not valid JSON.');
  });
  const parsed = redemption.safeParse(body);
  if (parsed.success) return parsed.data;
  const details = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
  throw new AppError('validation_failed', `${details[0]!.path || 'input'}: ${details[0]!.message}`, {
    details,
  });
}

/** The request as better-auth should see it, with the address of whoever sent it. */
async function toRequest(c: Context, body?: null): Promise<Request> {
  const headers = new Headers(c.req.raw.headers);
  headers.set(CLIENT_ADDRESS, clientAddress(c));
  const { method } = c.req;
  return new Request(c.req.url, {
    method,
    headers,
    ...(body === null || method === 'GET' ? {} : { body: await c.req.arrayBuffer() }),
  });
}
