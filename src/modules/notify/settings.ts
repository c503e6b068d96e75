/** What the operator sets for Telegram, and the secrets that follow from the installation's own. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { AppError } from '../../platform/errors.ts';

export interface TelegramSettings {
  /** A secret that stands in every address of the Bot API: neither it nor an address is ever logged. */
  readonly token: string;
  /** Without a slash at its end. */
  readonly apiBase: string;
  /** What Telegram sends along with each update. */
  readonly webhookSecret: string;
}

/**
 * @param installation the installation's secret, from which the webhook's is derived where none is set
 * @returns undefined when no bot is set up
 * @throws AppError `configuration` naming the setting
 */
export function telegramSettings(
  installation: string,
  env: NodeJS.ProcessEnv = process.env,
): TelegramSettings | undefined {
  const token = env.TELEGRAM_BOT_TOKEN;
  if (!token) return undefined;
  if (!/^\d+:[\w-]+$/.test(token))
    throw new AppError(
      'configuration',
      'TELEGRAM_BOT_TOKEN: must look like 123456:letters, as BotFather says it.',
    );
  const apiBase = (env.TELEGRAM_API_BASE_URL || 'https://api.telegram.org').replace(/\/+$/, '');
  if (!/^https?:\/\//.test(apiBase) || !URL.canParse(apiBase))
    throw new AppError('configuration', 'TELEGRAM_API_BASE_URL: must be an http or https address.');
  const webhookSecret = env.TELEGRAM_WEBHOOK_SECRET || derived(installation, 'telegram webhook');
  if (!/^[\w-]{16,256}$/.test(webhookSecret))
    throw new AppError('configuration', 'TELEGRAM_WEBHOOK_SECRET: 16 to 256 letters, digits, - and _.');
  return { token, apiBase, webhookSecret };
}

/** A code is short, so what is stored of it cannot be guessed without the installation's secret. */
export function hashCode(installation: string, code: string): string {
  return derived(installation, `channel link code ${code.toUpperCase()}`);
}

/** Compares in a time that depends on neither. */
export function sameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

const derived = (secret: string, purpose: string): string =>
  createHmac('sha256', secret).update(purpose).digest('base64url');
