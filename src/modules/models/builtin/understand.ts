/**
 * One message in, one intent out. Pure: the same text, time and context give the same intent.
 *
 * The rules are tried in this order, and the first that fits wins:
 *   1. greetings, thanks, help, what are you         5. commands about something that exists
 *   2. remember, forget                               6. a report of something done
 *   3. questions and lists (they never change data)   7. capture: `extract` finds something to keep
 *   4. remarks: negation, quotation, hypothetical …   8. unknown, which goes to the inbox
 */
import { ALL_TYPES, type Change, type Clarify, readChange } from './changes.ts';
import {
  clauses,
  isHypothetical,
  isInstruction,
  leadingInstruction,
  normalise,
  remarkOf,
  reportOf,
} from './clauses.ts';
import { dayFromNow, findDate, type When } from './dates.ts';
import { extract, isEmpty } from './extract.ts';
import type { Extraction, Remark, Situation } from './extraction.ts';
import { contentWords, type EntityType, resolve } from './references.ts';
import {
  ACTION_VERBS,
  ADDITIONS,
  CHORES,
  CONNECTORS,
  ENTITY_NOUNS,
  FORGETS,
  GREETINGS,
  HELP_REQUESTS,
  IDENTITY_QUESTIONS,
  LIST_REQUESTS,
  NEGATIONS,
  NOT_TO_FORGET,
  ONE_BY_ONE,
  OWN_VERBS,
  POLITE,
  PROBLEMS,
  QUESTION_START,
  QUOTATIONS,
  READS,
  REMEMBERS,
  SMALL_TALK,
  STATUS_WORDS,
  SWEEPING,
  THANKS,
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
  | Clarify
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
    return {
      kind: 'report',
      did,
      passive: / (?:is|are|was|were|been|got)(?: now| already| finally)? \w+$/i.test(request),
    };
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
    (QUESTION_START.test(plain) &&
      !CHORES.test(plain) &&
      !ACTION_VERBS.has(plain.split(' ')[0]!.toLowerCase()));
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
  const past = /^what (?:did|have) (?:i|we)\b/i.test(text);
  const status = past ? 'done' : (STATUS_WORDS.find(({ pattern }) => pattern.test(text))?.status ?? 'open');
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
