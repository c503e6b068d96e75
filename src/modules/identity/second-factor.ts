/**
 * What better-auth's second factor leaves open:
 *
 * - a TOTP code is good once. RFC 6238, 5.2: the verifier must not accept the second attempt of a code.
 * - the second factor is turned off by a code as well as by the password, under the same lock-out as signing in.
 */
import { createOTP } from '@better-auth/utils/otp';
import type { BetterAuthPlugin, GenericEndpointContext } from 'better-auth';
import { APIError, createAuthMiddleware, getSessionFromCtx } from 'better-auth/api';
import { constantTimeEqual, symmetricDecrypt } from 'better-auth/crypto';
import { z } from 'zod';

/** Wrong codes in a row, over all challenges, and for how long they lock the account's second factor. */
export const LOCKOUT = { maxFailedAttempts: 10, durationSeconds: 15 * 60 } as const;

/** Seconds of a TOTP step; one step of clock drift is allowed either way. */
const PERIOD = 30;
const DRIFT = [-1, 0, 1] as const;

interface TwoFactorRow {
  readonly id: string;
  readonly secret: string;
  readonly lockedUntil?: Date | string | null;
}

export function secondFactor() {
  return {
    id: 'steward-second-factor',
    hooks: {
      before: [
        {
          matcher: ({ path }) => path === '/two-factor/verify-totp',
          handler: createAuthMiddleware(async (ctx) => {
            const code = codeOf(ctx.body);
            const userId = code === undefined ? undefined : await challengedUser(ctx);
            const factor = userId === undefined ? undefined : await factorOf(ctx, userId);
            if (code === undefined || userId === undefined || !factor) return;
            const step = await matchingStep(ctx, factor, code);
            // A wrong code goes on to the plugin, which counts it.
            if (step !== undefined && !(await claimStep(ctx, factor, userId, step))) throw invalidCode();
          }),
        },
        {
          matcher: ({ path }) => path === '/two-factor/disable',
          handler: createAuthMiddleware(async (ctx) => {
            const code = codeOf(ctx.body);
            if (code === undefined) return;
            const session = await getSessionFromCtx(ctx);
            if (!session)
              throw new APIError('UNAUTHORIZED', { code: 'UNAUTHORIZED', message: 'sign in first.' });
            const userId = session.user.id;
            const factor = await factorOf(ctx, userId);
            if (!factor) throw new APIError('BAD_REQUEST', { message: 'the second factor is not on.' });
            await refuseWhileLocked(factor);
            const step = await matchingStep(ctx, factor, code);
            if (step === undefined || !(await claimStep(ctx, factor, userId, step))) {
              await countFailure(ctx, factor);
              throw invalidCode();
            }
            await ctx.context.internalAdapter.updateUser(userId, { twoFactorEnabled: false });
            await ctx.context.adapter.delete({
              model: 'twoFactor',
              where: [{ field: 'userId', value: userId }],
            });
            return ctx.json({ status: true });
          }),
        },
      ],
    },
  } satisfies BetterAuthPlugin;
}

function codeOf(body: unknown): string | undefined {
  return z.object({ code: z.string() }).safeParse(body).data?.code;
}

/** Whose code it is: the session's while it is being set up, the challenge's while somebody signs in. */
async function challengedUser(ctx: GenericEndpointContext): Promise<string | undefined> {
  const session = await getSessionFromCtx(ctx);
  if (session) return session.user.id;
  const cookie = ctx.context.createAuthCookie('two_factor');
  const challenge = await ctx.getSignedCookie(cookie.name, ctx.context.secret);
  return challenge ? (await ctx.context.internalAdapter.findVerificationValue(challenge))?.value : undefined;
}

function factorOf(ctx: GenericEndpointContext, userId: string): Promise<TwoFactorRow | null> {
  return ctx.context.adapter.findOne<TwoFactorRow>({
    model: 'twoFactor',
    where: [{ field: 'userId', value: userId }],
  });
}

async function matchingStep(
  ctx: GenericEndpointContext,
  factor: TwoFactorRow,
  code: string,
): Promise<number | undefined> {
  const secret = await symmetricDecrypt({ key: ctx.context.secretConfig, data: factor.secret });
  const otp = createOTP(secret, { digits: 6, period: PERIOD });
  const now = Math.floor(Date.now() / 1000 / PERIOD);
  let found: number | undefined;
  for (const drift of DRIFT) if (constantTimeEqual(await otp.hotp(now + drift), code)) found = now + drift;
  return found;
}

/** Takes the code of a step for good; false when it was used before, also by somebody at the very same moment. */
function claimStep(
  ctx: GenericEndpointContext,
  factor: TwoFactorRow,
  userId: string,
  step: number,
): Promise<boolean> {
  return ctx.context.internalAdapter.reserveVerificationValue({
    identifier: `totp-${factor.id}-${step}`,
    value: userId,
    // As long as the code could match, and a little.
    expiresAt: new Date((step + DRIFT.length + 1) * PERIOD * 1000),
  });
}

async function refuseWhileLocked(factor: TwoFactorRow): Promise<void> {
  if (factor.lockedUntil && new Date(factor.lockedUntil) > new Date()) {
    throw new APIError('TOO_MANY_REQUESTS', {
      code: 'ACCOUNT_TEMPORARILY_LOCKED',
      message: 'Too many wrong codes; try again in a quarter of an hour.',
    });
  }
}

async function countFailure(ctx: GenericEndpointContext, factor: TwoFactorRow): Promise<void> {
  const where = [{ field: 'id', value: factor.id }];
  const counted = await ctx.context.adapter.incrementOne<{ failedVerificationCount: number }>({
    model: 'twoFactor',
    where,
    increment: { failedVerificationCount: 1 },
  });
  if ((counted?.failedVerificationCount ?? 0) < LOCKOUT.maxFailedAttempts) return;
  await ctx.context.adapter.update({
    model: 'twoFactor',
    where,
    update: { lockedUntil: new Date(Date.now() + LOCKOUT.durationSeconds * 1000) },
  });
}

function invalidCode(): APIError {
  return new APIError('UNAUTHORIZED', { code: 'INVALID_CODE', message: 'Invalid code' });
}
