/** The two methods of Telegram's Bot API that are used. */
import { z } from 'zod';
import type { TelegramSettings } from './settings.ts';

const TIMEOUT_MS = 10_000;
/** UTF-16 units of one message. */
const MAX_TEXT = 4096;

/** What came of a call. `later`: ask again after so many seconds. `never`: asking again would not help. */
export type Sent =
  | { readonly outcome: 'sent' }
  | { readonly outcome: 'later'; readonly seconds: number }
  | { readonly outcome: 'never'; readonly why: string };

const refusal = z.object({
  description: z.string().default(''),
  parameters: z.object({ retry_after: z.number().min(0).max(86_400).optional() }).optional(),
});

/** @throws Error, with no address in it, when Telegram cannot be reached or is in trouble */
export async function callBot(
  { apiBase, token }: TelegramSettings,
  method: 'sendMessage' | 'setWebhook',
  body: object,
): Promise<Sent> {
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(`${apiBase}/bot${token}/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    answer = await response.json().catch(() => ({}));
  } catch (error) {
    // Without its cause, which may show the address and in it the token.
    throw new Error(`Telegram could not be reached (${error instanceof Error ? error.name : 'unknown'})`);
  }
  if (response.ok) return { outcome: 'sent' };
  const { description, parameters } = refusal.catch({ description: '' }).parse(answer);
  if (response.status === 429) return { outcome: 'later', seconds: parameters?.retry_after ?? 5 };
  // The person blocked the bot, or the chat is gone.
  if (response.status === 400 || response.status === 403) return { outcome: 'never', why: description };
  throw new Error(`Telegram answered ${method} with ${response.status}`);
}

/** Cut to what one message may hold, never within a character. */
export function fitting(text: string): string {
  if (text.length <= MAX_TEXT) return text;
  return `${text.slice(0, MAX_TEXT - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
