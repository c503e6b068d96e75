/** What looks like a key of one of the usual kinds, whole or already shortened by the provider with asterisks. */
const KEY_LIKE = /\b(?:(?:sk|pk|rk|xai|gsk|hf|r8)[-_][\w*.-]{8,}|AIza[\w*-]{8,})/g;
const HEADER = /\b(authorization|x-api-key|x-goog-api-key|bearer)\b:?\s+(?:bearer\s+)?\S+/gi;

/** @returns `text` without any of the `secrets` and without anything that looks like a key. */
export function redact(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) if (secret.length >= 4) clean = clean.replaceAll(secret, '[key]');
  return clean.replace(HEADER, '$1 [key]').replace(KEY_LIKE, '[key]');
}
