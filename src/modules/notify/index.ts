import { sql } from 'drizzle-orm';
import type { HttpApp } from '../../platform/faces/http.ts';
import { log } from '../../platform/log.ts';
import type { Module } from '../../platform/module.ts';
import { channelOperations } from './operations.ts';
import { telegramSettings } from './settings.ts';
import { type TelegramDeps, telegramJobs } from './telegram.ts';
import { mountWebhook } from './webhook.ts';

/** Ways to talk with the product from elsewhere: Telegram. */
export function notify(deps: TelegramDeps) {
  const db = () => deps.runtime().db;
  return {
    name: 'notify',
    operations: { channels: channelOperations(deps.secret) },
    jobs: telegramJobs(deps),
    cron: [{ schedule: '15 3 * * *', job: 'notify.sweep' }],
    /** Mounts the webhook and, where the server has an address that Telegram can reach, tells Telegram of it. */
    mount: (http: HttpApp): void => {
      mountWebhook(http, { db, secret: deps.secret });
      if (!telegramSettings(deps.secret()) || !deps.url().startsWith('https://')) return;
      void db()
        .asService('register the telegram webhook', (tx) =>
          tx.execute(
            sql`select steward.add_job('notify.telegram_webhook', '{}'::jsonb, null, null, 'notify.telegram_webhook')`,
          ),
        )
        .catch((error: unknown) => log.warn({ err: error }, 'the Telegram webhook is not registered'));
    },
  } satisfies Module & Record<string, unknown>;
}
