/** What is answered to a message from Telegram: commands, questions, and thoughts to keep. */
import { z } from 'zod';
import { AppError } from '../../platform/errors.ts';
import {
  type Actor,
  inTransaction,
  type Operation,
  type Runtime,
  runOperation,
} from '../../platform/operations/index.ts';
import { type CaptureDeps, searchEntities } from '../planner/index.ts';
import type { Shown } from './schema.ts';
import * as service from './service.ts';
import { hashCode } from './settings.ts';
import type { Received } from './webhook.ts';

export interface ConversationDeps {
  readonly runtime: () => Runtime;
  /** The installation's own. */
  readonly secret: () => string;
  readonly surface: CaptureDeps['surface'];
  readonly operations: Readonly<Record<'capture' | 'ask' | 'plan' | 'complete', Operation>>;
}

export interface Reply {
  /** Empty when there is nothing to say. */
  readonly text: string;
  /** What it numbers, in order. */
  readonly shown?: readonly Shown[];
}

interface Turn {
  readonly deps: ConversationDeps;
  readonly update: Received;
  readonly actor: Actor;
  readonly requestId: string;
  /** What was said after the command. */
  readonly rest: string;
}

export const HOW_TO_LINK =
  'This chat is not linked to an account. In Steward, make a code (steward channels link_code), and send /link and the code here.';

const HELP = [
  '/today - what to do today, and why',
  '/plan - today, next, and what is blocked',
  '/focus - the one thing that matters most',
  '/done 2 - the second of the list above is done; words of its title do too',
  'A message that ends with ? is answered; anything else is kept.',
].join('\n');

/** The words after a command that links, where `text` is one. */
export const codeIn = (text: string): string | undefined =>
  /^\/(?:start|link)(?:@\w+)?\s+(\S+)$/.exec(text)?.[1];

const COMMANDS: Readonly<Record<string, (turn: Turn) => Promise<Reply>>> = {
  today: (turn) => tellPlan(turn, ['today']),
  plan: (turn) => tellPlan(turn, ['today', 'next', 'blocked']),
  focus,
  done,
};

/**
 * What to answer a linked chat.
 *
 * @throws AppError what trying again a little later may mend
 */
export async function converse(turn: Omit<Turn, 'rest'>): Promise<Reply> {
  const { text } = turn.update;
  const [, command, rest = ''] = /^\/(\w+)(?:@\w+)?(?:\s+([\s\S]*))?$/.exec(text) ?? [];
  try {
    if (command !== undefined) {
      const answer = Object.hasOwn(COMMANDS, command.toLowerCase()) && COMMANDS[command.toLowerCase()];
      return answer ? await answer({ ...turn, rest: rest.trim() }) : { text: HELP };
    }
    return await (text.endsWith('?') && text.length <= 2000 ? ask : capture)({ ...turn, rest: text });
  } catch (error) {
    if (!(error instanceof AppError) || ['rate_limited', 'request_in_progress'].includes(error.code))
      throw error;
    return { text: `That did not work: ${error.message}` };
  }
}

/** Links a chat, and keeps what is answered in the same transaction: a code that is used up is never lost. */
export async function link(
  deps: ConversationDeps,
  { chatId, code, rowId, requestId }: { chatId: string; code: string; rowId: string; requestId: string },
): Promise<Reply> {
  const { db, clock } = deps.runtime();
  const now = clock.now();
  try {
    return await db.asService('link a telegram chat', async (tx) => {
      const made = await service.redeemCode(tx, hashCode(deps.secret(), code), chatId, now);
      const actor: Actor = { kind: 'user', id: made.id, userId: made.user_id, role: 'user', timezone: 'UTC' };
      const record = async (ctx: Parameters<Parameters<typeof inTransaction>[3]>[0]) =>
        ctx.event('channel.linked', { type: 'channel', id: made.id }, { channel: 'telegram' });
      await inTransaction({ db, clock }, actor, { requestId }, record, tx);
      const text = `This chat is linked to your account.\n${HELP}`;
      await service.setUpdate(tx, rowId, { reply: text, user_id: made.user_id });
      return { text };
    });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { text: `That did not work: ${error.message}` };
  }
}

const planned = z.object({ id: z.string(), title: z.string(), reasons: z.array(z.string()) });
const plan = z.object({ today: z.array(planned), next: z.array(planned), blocked: z.array(planned) });

async function tellPlan(turn: Turn, parts: readonly (keyof z.output<typeof plan>)[]): Promise<Reply> {
  const made = plan.parse(await run(turn, 'plan', {}));
  const shown: Shown[] = [];
  const lines = parts.flatMap((part) => {
    if (made[part].length === 0) return [];
    const heading = { today: 'Today:', next: 'Next:', blocked: 'Blocked:' }[part];
    return [heading, ...made[part].map((item) => line(shown.push(toShown(item)), item))];
  });
  await surface(turn, shown, 'the plan');
  if (made.today.length === 0) lines.unshift('Nothing is planned for today.');
  return { text: lines.join('\n'), shown };
}

