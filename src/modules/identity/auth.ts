/**
 * better-auth, which keeps the sessions of people: passwords, TOTP, passkeys, limits on attempts. It works on this
 * module's tables through connections of the owner. Loading it takes most of a second, so `index.ts` does that when
 * the first person comes, and not for a program with a key.
 */
import { passkey } from '@better-auth/passkey';
import { betterAuth } from 'better-auth';
import { APIError, createAuthEndpoint, createAuthMiddleware, isAPIError } from 'better-auth/api';
import { setSessionCookie } from 'better-auth/cookies';
import { twoFactor } from 'better-auth/plugins/two-factor';
import { z } from 'zod';
import type { Database } from '../../platform/database/index.ts';
import { AppError } from '../../platform/errors.ts';
import { isId, newId } from '../../platform/ids.ts';
import { log } from '../../platform/log.ts';
import { COOKIE_PREFIX } from './authenticate.ts';
import { CLIENT_ADDRESS } from './client-address.ts';
import { LOCKOUT, secondFactor } from './second-factor.ts';
import { deriveSecret } from './secrets.ts';
import { servicePool } from './service-pool.ts';
import { PASSWORD_LENGTH } from './users.ts';

/** What better-auth could do and we do not: open sign-up, mail, other providers, changes that leave no event. */
const DISABLED = [
  '/sign-up/email',
  '/sign-in/social',
  '/sign-in/oauth2',
  '/link-social',
  '/unlink-account',
  '/refresh-token',
  '/get-access-token',
  '/account-info',
  '/request-password-reset',
  '/reset-password',
  '/send-verification-email',
  '/verify-email',
  '/change-email',
  '/update-user',
  '/update-session',
  '/delete-user',
  '/delete-user/callback',
  '/two-factor/send-otp',
  '/two-factor/verify-otp',
];

const timestamps = { createdAt: 'created_at', updatedAt: 'updated_at' };

export interface AuthOptions {
  readonly db: Database;
  /** Known to this installation alone. */
  readonly secret: string;
  /** Where browsers reach the server. */
  readonly url: string;
  /** Multiplies the limits on attempts; 0 switches them off. */
  readonly rateLimitFactor: number;
}

export type Auth = ReturnType<typeof createAuth>;

