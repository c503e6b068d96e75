/** Where Telegram delivers: an update is kept and answered at once, and worked on by a job. */
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Database } from '../../platform/database/index.ts';
import { AppError } from '../../platform/errors.ts';
import type { HttpApp } from '../../platform/faces/http.ts';
import * as service from './service.ts';
import { sameSecret, telegramSettings } from './settings.ts';

export const WEBHOOK_PATH = '/v1/channels/telegram/webhook';

const words = z.string().overwrite((text) => text.replaceAll('\0', '').toWellFormed().trim());

/** Other kinds of updates have no `message`, other kinds of messages no text. */
const update = z.object({
  update_id: z.number().int().min(0),
  message: z
    .object({
      chat: z.object({ id: z.number().int(), type: z.string() }),
      text: words.optional(),
      caption: words.optional(),
    })
    .optional(),
});

/** What a job is told of an update. */
export const received = z.object({ update_id: z.number().int(), chat_id: z.string(), text: z.string() });
export type Received = z.output<typeof received>;

export function mountWebhook(http: HttpApp, deps: { db: () => Database; secret: () => string }): void {
  http.post(WEBHOOK_PATH, async (c) => {
    const settings = telegramSettings(deps.secret());
    if (!settings) throw new AppError('not_found', 'no Telegram bot is set up here.');
    if (!sameSecret(c.req.header('x-telegram-bot-api-secret-token') ?? '', settings.webhookSecret))
      throw new AppError('unauthorized', 'X-Telegram-Bot-Api-Secret-Token is not what was agreed on.');
    const body: unknown = await c.req.json().catch(() => {
      throw new AppError('bad_request', 'the body is not valid JSON.');
    });
    const parsed = update.safeParse(body);
    if (!parsed.success) throw new AppError('validation_failed', 'the body is no update of the Bot API.');
    const { update_id, message } = parsed.data;
    const text = message?.text || message?.caption;
    // In a group everybody would read, and speak for, the one who linked it.
    if (!message || !text || message.chat.type !== 'private') return c.json({ ok: true, ignored: true });
    await keep(deps.db(), { update_id, chat_id: String(message.chat.id), text }, c.get('requestId'));
    return c.json({ ok: true });
  });
}

/** The row and its job are there together or not at all; an update that comes again changes nothing. */
async function keep(db: Database, update: Received, requestId: string): Promise<void> {
  const actor = await service.actorOfChat(db, update.chat_id);
  await db.asService('take in a telegram update', async (tx) => {
    const row = await service.insertUpdate(tx, {
      user_id: actor?.userId ?? null,
      channel: 'telegram',
      external_id: `tg:${update.update_id}`,
      chat_id: update.chat_id,
    });
    if (!row) return;
    const payload = { update, request_id: requestId, ...(actor ? { user_id: actor.userId } : {}) };
    await tx.execute(
      sql`select steward.add_job('notify.telegram', ${JSON.stringify(payload)}::jsonb, null, null, null)`,
    );
  });
}
