import { systemClock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/index.ts';
import type { Authenticate, HttpApp } from '../../platform/faces/http.ts';
import type { Module } from '../../platform/module.ts';
import type { Auth } from './auth.ts';
import { keyOf, RecentActors, sessionCookie } from './authenticate.ts';
import { mountAuth } from './http.ts';
import { actorOfKey } from './keys.ts';
import { createSetupLink, linkUrl } from './links.ts';
import { operationsOf } from './operations.ts';

export { createKey } from './keys.ts';
export { createSignInLink } from './links.ts';
export { createUser, findUser } from './users.ts';

export interface IdentityOptions {
  readonly db: () => Database;
  /** Known to this installation alone. */
  readonly secret: () => string;
  /** Where browsers reach the server; asked for when the first of them comes. */
  readonly url: () => string;
  /** Multiplies the limits on attempts to sign in; 0 switches them off. */
  readonly rateLimitFactor?: () => number;
}

/** Accounts, sessions, API keys: who may use this, and how they show that it is they. */
export function identity(options: IdentityOptions) {
  const { db, url } = options;
  let auth: Promise<Auth> | undefined;
  const openAuth = (): Promise<Auth> => {
    auth ??= import('./auth.ts').then(({ createAuth }) =>
      createAuth({
        db: db(),
        secret: options.secret(),
        url: url(),
        rateLimitFactor: options.rateLimitFactor?.() ?? 1,
      }),
    );
    return auth;
  };
  let recent: RecentActors | undefined;

  /** @throws AppError `unauthorized` for a key that is unknown or revoked; a session that ended is nobody's */
  const authenticate: Authenticate = async (headers) => {
    recent ??= new RecentActors(db());
    const key = keyOf(headers);
    if (key !== undefined) return recent.get(key, () => actorOfKey(db(), key, systemClock.now()));
    const cookie = sessionCookie(headers);
    return cookie === undefined
      ? undefined
      : recent.get(cookie, async () => actorOfSession(await openAuth(), headers));
  };

  return {
    name: 'identity',
    operations: operationsOf(url),
    authenticate,
    mount: (http: HttpApp): void => mountAuth(http, { db, auth: openAuth }),
    /** The link that makes the first account; undefined once there is one. */
    firstLink: async (): Promise<string | undefined> => {
      const token = await createSetupLink(db(), systemClock.now());
      return token === undefined ? undefined : linkUrl(url(), token);
    },
  } satisfies Module & Record<string, unknown>;
}

async function actorOfSession(auth: Auth, headers: Headers) {
  // Without refresh: the answer's cookie would be lost, and the browser's would end before its session.
  const found = await auth.api.getSession({ headers, query: { disableRefresh: true } });
  if (!found) return undefined;
  const { session, user } = found;
  return {
    kind: 'user',
    id: session.id,
    userId: user.id,
    role: user.role === 'admin' ? 'admin' : 'user',
    timezone: user.timezone ?? 'UTC',
  } as const;
}
