/**
 * The job that answers one update, in steps that a crash between any two leaves whole:
 *
 *   answer   what the message asks for is done, under the update's key, and the reply is kept.
 *   claim    the row says that its reply is being sent.
 *   send     Telegram has it, and the row says so. When Telegram refuses, the claim is taken back and the job is
 *            tried again; when the process dies here, nobody knows whether it arrived, and it is not sent again.
 */
import { z } from 'zod';
import { AppError } from '../../platform/errors.ts';
import type { JobContext, JobHandler } from '../../platform/jobs/index.ts';
import { log } from '../../platform/log.ts';
import { callBot, fitting, type Sent } from './bot-api.ts';
import { type ConversationDeps, codeIn, converse, HOW_TO_LINK, link, type Reply } from './conversation.ts';
import * as service from './service.ts';
import { telegramSettings } from './settings.ts';
import { type Received, received, WEBHOOK_PATH } from './webhook.ts';

/** The user of a job that is nobody's. */
const NOBODY = '00000000-0000-0000-0000-000000000000';
/** How long a chat without an account is left alone after it was told how to link. */
const TOLD_MS = 24 * 60 * 60_000;
/** How long Telegram may put a reply off. */
const PATIENCE_MS = 60 * 60_000;

const payload = z.object({ update: received });

export interface TelegramDeps extends ConversationDeps {
  /** Where browsers, and so Telegram, reach the server. */
  readonly url: () => string;
}

export function telegramJobs(deps: TelegramDeps) {
  const settings = () => {
    const found = telegramSettings(deps.secret());
    if (!found)
      throw new AppError('configuration', 'TELEGRAM_BOT_TOKEN: is not set where jobs are worked on.');
    return found;
  };
  return {
    'notify.telegram': async (raw, ctx) => {
      const { update } = payload.parse(raw);
      const as = ctx.db.asService;
      const row = await as('read a telegram update', (tx) =>
        service.readUpdate(tx, `tg:${update.update_id}`),
      );
      if (!row || row.sending_at || row.sent_at) return;
      const text = row.reply ?? (await answer(deps, update, row, ctx));
      const keep = (changes: Parameters<typeof service.setUpdate>[2]) =>
        as('keep what became of a reply', (tx) => service.setUpdate(tx, row.id, changes));
      if (text === '') return;
      if (!(await as('claim a reply', (tx) => service.claimSending(tx, row.id, ctx.now)))) return;
      let sent: Sent;
      try {
        sent = await callBot(settings(), 'sendMessage', {
          chat_id: Number(update.chat_id),
          text: fitting(text),
        });
      } catch (error) {
        await keep({ sending_at: null });
        throw error;
      }
      if (sent.outcome === 'sent') return keep({ sent_at: new Date() });
      if (sent.outcome === 'never') {
        log.warn({ request_id: ctx.requestId, why: sent.why }, 'Telegram takes no reply for this chat');
        return;
      }
      await keep({ sending_at: null });
      if (ctx.now.getTime() - row.created_at.getTime() > PATIENCE_MS)
        throw new AppError('provider_rate_limited', 'Telegram has put this reply off for an hour.');
      const runAt = new Date(Date.now() + sent.seconds * 1000);
      await ctx.transaction(async (inner) => inner.enqueue('notify.telegram', { update }, { runAt }));
    },

    'notify.telegram_webhook': async () => {
      const found = settings();
      const sent = await callBot(found, 'setWebhook', {
        url: `${deps.url().replace(/\/$/, '')}${WEBHOOK_PATH}`,
        secret_token: found.webhookSecret,
        allowed_updates: ['message'],
      });
      if (sent.outcome !== 'sent') throw new Error(`Telegram did not take the webhook (${sent.outcome})`);
    },

    'notify.sweep': async (_payload, ctx) => {
      await ctx.db.asService('sweep what channels left', service.sweep);
    },
  } satisfies Record<string, JobHandler>;
}

/** Does what the message asks for and keeps the reply. @returns its text */
async function answer(
  deps: TelegramDeps,
  update: Received,
  row: service.UpdateRow,
  ctx: JobContext,
): Promise<string> {
  const { requestId, db } = ctx;
  const keep = (userId: string | null, { text, shown }: Reply): Promise<string> =>
    db.asService('keep a reply', async (tx) => {
      const silent = text === HOW_TO_LINK && !/^\/(?:start|link|help)\b/.test(update.text);
      const since = new Date(ctx.now.getTime() - TOLD_MS);
      const reply = silent && (await service.wasTold(tx, row, text, since)) ? '' : text;
      await service.setUpdate(tx, row.id, { reply, user_id: userId, shown: shown ?? null });
      return reply;
    });
  const code = codeIn(update.text);
  if (code !== undefined) {
    const linked = await link(deps, { chatId: update.chat_id, code, rowId: row.id, requestId });
    const now = await service.actorOfChat(db, update.chat_id);
    return keep(now?.userId ?? null, linked);
  }
  const actor = await service.actorOfChat(db, update.chat_id);
  // The chat was unlinked, or changed hands, after this was said: it is not for whoever has it now.
  if (ctx.userId !== NOBODY && actor?.userId !== ctx.userId) return keep(null, { text: HOW_TO_LINK });
  if (!actor) return keep(null, { text: HOW_TO_LINK });
  return keep(actor.userId, await converse({ deps, update, actor, requestId }));
}
