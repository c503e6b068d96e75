/** Instructions about something that exists: done, open again, put away, moved to a day, given a priority. */
import { isInstruction } from './clauses.ts';
import { dayFromNow, findDate } from './dates.ts';
import type { ExtractedUpdate, Extraction, Situation } from './extraction.ts';
import { type EntityType, points, type Reference, resolve } from './references.ts';
import {
  ACTION_VERBS,
  ADDITIONS,
  ARCHIVAL_VERBS,
  ARCHIVALS,
  COMMON_MOVES,
  COMPLETION_VERBS,
  COMPLETIONS,
  CONNECTORS,
  CORRECTIONS,
  DEADLINE_OF,
  DEADLINES,
  DUE,
  EMPTY_REMINDER,
  MOVES,
  NUMBER_WORDS,
  ONE_BY_ONE,
  PRIORITISATIONS,
  PRIORITY_LEVELS,
  PROBLEMS,
  REOPENINGS,
  RESTORATIONS,
  SHIFTS,
  SHORT_COMPLETION,
  SNOOZE_UNTIL,
  SNOOZES,
  SWEEPING,
  WHICH_DAY,
} from './vocabulary.ts';

/** A day, or some days after the one on which it is due now. */
export type Destination = { readonly date: string; readonly time?: string } | { readonly days: number };

/** A change to something that exists. */
export type Change =
  | { readonly kind: 'complete' | 'reopen' | 'archive' | 'restore'; readonly target: Reference }
  | {
      readonly kind: 'move';
      readonly target: Reference;
      readonly to: Destination;
      readonly snooze: boolean;
      readonly otherwise?: Extraction;
    }
  | { readonly kind: 'prioritise'; readonly target: Reference; readonly priority: 1 | 2 | 3 | 4 };

/** Something is missing; `question` asks for it. */
export interface Clarify {
  readonly kind: 'clarify';
  readonly question: string;
}

export const ALL_TYPES: readonly EntityType[] = ['task', 'goal', 'problem'];

/** The change that an instruction asks for, or a question where it does not say enough. */
export function readChange(text: string, situation: Situation): Change | Clarify | undefined {
  if (ADDITIONS.some((pattern) => pattern.test(text))) return undefined;
  const command = text.replace(CONNECTORS, '').replace(/(?:,? please| thanks| now)?[\s.!]*$/i, '');
  if (SWEEPING.test(command)) return { kind: 'clarify', question: ONE_BY_ONE };
  if (EMPTY_REMINDER.test(command)) return { kind: 'clarify', question: 'Of what?' };
  return (
    readReopen(command, situation) ??
    readPriority(command, situation) ??
    readSnooze(command, situation) ??
    readMove(command, situation) ??
    readCompletion(command, situation) ??
    readArchival(command, situation)
  );
}

function readReopen(text: string, { context }: Situation): Change | Clarify | undefined {
  const ref = firstRef(REOPENINGS, text);
  if (ref !== undefined) return { kind: 'reopen', target: resolve(ref || 'it', context, ALL_TYPES) };
  const restored = firstRef(RESTORATIONS, text);
  return restored === undefined
    ? undefined
    : { kind: 'restore', target: resolve(restored, context, ALL_TYPES) };
}

function readCompletion(text: string, { context }: Situation): Change | Clarify | undefined {
  for (const pattern of COMPLETIONS) {
    const match = pattern.exec(text);
    if (!match) continue;
    const ref = match.groups?.ref ?? 'it';
    if (/^(?:i|we|he|she|they|you|what|who|there)$/i.test(ref)) continue;
    if (PROBLEMS.some((problem) => problem.test(text))) continue;
    const solved = /(?:solved|resolved|fixed)$/i.test(text);
    return {
      kind: 'complete',
      target: resolve(ref, context, solved ? ['problem', 'task', 'goal'] : ALL_TYPES),
    };
  }
  const short = SHORT_COMPLETION.exec(text)?.groups?.ref;
  if (short !== undefined && isExisting(short, context))
    return { kind: 'complete', target: resolve(short, context, ALL_TYPES) };
  const ref = COMPLETION_VERBS.exec(text)?.groups?.ref;
  return ref !== undefined && isExisting(ref, context)
    ? { kind: 'complete', target: resolve(ref, context, ALL_TYPES) }
    : undefined;
}

