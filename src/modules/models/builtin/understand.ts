/**
 * One message in, one intent out. Pure: the same text, time and context give the same intent.
 *
 * The rules are tried in this order, and the first that fits wins:
 *   1. greetings, thanks, help, what are you         5. commands about something that exists
 *   2. remember, forget                               6. a report of something done
 *   3. questions and lists (they never change data)   7. capture: `extract` finds something to keep
 *   4. remarks: negation, quotation, hypothetical …   8. unknown, which goes to the inbox
 */
import { dayFromNow, findDate, type When } from './dates.ts';
import {
  clauses,
  type Extraction,
  extract,
  isEmpty,
  isHypothetical,
  isInstruction,
  leadingInstruction,
  normalise,
  type Remark,
  remarkOf,
  reportOf,
  type Situation,
} from './extract.ts';
import { contentWords, type EntityType, points, type Reference, resolve } from './references.ts';
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
  DEADLINES,
  DUE,
  EMPTY_REMINDER,
  ENTITY_NOUNS,
  FORGETS,
  GREETINGS,
  HELP_REQUESTS,
  IDENTITY_QUESTIONS,
  LIST_REQUESTS,
  MOVES,
  NEGATIONS,
  NOT_TO_FORGET,
  NUMBER_WORDS,
  ONE_BY_ONE,
  OWN_VERBS,
  POLITE,
  PRIORITISATIONS,
  PRIORITY_LEVELS,
  PROBLEMS,
  QUESTION_START,
  QUOTATIONS,
  READS,
  REMEMBERS,
  REOPENINGS,
  RESTORATIONS,
  SHIFTS,
  SHORT_COMPLETION,
  SMALL_TALK,
  SNOOZE_UNTIL,
  SNOOZES,
  STATUS_WORDS,
  SWEEPING,
  THANKS,
  WHICH_DAY,
} from './vocabulary.ts';

/** Which of a list is wanted. Dates are YYYY-MM-DD, both ends included. */
export interface ListFilter {
  readonly status: 'open' | 'done' | 'blocked' | 'archived';
  readonly dueFrom?: string;
  readonly dueTo?: string;
  readonly urgent?: true;
  /** Words that a title has to contain. */
  readonly about?: string;
  /** "how many" wants a number, not a list. */
  readonly count?: true;
}

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

export type Intent =
  | { readonly kind: 'capture'; readonly extraction: Extraction }
  | { readonly kind: 'list'; readonly entity: EntityType; readonly filter: ListFilter }
  | { readonly kind: 'plan_today' }
  | { readonly kind: 'blocking'; readonly about: string | undefined; readonly question: string }
  | Change
  /** Something the user says he did; it completes a task only when it clearly is one. */
  | { readonly kind: 'report'; readonly did: string; readonly passive: boolean }
  | { readonly kind: 'remember' | 'forget'; readonly fact: string }
  | { readonly kind: 'recall'; readonly about: string | undefined; readonly question: string }
  /** A question about what is stored that no rule answers by itself. */
  | { readonly kind: 'ask'; readonly question: string }
  /** Something is missing; `question` asks for it. */
  | { readonly kind: 'clarify'; readonly question: string }
  | { readonly kind: 'remark'; readonly remark: Remark }
  | { readonly kind: 'help' | 'identity' | 'greeting' | 'thanks' }
  | { readonly kind: 'unknown' };

/** Characters. A longer message is a text to keep, not a request; rules would only find accidents in it. */
const LONGEST = 2000;

/** What the user wants. Never an intent that changes data for a question, a negation, a quotation or a hypothetical. */
export function understand(text: string, situation: Situation): Intent {
  const message = normalise(text);
  const bare = message.replace(/[\s.!…]+$/, '');
  if (!/[\p{L}\p{N}]/u.test(bare)) return { kind: 'remark', remark: 'small_talk' };
  if (bare.length > LONGEST) return { kind: 'unknown' };
  const social = readSocial(bare);
  if (social) return social;

  const request = unwrap(bare);
  const memory = readMemory(request);
  if (memory) return memory;
  if (!bare.includes('\n')) {
    const question = readQuestion(request, situation);
    if (question) return question;
    const remark = readRemark(request);
    if (remark) return remark;
    const change = readChange(request, situation);
    if (change) return change;
  }
  const extraction = extract(request, situation);
  const { tasks, goals, problems } = extraction;
  const did = reportOf(request.replace(CONNECTORS, ''));
  if (did && tasks.length + goals.length + problems.length === 0)
    return { kind: 'report', did, passive: !/^(?:(?:i|we)\b|\w+(?:ed|t|d|nt)\b)/i.test(request) };
  if (!isEmpty(extraction)) return { kind: 'capture', extraction };
  const parts = clauses(request);
  if (parts.some((clause) => SWEEPING.test(clause))) return { kind: 'clarify', question: ONE_BY_ONE };
  const idle = parts.map((clause) => remarkOf(clause.replace(CONNECTORS, '')));
  if (parts.length > 0 && idle.every((remark) => remark !== undefined))
    return { kind: 'remark', remark: idle[0]! };
  return { kind: 'unknown' };
}

