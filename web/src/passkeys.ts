/** Passkeys, loaded only where they are used: the client is as large as the page that asks for it. */
import { passkeyClient } from '@better-auth/passkey/client';
import { createAuthClient } from 'better-auth/client';
import { ApiError } from './api.ts';

const client = createAuthClient({ plugins: [passkeyClient()] });

export interface Passkey {
  id: string;
  name?: string | null;
  createdAt: string | Date;
}

interface Answer<T> {
  data: T | null;
  error: { code?: string; message?: string; status?: number } | null;
}

/** What the page can say better than the server, by the server's code. */
const MESSAGES: Readonly<Record<string, string>> = {
  SESSION_NOT_FRESH:
    'You signed in more than a day ago. To be sure it is you, sign out and in again; then add the passkey.',
};

function unwrap<T>({ data, error }: Answer<T>): T | null {
  if (error)
    throw new ApiError(
      error.code ?? 'passkey',
      MESSAGES[error.code ?? ''] ?? error.message ?? 'The passkey was not accepted.',
      error.status ?? 400,
    );
  return data;
}

/** @throws ApiError when the person or the browser declines */
export async function signInWithPasskey(): Promise<void> {
  unwrap((await client.signIn.passkey()) as Answer<unknown>);
}

/** @throws ApiError when the person or the browser declines */
export async function addPasskey(name: string): Promise<void> {
  unwrap((await client.passkey.addPasskey({ name })) as Answer<unknown>);
}

export async function listPasskeys(): Promise<Passkey[]> {
  return unwrap((await client.passkey.listUserPasskeys()) as Answer<Passkey[]>) ?? [];
}

export async function deletePasskey(id: string): Promise<void> {
  unwrap((await client.passkey.deletePasskey({ id })) as Answer<unknown>);
}
