/** Who sent a request: an API key or a session's cookie, remembered for a few seconds. */
import type { Database } from '../../platform/database/index.ts';
import { AppError } from '../../platform/errors.ts';
import type { Actor } from '../../platform/operations/index.ts';
import { sha256 } from './secrets.ts';

export const COOKIE_PREFIX = 'steward';

/** How long a credential is taken for good without asking the database again, in milliseconds. */
const REMEMBERED_MS = 5000;
/** Credentials that are remembered at once; a few hundred bytes each. */
const REMEMBERED_MAX = 10_000;

/**
 * Remembers answers by the hash of the credential. Whatever changes who may do what notifies the channel `identity`
 * (see 0002_identity.sql), in every process, and all is forgotten.
 */
export class RecentActors {
  readonly #known = new Map<string, { actor: Actor; until: number }>();
  readonly #db: Database;
  #listening: Promise<unknown> | undefined;
  /** Grows whenever all is forgotten: an answer that was looked up before must not be remembered after. */
  #generation = 0;

  constructor(db: Database) {
    this.#db = db;
  }

  async get(credential: string, look: () => Promise<Actor | undefined>): Promise<Actor | undefined> {
    const hash = sha256(credential);
    const known = this.#known.get(hash);
    if (known && known.until > performance.now()) return known.actor;
    this.#listening ??= this.#db.listen('identity', () => this.#forget());
    await this.#listening;
    const generation = this.#generation;
    const actor = await look();
    if (actor && generation === this.#generation) {
      if (this.#known.size >= REMEMBERED_MAX) this.#known.clear();
      this.#known.set(hash, { actor, until: performance.now() + REMEMBERED_MS });
    }
    return actor;
  }

  #forget(): void {
    this.#generation++;
    this.#known.clear();
  }
}

/** @returns the raw key of `Authorization: Bearer` or `X-API-Key`. @throws AppError `unauthorized` for another scheme */
export function keyOf(headers: Headers): string | undefined {
  const authorization = headers.get('authorization');
  if (authorization === null) return headers.get('x-api-key') ?? undefined;
  const bearer = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  if (bearer === undefined) {
    throw new AppError('unauthorized', 'send the API key as "Authorization: Bearer <key>".');
  }
  return bearer;
}

/** @returns the session's signed token, in whichever of its two names the cookie came */
export function sessionCookie(headers: Headers): string | undefined {
  const cookies = headers.get('cookie');
  if (cookies === null) return undefined;
  return new RegExp(`(?:^|; *)(?:__Secure-)?${COOKIE_PREFIX}\\.session_token=([^;]+)`).exec(cookies)?.[1];
}