export function createAuth({ db, secret, url, rateLimitFactor }: AuthOptions) {
  const attempts = (window: number, max: number) => ({
    window,
    max: Math.max(1, Math.round(max * rateLimitFactor)),
  });
  return betterAuth({
    appName: 'Steward',
    baseURL: url,
    basePath: '/api/auth',
    secret: deriveSecret(secret, 'better-auth'),
    database: servicePool(db.ownerPool),
    trustedOrigins: (request) => trustedOrigins(url, request),
    telemetry: { enabled: false },
    logger: {
      level: 'warn',
      log: (level, message, ...rest) => {
        const err = rest.find((value) => value instanceof Error);
        log[level](err ? { err } : {}, `better-auth: ${message}`);
      },
    },
    onAPIError: {
      onError: (err) => {
        if (!isAPIError(err) || err.statusCode >= 500) log.error({ err }, 'better-auth: a request failed');
      },
    },
    hooks: { before: refuseForeignIds },
    disabledPaths: DISABLED,
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: PASSWORD_LENGTH.min,
      maxPasswordLength: PASSWORD_LENGTH.max,
      revokeSessionsOnPasswordReset: true,
    },
    rateLimit: {
      enabled: rateLimitFactor > 0,
      storage: 'database',
      modelName: 'auth_rate_limits',
      fields: { lastRequest: 'last_request' },
      window: 10,
      max: attempts(10, 100).max,
      customRules: {
        '/get-session': false,
        '/sign-in/*': attempts(10, 3),
        '/change-password': attempts(10, 3),
        '/two-factor/*': attempts(10, 3),
        '/passkey/*': attempts(10, 20),
      },
    },
    user: {
      modelName: 'users',
      fields: { emailVerified: 'email_verified', ...timestamps },
      additionalFields: {
        role: { type: 'string', required: false, input: false },
        timezone: { type: 'string', required: false, input: false },
      },
    },
    session: {
      modelName: 'auth_sessions',
      fields: {
        userId: 'user_id',
        expiresAt: 'expires_at',
        ipAddress: 'ip_address',
        userAgent: 'user_agent',
        ...timestamps,
      },
      expiresIn: 30 * 24 * 60 * 60,
      updateAge: 24 * 60 * 60,
    },
    account: {
      modelName: 'auth_accounts',
      fields: {
        userId: 'user_id',
        accountId: 'account_id',
        providerId: 'provider_id',
        accessToken: 'access_token',
        refreshToken: 'refresh_token',
        idToken: 'id_token',
        accessTokenExpiresAt: 'access_token_expires_at',
        refreshTokenExpiresAt: 'refresh_token_expires_at',
        ...timestamps,
      },
    },
    verification: { modelName: 'auth_verifications', fields: { expiresAt: 'expires_at', ...timestamps } },
    advanced: {
      cookiePrefix: COOKIE_PREFIX,
      useSecureCookies: url.startsWith('https:'),
      // It would be off in tests, unless told.
      disableOriginCheck: false,
      database: { generateId: newId },
      ipAddress: { ipAddressHeaders: [CLIENT_ADDRESS] },
    },
    plugins: [
      // Before the plugin whose gaps it closes: its hooks must run first.
      secondFactor(),
      twoFactor({
        issuer: 'Steward',
        twoFactorCookieMaxAge: 5 * 60,
        accountLockout: { enabled: true, ...LOCKOUT },
        schema: {
          user: { fields: { twoFactorEnabled: 'two_factor_enabled' } },
          twoFactor: {
            modelName: 'two_factors',
            fields: {
              userId: 'user_id',
              backupCodes: 'backup_codes',
              failedVerificationCount: 'failed_verification_count',
              lockedUntil: 'locked_until',
            },
          },
        },
      }),
      passkey({
        rpID: relyingParty(url),
        rpName: 'Steward',
        // Who signs in with one is asked for no second factor: it must be two by itself, what one has and what one
        // knows or is. The plugin asks browsers for that and takes no for an answer; we do not.
        authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
        registration: {
          afterVerification: async ({ verification: { registrationInfo } }) =>
            requireOwnerKnown(registrationInfo?.userVerified),
        },
        authentication: {
          afterVerification: async ({ verification: { authenticationInfo } }) =>
            requireOwnerKnown(authenticationInfo.userVerified),
        },
        schema: {
          passkey: {
            modelName: 'passkeys',
            fields: {
              userId: 'user_id',
              publicKey: 'public_key',
              credentialID: 'credential_id',
              deviceType: 'device_type',
              backedUp: 'backed_up',
              createdAt: 'created_at',
            },
          },
        },
      }),
      sessionOpener,
    ],
  });
}

function requireOwnerKnown(verified: boolean | undefined): void {
  if (verified) return;
  throw new APIError('FORBIDDEN', {
    code: 'USER_VERIFICATION_REQUIRED',
    message: 'this passkey did not ask for a PIN, a finger or a face; set one up on it first.',
  });
}

/** The columns are UUIDs; asking the database for anything else would be an error of ours, not of the caller. */
const refuseForeignIds = createAuthMiddleware(async (ctx) => {
  const { success, data } = z.object({ id: z.string() }).safeParse(ctx.body);
  if (success && ctx.path.startsWith('/passkey/') && !isId(data.id))
    throw new APIError('NOT_FOUND', { code: 'NOT_FOUND', message: 'there is no such passkey.' });
});

/** Opens a session for somebody whom a one-time link has let in. Not reachable over HTTP. */
const sessionOpener = {
  id: 'steward-links',
  endpoints: {
    openSession: createAuthEndpoint.serverOnly(
      { method: 'POST', body: z.object({ userId: z.string() }) },
      async (ctx) => {
        const user = await ctx.context.internalAdapter.findUserById(ctx.body.userId);
        if (!user) throw new AppError('not_found', 'this account is gone.');
        await setSessionCookie(ctx, {
          session: await ctx.context.internalAdapter.createSession(user.id),
          user,
        });
        return ctx.json({});
      },
    ),
  },
};

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])$/;

/** WebAuthn knows names, not addresses: on one's own machine a passkey belongs to `localhost`. */
function relyingParty(url: string): string {
  const { hostname } = new URL(url);
  return LOOPBACK.test(hostname) ? 'localhost' : hostname;
}

/** The server's own address, and the one by which this very request has reached it: both are our own page. */
function trustedOrigins(url: string, request: Request | undefined): string[] {
  return request ? [new URL(url).origin, new URL(request.url).origin] : [new URL(url).origin];
}
