import { createHash, randomBytes } from 'node:crypto';

/** 256 random bits, as text that fits into a URL. Shown once; only its hash is stored. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** What is stored of a secret. It is random, so a plain SHA-256 is as good as a slow hash and can be looked up. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