function readSocial(bare: string): Intent | undefined {
  const plain = bare.replace(/[?\s]+$/, '');
  if (GREETINGS.test(plain)) return { kind: 'greeting' };
  if (THANKS.test(plain)) return { kind: 'thanks' };
  if (HELP_REQUESTS.test(plain)) return { kind: 'help' };
  if (IDENTITY_QUESTIONS.test(plain)) return { kind: 'identity' };
  return undefined;
}

/** Takes "could you please …?" off, when what follows is an instruction to us; "could you buy milk?" stays a question. */
function unwrap(bare: string): string {
  const greeted = bare.replace(
    /^(?:hey|hi|hello|ok|okay|so|steward|thanks|thank you|great|and|now|also)(?:[ ,!.]+steward)?[ ,!.]+(?=\S)/i,
    '',
  );
  const polite = POLITE.exec(greeted);
  if (!polite) return greeted;
  const rest = greeted.slice(polite[0].length).replace(/(?:,? please)?[?\s]*$/i, '');
  const asked = /^(?:can|could|would|will)/i.test(
    polite[0].trim().replace(/^(?:hey|hi|hello|ok|okay|so|steward|please)[ ,:]+/gi, ''),
  );
  return !asked || OWN_VERBS.test(rest) ? rest : greeted;
}

function readMemory(text: string): Intent | undefined {
  if (/\?$/.test(text)) return undefined;
  for (const pattern of REMEMBERS) {
    const fact = pattern.exec(text)?.groups?.fact?.trim();
    if (fact && !/^to\b/i.test(fact)) return { kind: 'remember', fact };
  }
  for (const pattern of FORGETS) {
    const fact = pattern.exec(text)?.groups?.fact?.trim();
    if (fact) return { kind: 'forget', fact };
  }
  return undefined;
}

// -------------------------------------------------------------------------------------------- questions

function readQuestion(text: string, situation: Situation): Intent | undefined {
  const plain = text
    .replace(/[?\s.!]+$/, '')
    .replace(/^(?:and|so|but|also|ok|now)[ ,]+/i, '')
    .replace(/(?:,? please)$/i, '');
  for (const { pattern, reads } of READS) {
    const match = pattern.exec(plain);
    if (!match) continue;
    const about = match.groups?.about?.replace(/^(?:me|us|everything|it all)$/i, '').trim() || undefined;
    if (reads === 'plan') return { kind: 'plan_today' };
    if (reads === 'ask' && !LIST_REQUESTS.some((list) => list.test(plain)))
      return { kind: 'ask', question: named(text, situation) };
    if (reads === 'ask') continue;
    if (reads === 'blocking') return { kind: 'blocking', about, question: named(text, situation) };
    if (!isOwnBusiness(plain)) return { kind: 'recall', about, question: text };
  }
  if (
    LIST_REQUESTS.some((pattern) => pattern.test(plain)) &&
    !ADDITIONS.some((pattern) => pattern.test(plain))
  ) {
    return readList(plain, situation);
  }
  const asks =
    /\?$/.test(text.trim()) ||
    (QUESTION_START.test(plain) && !ACTION_VERBS.has(plain.split(' ')[0]!.toLowerCase()));
  if (!asks || SMALL_TALK.some((pattern) => pattern.test(plain))) return undefined;
  if (!/\?$/.test(text.trim()) && PROBLEMS.some((pattern) => pattern.test(plain))) return undefined;
  // Several sentences, one of them a question: the others may still be a capture.
  if (
    clauses(text).length > 1 &&
    clauses(text).some((clause) => !/\?$/.test(clause) && isInstruction(clause))
  )
    return undefined;
  return { kind: 'ask', question: named(text, situation) };
}

/** The question with the title of what it points at, since whoever answers it has not seen what was shown. */
function named(question: string, { context }: Situation): string {
  return question.replace(POINTERS, (phrase) => {
    const target = resolve(phrase, context, ALL_TYPES);
    if (/^it$/i.test(phrase) && context.focus.length !== 1) return phrase;
    return target.kind === 'known' && target.items.length === 1 ? `"${target.items[0]!.title}"` : phrase;
  });
}
const POINTERS =
  /\b(?:the (?:first|second|third|fourth|fifth|last)(?: one| task| goal)?|number \d+|(?:that|this) (?:one|task|goal|problem)|it)\b/gi;

/** "what's my next task" is about what is stored here, "what's my wifi password" about what was remembered. */
const isOwnBusiness = (text: string): boolean =>
  /\b(?:tasks?|to-?dos?|goals?|problems?|issues?|plan|agenda|deadline|due|overdue|priorit\w+|inbox|progress|status|state)\b/i.test(
    text,
  );

