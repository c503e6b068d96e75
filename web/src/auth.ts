/** Sessions of people: better-auth's endpoints, and the one-time links that lead to them. */
import { ApiError, type Method, toApiError } from './api.ts';

/** @throws ApiError */
export async function auth<T>(method: Method, path: string, body?: object): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers: body ? { 'content-type': 'application/json' } : {},
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  } catch {
    throw new ApiError('offline', 'Steward cannot be reached. Is it running?', 0);
  }
  const answer: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw toApiError(response, answer);
  return answer as T;
}

export interface OneTimeLink {
  kind: 'setup' | 'invite' | 'sign_in';
  email?: string | null;
}

export const readLink = (token: string) =>
  auth<OneTimeLink>('GET', `/auth/link?token=${encodeURIComponent(token)}`);

export const redeemLink = (input: {
  token: string;
  name?: string;
  email?: string;
  password?: string;
  timezone?: string;
}) => auth<unknown>('POST', '/auth/link', input);

/** @returns whether a second factor is still to come */
export async function signIn(email: string, password: string): Promise<{ secondFactor: boolean }> {
  const answer = await auth<{ twoFactorRedirect?: boolean }>('POST', '/api/auth/sign-in/email', {
    email,
    password,
  });
  return { secondFactor: answer?.twoFactorRedirect === true };
}

export const verifyTotp = (code: string, trustDevice: boolean) =>
  auth<unknown>('POST', '/api/auth/two-factor/verify-totp', { code, trustDevice });

export const verifyBackupCode = (code: string) =>
  auth<unknown>('POST', '/api/auth/two-factor/verify-backup-code', { code });

export const signOut = () => auth<unknown>('POST', '/api/auth/sign-out', {});

export interface TwoFactorSetup {
  totpURI: string;
  backupCodes: string[];
}

export const enableTwoFactor = (password: string) =>
  auth<TwoFactorSetup>('POST', '/api/auth/two-factor/enable', { password });

export const disableTwoFactor = (password: string) =>
  auth<unknown>('POST', '/api/auth/two-factor/disable', { password });

export const readSession = () =>
  auth<{ user: { twoFactorEnabled?: boolean | null } } | null>('GET', '/api/auth/get-session');