async function focus(turn: Turn): Promise<Reply> {
  const { today } = plan.parse(await run(turn, 'plan', {}));
  const first = today[0];
  if (!first) return { text: 'Nothing is planned for today.' };
  const shown = [toShown(first)];
  await surface(turn, shown, 'the focus');
  return { text: line(1, first), shown };
}

async function done(turn: Turn): Promise<Reply> {
  if (turn.rest === '') return { text: 'Say which: /done 2, or /done and words of its title.' };
  const { db } = turn.deps.runtime();
  const { userId } = turn.actor;
  if (/^\d{1,3}$/.test(turn.rest)) {
    const shown = await db.asUser(userId, (tx) => service.lastShown(tx, userId, turn.update.chat_id));
    const meant = shown[Number(turn.rest) - 1];
    if (!meant) return { text: `There is no number ${turn.rest} in the last list; see /plan.` };
    return meant.entity_type === 'task'
      ? complete(turn, meant)
      : { text: `"${meant.title}" is a ${meant.entity_type}, not a task.` };
  }
  const words = wordsOf(turn.rest);
  const found =
    words.length === 0
      ? []
      : await db.asUser(userId, (tx) => searchEntities(tx, userId, { types: ['task'], words, limit: 9 }));
  const exact = found.filter(({ title }) => wordsOf(title).join(' ') === words.join(' '));
  const meant = exact.length === 1 ? exact : found;
  if (meant.length === 0) return { text: `I find no open task with "${turn.rest}".` };
  if (meant.length === 1) return complete(turn, toShown(meant[0]!));
  const shown = meant.map(toShown);
  await surface(turn, shown, 'which one is done');
  return {
    text: [
      'Which one? Say /done and its number.',
      ...shown.map(({ title }, at) => `${at + 1}. ${title}`),
    ].join('\n'),
    shown,
  };
}

async function complete(turn: Turn, task: Shown): Promise<Reply> {
  await run(turn, 'complete', { id: task.id });
  return { text: `Done: ${task.title}` };
}

const answered = z.object({
  answer: z.string(),
  citations: z.array(
    z.object({ entity_type: z.enum(['task', 'goal', 'problem']), id: z.string(), title: z.string() }),
  ),
});

async function ask(turn: Turn): Promise<Reply> {
  const { answer, citations } = answered.parse(
    await run(turn, 'ask', { question: turn.rest, chat_id: chatOf(turn) }),
  );
  return citations.length === 0 ? { text: answer } : { text: answer, shown: citations };
}

const captured = z.object({
  items: z.array(
    z.object({ entity_type: z.string(), title: z.string(), change: z.enum(['created', 'updated']) }),
  ),
  skipped: z.array(z.object({ what: z.string(), why: z.string() })),
});

async function capture(turn: Turn): Promise<Reply> {
  const { items, skipped } = captured.parse(
    await run(turn, 'capture', {
      message: turn.rest,
      chat_id: chatOf(turn),
      source: 'telegram',
      client_msg_id: keyOf(turn),
    }),
  );
  const lines = [
    ...items.map(
      ({ entity_type, title, change }) =>
        `${change === 'created' ? 'New' : 'Changed'} ${entity_type}: ${title}`,
    ),
    ...skipped.map(({ what, why }) => `Not done: ${what} (${why})`),
  ];
  return {
    text:
      items.length === 0
        ? ['Kept in the inbox; nothing had to change.', ...lines].join('\n')
        : lines.join('\n'),
  };
}

/** The operation as the linked user. Its key is the update's, so that a job that is run again changes nothing twice. */
async function run(turn: Turn, name: keyof ConversationDeps['operations'], input: object): Promise<unknown> {
  const call = { actor: turn.actor, requestId: turn.requestId, idempotencyKey: keyOf(turn) };
  return (await runOperation(turn.deps.runtime(), turn.deps.operations[name], call, input)).body;
}

/** So that "the second one is done" means what was shown here, also in plain words. */
async function surface(turn: Turn, items: readonly Shown[], reason: string): Promise<void> {
  const { db, clock } = turn.deps.runtime();
  const { userId } = turn.actor;
  const about = { userId, chatId: chatOf(turn), items, reason, now: clock.now() };
  await db.asUser(userId, (tx) => turn.deps.surface(tx, about));
}

const chatOf = ({ update }: Turn): string => `telegram:${update.chat_id}`;
const keyOf = ({ update }: Turn): string => `tg:${update.update_id}`;
const toShown = ({ id, title }: { id: string; title: string }): Shown => ({ entity_type: 'task', id, title });
const line = (number: number, { title, reasons }: z.output<typeof planned>): string =>
  `${number}. ${title}${reasons.length === 0 ? '' : ` (${reasons.join(', ')})`}`;
const wordsOf = (text: string): string[] =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .split(/[^\p{L}\p{N}\p{M}]+/u)
    .filter((word) => word !== '');