function readList(text: string, situation: Situation): Intent {
  const entity = ENTITY_NOUNS.find(({ pattern }) => pattern.test(text))?.type ?? 'task';
  const status = STATUS_WORDS.find(({ pattern }) => pattern.test(text))?.status ?? 'open';
  const about =
    /\b(?:about|regarding|related to|concerning|with the tag|tagged|for the|on the)\s+(?:the |my |our )?(.+)$/i.exec(
      text,
    )?.[1];
  const today = dayFromNow(situation);
  const late = /\b(?:overdue|late|missed)\b/i.test(text);
  const when = late || status === 'done' ? undefined : findDate(text, situation);
  const whole =
    /\b(?:this|the|next|coming)\s+(?:week|month|year|weekend)\b|\buntil\b|\bby\b|\bbefore\b|\bin the next\b/i.test(
      text,
    );
  return {
    kind: 'list',
    entity,
    filter: {
      status,
      ...(late && { dueTo: dayFromNow(situation, -1) }),
      ...(when && {
        dueFrom: whole && !/\bnext week\b/i.test(text) ? today : when.date,
        dueTo: /\bnext week\b/i.test(text) ? daysAfter(when, 6) : weekEnd(text, when),
      }),
      ...(/\b(?:urgent|important|high priority)\b/i.test(text) && { urgent: true as const }),
      ...(about && !when && contentWords(about).length > 0 && { about }),
      ...(/^how many\b/i.test(text) && { count: true as const }),
    },
  };
}
const daysAfter = ({ date }: When, days: number): string => {
  const day = new Date(`${date}T00:00:00Z`);
  day.setUTCDate(day.getUTCDate() + days);
  return day.toISOString().slice(0, 10);
};
/** "this week" is due on Friday but lists its weekend, too. */
const weekEnd = (text: string, when: When): string => {
  if (/\bthis week\b/i.test(text) && new Date(`${when.date}T00:00:00Z`).getUTCDay() === 5)
    return daysAfter(when, 2);
  return /\bweekend\b/i.test(text) ? daysAfter(when, 1) : when.date;
};

// ---------------------------------------------------------------------------------------------- remarks

/** A message that as a whole is only said: one thought, or several that all begin with "if". */
function readRemark(text: string): Intent | undefined {
  if (
    QUOTATIONS.some((pattern) => pattern.test(text)) &&
    !isCommandOnQuote(text) &&
    !leadingInstruction(text)
  )
    return { kind: 'remark', remark: 'quotation' };
  if (ADDITIONS.some((pattern) => pattern.test(text))) return undefined;
  if (SMALL_TALK.some((pattern) => pattern.test(text.replace(/[?\s]+$/, ''))))
    return { kind: 'remark', remark: 'small_talk' };
  const parts = clauses(text);
  if (parts.length > 1 && !isHypothetical(text)) return undefined;
  if (NOT_TO_FORGET.test(text)) return undefined;
  if (PROBLEMS.some((pattern) => pattern.test(text))) return undefined;
  if (isHypothetical(text)) return { kind: 'remark', remark: 'hypothetical' };
  if (NEGATIONS.some((pattern) => pattern.test(text))) return { kind: 'remark', remark: 'negation' };
  return undefined;
}

/** `mark "Buy milk" as done`: the quotes hold a title. */
const isCommandOnQuote = (text: string): boolean =>
  /^(?:add|create|mark|complete|reopen|move|reschedule|snooze|archive|delete|remove|prioriti[sz]e|set|make|new|tick|check|close)\b/i.test(
    text,
  );

// ---------------------------------------------------------------------------------------------- changes

const ALL_TYPES: readonly EntityType[] = ['task', 'goal', 'problem'];

function readChange(text: string, situation: Situation): Intent | undefined {
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

function readReopen(text: string, { context }: Situation): Intent | undefined {
  const ref = firstRef(REOPENINGS, text);
  if (ref !== undefined) return { kind: 'reopen', target: resolve(ref || 'it', context, ALL_TYPES) };
  const restored = firstRef(RESTORATIONS, text);
  return restored === undefined
    ? undefined
    : { kind: 'restore', target: resolve(restored, context, ALL_TYPES) };
}

function readCompletion(text: string, { context }: Situation): Intent | undefined {
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

function readArchival(text: string, { context }: Situation): Intent | undefined {
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

function readPriority(text: string, { context }: Situation): Intent | undefined {
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

function readSnooze(text: string, { context, ...zone }: Situation): Intent | undefined {
  const snoozed = (ref: string, to: Destination): Intent => ({
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

function readMove(text: string, situation: Situation): Intent | undefined {
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
  const due = DUE.exec(text)?.groups;
  const to = wholeDate(due?.when, situation);
  if (!due?.ref || !to || /^(?:i|we|what|the)$/i.test(due.ref)) return undefined;
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
