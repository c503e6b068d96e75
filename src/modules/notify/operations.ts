import { randomInt } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '../../platform/errors.ts';
import { decodeCursor, operation, pageInput, pageOutput, toPage } from '../../platform/operations/index.ts';
import { CHANNELS } from './schema.ts';
import * as service from './service.ts';
import { hashCode, telegramSettings } from './settings.ts';

const CODE_MS = 10 * 60_000;
/** Characters that nobody takes for one another; ten of 32 are 50 bits, more than ten minutes can guess. */
const ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';
const CODE_LENGTH = 10;

const link = z.object({
  id: z.uuid(),
  channel: z.enum(CHANNELS),
  external_id: z.string().describe("The chat's id where it is"),
  created_at: z.date(),
});

export function channelOperations(secret: () => string) {
  return {
    list: operation({
      name: 'channels.list',
      summary: 'Chats elsewhere that are linked to this account, newest first',
      http: { method: 'GET', path: '/v1/channels' },
      effect: 'read',
      input: pageInput,
      output: pageOutput(link),
      handler: async (ctx, input) => {
        const after = decodeCursor(input.cursor, z.tuple([z.uuid()]))?.[0];
        return toPage(
          await service.listLinks(ctx.tx, ctx.userId, input.limit, after),
          input.limit,
          ({ id }) => [id],
        );
      },
    }),
    link_code: operation({
      name: 'channels.link_code',
      summary: 'Make a code that links a Telegram chat: send the bot /link and the code within ten minutes',
      http: { method: 'POST', path: '/v1/channels/telegram/code' },
      effect: 'write',
      tool: false,
      secret: true,
      input: z.object({}),
      output: z.object({ code: z.string(), expires_at: z.date() }),
      handler: async (ctx) => {
        if (!telegramSettings(secret()))
          throw new AppError(
            'conflict',
            'no Telegram bot is set up here; the operator sets TELEGRAM_BOT_TOKEN.',
          );
        const code = Array.from({ length: CODE_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
        const expires_at = new Date(ctx.now.getTime() + CODE_MS);
        await service.insertCode(ctx.tx, {
          code_hash: hashCode(secret(), code),
          user_id: ctx.userId,
          created_at: ctx.now,
          expires_at,
        });
        ctx.event('channel.code_made');
        return { code, expires_at };
      },
    }),
    unlink: operation({
      name: 'channels.unlink',
      summary: "Unlink a chat: what it sends is nobody's from then on",
      http: { method: 'DELETE', path: '/v1/channels/{id}' },
      effect: 'destructive',
      tool: false,
      input: z.object({ id: z.uuid() }),
      output: z.object({ deleted: z.literal(true) }),
      handler: async (ctx, { id }) => {
        await service.deleteLink(ctx.tx, ctx.userId, id);
        ctx.event('channel.unlinked', { type: 'channel', id });
        return { deleted: true as const };
      },
    }),
  };
}
