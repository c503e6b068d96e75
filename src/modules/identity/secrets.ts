/** Secrets that are shown once and kept as a hash only: the tokens of links, and API keys. */
import { createHash, createHmac, randomBytes } from 'node:crypto';

/** @returns 32 random bytes in 43 characters that need no escaping anywhere */
export function randomToken(): string {
  return randomBytes(32).toString('base64url');
}

/** SHA-256 suffices: what is hashed is as random as the hash, so there is nothing to guess. */
export function sha256(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** A secret of its own for each purpose, so that one that leaks gives away no other. */
export function deriveSecret(installation: string, purpose: string): string {
  return createHmac('sha256', installation).update(purpose).digest('base64url');
}