function readArchival(text: string, { context }: Situation): Change | Clarify | undefined {
  const explicit = firstRef(ARCHIVALS, text);
  if (explicit !== undefined) return { kind: 'archive', target: resolve(explicit, context, ALL_TYPES) };
  const ref = ARCHIVAL_VERBS.exec(text)?.groups?.ref?.replace(
    / from (?:my|the) (?:list|tasks|todos|to-do list)$/i,
    '',
  );
  return ref !== undefined &&
    (isExisting(ref, context) || / from (?:my|the) (?:list|tasks|todos|to-do list)$/i.test(text))
    ? { kind: 'archive', target: resolve(ref, context, ALL_TYPES) }
    : undefined;
}

function readPriority(text: string, { context }: Situation): Change | Clarify | undefined {
  for (const pattern of PRIORITISATIONS) {
    const groups = pattern.exec(text)?.groups;
    if (!groups?.ref) continue;
    const lower = /^(?:de|lower)/i.test(groups.verb ?? '');
    const level = groups.level?.trim();
    const priority = level
      ? PRIORITY_LEVELS.find((entry) => entry.pattern.test(level))?.priority
      : lower
        ? 4
        : 1;
    // "sleep is important" is an opinion; "the second one is important" and "call mum is p1" are instructions.
    const statement =
      / (?:is|are)\b|'s /i.test(text.slice(groups.ref.length)) && !/^p[1-4]$/i.test(level ?? '');
    const opinion =
      statement && !points(groups.ref) && !/\btask\b/i.test(groups.ref) && !isInstruction(groups.ref);
    if (!priority || opinion) continue;
    return { kind: 'prioritise', target: resolve(groups.ref, context, ['task']), priority };
  }
  return undefined;
}

function readSnooze(text: string, { context, ...zone }: Situation): Change | Clarify | undefined {
  const snoozed = (ref: string, to: Destination): Change => ({
    kind: 'move',
    target: resolve(ref, context, ['task']),
    to,
    snooze: true,
  });
  const divided = divide(SNOOZE_UNTIL.exec(text)?.groups?.rest, { context, ...zone });
  if (divided) return snoozed(divided.ref, divided.to);
  const ref = firstRef(SNOOZES, text);
  return ref === undefined ? undefined : snoozed(ref || 'it', { date: dayFromNow(zone, 1) });
}

function readMove(text: string, situation: Situation): Change | Clarify | undefined {
  const moved = (ref: string, to: Destination): Change & { kind: 'move' } => ({
    kind: 'move',
    target: resolve(ref, situation.context, ['task', 'goal']),
    to,
    snooze: false,
  });
  const corrected = wholeDate(CORRECTIONS.exec(text)?.groups?.when, situation);
  if (corrected) return moved('it', corrected);
  const { verb = '', rest } = MOVES.exec(text)?.groups ?? {};
  const divided = divide(rest, situation);
  // "put the bins out on Monday" and "move the sofa to the garage on Friday" are tasks of their own.
  const ownTask = (ref: string) =>
    !isExisting(ref, situation.context) &&
    !/\bdue\b|deadline/i.test(text) &&
    (COMMON_MOVES.test(verb) || / to /.test(ref));
  if (divided && !ownTask(divided.ref)) return moved(divided.ref, divided.to);
  if (rest && points(rest))
    return COMMON_MOVES.test(verb) ? undefined : { kind: 'clarify', question: WHICH_DAY };
  const deadline = DEADLINES.exec(text)?.groups;
  const until = wholeDate(deadline?.when, situation);
  if (deadline?.ref && until && isExisting(deadline.ref, situation.context))
    return moved(deadline.ref, until);
  const due = (DEADLINE_OF.exec(text) ?? DUE.exec(text))?.groups;
  const to = wholeDate(due?.when, situation);
  if (
    !due?.ref ||
    !to ||
    /^(?:i|we|what|the|(?:my |all |open )?(?:tasks|goals|problems|to-?dos|things|anything))$/i.test(due.ref)
  )
    return undefined;
  const { time, date } = to;
  const title = due.ref.replace(/^(?:the|my|our) /i, '');
  const task = {
    title: title.charAt(0).toUpperCase() + title.slice(1),
    due_date: date,
    ...(time && { due_time: time }),
  };
  // "rent due Friday" of something that is not there yet is a task.
  return {
    ...moved(due.ref, to),
    otherwise: { tasks: [task], goals: [], problems: [], links: [], updates: [] },
  };
}

/** Words in the longest date that is said. */
const DATE_WORDS = 9;

/** What and when in "the second one to Friday": the longest end that is a date divides them, since a title may contain "to" and "on". */
function divide(
  text: string | undefined,
  situation: Situation,
): { readonly ref: string; readonly to: Destination } | undefined {
  const cuts = [...(text ?? '').matchAll(/ /g)].slice(-DATE_WORDS);
  for (const cut of cuts) {
    const to = wholeDate(text!.slice(cut.index + 1), situation) ?? shift(text!.slice(cut.index + 1));
    const ref = text!
      .slice(0, cut.index)
      .replace(/(?: (?:back|forward|over|out|is|be|to be|due)|'s (?:due date|deadline|date))+$/i, '');
    if (to && !/^(?:the|a|an|my|our|your)$/i.test(ref)) return { ref, to };
  }
  return undefined;
}

/** "by two days". */
function shift(words: string): Destination | undefined {
  const { n = '', unit } = SHIFTS.exec(words.trim())?.groups ?? {};
  if (!unit) return undefined;
  return { days: (NUMBER_WORDS[n.toLowerCase()] ?? Number(n)) * (unit.toLowerCase() === 'week' ? 7 : 1) };
}

/** The date that the words are, and nothing but it: "the garage" and "Friday's report" are none. */
function wholeDate(
  words: string | undefined,
  situation: Situation,
): { readonly date: string; readonly time?: string } | undefined {
  if (!words) return undefined;
  const text = words.trim().replace(/^(?:(?:to|until|till|for|on|by|due|be) )+/i, '');
  const when = findDate(text, situation) ?? findDate(`on ${text}`, situation);
  if (!when || when.past || when.rest.replace(/[^\p{L}\p{N}]/gu, '') !== '') return undefined;
  return { date: when.date, ...(when.time && { time: when.time }) };
}

function firstRef(patterns: readonly RegExp[], text: string): string | undefined {
  for (const pattern of patterns) {
    const match = pattern.exec(text);
    if (match) return match.groups?.ref ?? '';
  }
  return undefined;
}

/** Whether a phrase surely means something that exists: it points, says "task", is quoted, is a title that begins with a verb, or was surfaced. */
function isExisting(phrase: string, context: Situation['context']): boolean {
  if (points(phrase) || /^".+"$/.test(phrase) || /\b(?:task|goal|problem|to-?do)s?\b/i.test(phrase))
    return true;
  if (resolve(phrase, context, ALL_TYPES).kind !== 'title') return true;
  const [first = '', second] = phrase.toLowerCase().split(' ');
  return second !== undefined && ACTION_VERBS.has(first);
}

/**
 * The changes that an instruction makes, as an extraction has them: by title. What was not surfaced goes by the words
 * that name it, and is changed only where they are exactly its title.
 */
export function updatesOf(change: Change): ExtractedUpdate[] {
  const { target } = change;
  const items =
    target.kind === 'known'
      ? target.items
      : target.kind === 'title'
        ? [{ type: target.types[0]!, title: target.title }]
        : [];
  return items
    .map(({ type, title }) => ({ type, title, set: setBy(change, type) }))
    .filter(({ set }) => Object.keys(set).length > 0);
}

function setBy(change: Change, type: EntityType): ExtractedUpdate['set'] {
  switch (change.kind) {
    case 'complete':
      return { status: type === 'problem' ? 'resolved' : 'done' };
    case 'reopen':
    case 'restore':
      return { status: type === 'task' ? 'open' : 'active' };
    case 'archive':
      return { status: 'archived' };
    case 'prioritise':
      return { priority: change.priority };
    case 'move':
      if (!('date' in change.to)) return {};
      if (type === 'goal') return { target_date: change.to.date };
      return { due_date: change.to.date, ...(change.to.time && { due_time: change.to.time }) };
  }
}
