/** A text cut into clauses, and what kind of clause each is: an instruction, a report, or something only said. */
import { findDate, type Zone } from './dates.ts';
import type { Remark } from './extraction.ts';
import { baseVerb } from './references.ts';
import {
  ACTION_VERBS,
  CHORES,
  CONNECTORS,
  DATED_REMINDER,
  GOAL_PHRASES,
  HYPOTHETICALS,
  NEEDS,
  NEGATIONS,
  NOT_TO_FORGET,
  OBLIGATIONS,
  PASSIVE_DUTIES,
  PAST_FORMS,
  PROBLEMS,
  QUESTION_START,
  QUOTATIONS,
  SEQUENCE,
  SHOPPING,
  SMALL_TALK,
  STATEMENT,
  VAGUE,
  WISHES,
} from './vocabulary.ts';

/** Straight quotes, single spaces, trimmed lines. Everything below reads such text. */
export function normalise(text: string): string {
  return text
    .replace(/[‘’ʼ´`]/g, "'")
    .replace(/[“”„«»]/g, '"')
    .replace(/[\u00a0\t ]+/g, ' ')
    .replace(/ *\n */g, '\n')
    .trim();
}

const BULLET = /^(?:[-*•·+]|\d{1,2}[.)]|\[[ xX]?\])\s+/;
const SENTENCE_END =
  /(?<=[^\s.]{2}[.!?]|[;…])(?<!\b(?:no|nr|dr|mr|mrs|ms|st|vs|approx|tel|art)\.)\s+(?!p[1-4]\b|#)(?=\S)|\s+(?=\d{1,2}[.)] \p{L})/u;
/** The parts of a text that each say one thing, list markers removed. */
export function clauses(text: string): string[] {
  return normalise(text)
    .split('\n')
    .flatMap((line) => (QUOTATIONS.some((pattern) => pattern.test(line)) ? [line] : line.split(SENTENCE_END)))
    .map((sentence) => sentence.replace(BULLET, ''))
    .flatMap(splitSentence)
    .map((clause) => clause.trim().replace(/^[,;:\s]+|[\s,;]+$/g, ''))
    .filter(Boolean);
}

/** Cuts at commas and "and" where a new thought begins, so that "milk and eggs" stays one. */
function splitSentence(sentence: string): string[] {
  // A question asks about all that is in it.
  if (isHypothetical(sentence) || /\?\s*$/.test(sentence)) return [sentence];
  // What somebody said is not cut up; an instruction before it stands on its own ("call him, he said he is in").
  if (quoted(sentence)) return [leadingInstruction(sentence) ?? sentence];
  const parts: string[] = [];
  let from = 0;
  let marker = '';
  const boundary =
    /\s*(?:,\s*(?:and |but |so |then )?|\s(?:and then|and also|and|but|then|plus|& )\s?|\s[-–—]\s)\s*/gi;
  for (const cut of sentence.matchAll(boundary)) {
    const left = marker + sentence.slice(from, cut.index);
    const right = sentence.slice(cut.index + cut[0].length);
    // "don't buy milk and call the bank" denies both.
    if (/^ and $/i.test(cut[0]) && isNegated(left)) continue;
    if (insideQuote(sentence, cut.index) || !isWhole(left) || !beginsThought(right, cut[0])) continue;
    parts.push(left);
    from = cut.index + cut[0].length;
    marker = /then/i.test(cut[0]) ? 'then ' : '';
  }
  return [...parts, marker + sentence.slice(from)];
}

/** The instruction in front of the first comma, when somebody's words follow it. */
export function leadingInstruction(sentence: string): string | undefined {
  const [lead = '', ...others] = sentence.split(/,\s+/);
  return others.length > 0 && isInstruction(lead) && !quoted(lead) && !isHypothetical(lead)
    ? lead
    : undefined;
}

/** "Check if we could …" is an instruction, whatever it is about. */
export const isHypothetical = (text: string): boolean =>
  !/^(?:ask|check|find out|see|confirm|clarify|decide|verify|test)\b/i.test(text) &&
  HYPOTHETICALS.some((pattern) => pattern.test(text));

const isNegated = (text: string): boolean =>
  !NOT_TO_FORGET.test(text) && NEGATIONS.some((pattern) => pattern.test(text));

const insideQuote = (text: string, index: number): boolean =>
  (text.slice(0, index).split('"').length - 1) % 2 === 1;

export const INTENDED = [WISHES, OBLIGATIONS, NOT_TO_FORGET, NEEDS];

function beginsThought(text: string, boundary: string): boolean {
  const body = text.replace(CONNECTORS, '').replace(SEQUENCE, '');
  const first = body.split(/[\s,.!?]/)[0]?.toLowerCase() ?? '';
  if (SEQUENCE.test(text) || INTENDED.some((pattern) => pattern.test(body))) return true;
  if (CHORES.test(body)) return true;
  if (ACTION_VERBS.has(first) && body.trim().includes(' ')) return !STATEMENT.test(body);
  if (GOAL_PHRASES.some((pattern) => pattern.test(body))) return true;
  const clause = body.split(/[,;]/)[0] ?? '';
  if (PROBLEMS.some((pattern) => pattern.test(clause.trim()))) return true;
  if (boundary.includes(',') && /^(?:i|we|he|she|they|it)\b/i.test(body)) return true;
  // After a comma any clause of its own: "…, but money is tight". A relative one belongs to what it stands behind.
  return (
    boundary.includes(',') &&
    /^(?!which|who|that|whose|where)(?:[\w']+ ){1,4}?(?:is|are|was|were|have|has|need|must|should|will|want|don't|can't)\b/i.test(
      clause,
    )
  );
}

/** A lone verb before "and" ("research and book flights") is not a thought of its own. */
const isWhole = (text: string): boolean => {
  const words = text
    .replace(CONNECTORS, '')
    .replace(SEQUENCE, '')
    .replace(OBLIGATIONS, '')
    .replace(NOT_TO_FORGET, '')
    .trim()
    .split(/\s+/);
  return words.length > 1 || (words[0] ?? '').length === 0;
};

/** Why a clause changes nothing, or undefined when it may. */
export function remarkOf(clause: string): Remark | undefined {
  const bare = clause.replace(/[\s.!…]+$/, '');
  if (PROBLEMS.some((pattern) => pattern.test(bare)) && !/[?]$/.test(bare) && !QUESTION_START.test(bare)) {
    return isHypothetical(bare) ? 'hypothetical' : quoted(bare) ? 'quotation' : undefined;
  }
  if (NOT_TO_FORGET.test(bare)) return undefined;
  if (quoted(bare)) return 'quotation';
  if (/\?\s*$/.test(bare)) return 'question';
  if (isHypothetical(bare)) return 'hypothetical';
  if (NEGATIONS.some((pattern) => pattern.test(bare))) return 'negation';
  if (SMALL_TALK.some((pattern) => pattern.test(bare))) return 'small_talk';
  if (QUESTION_START.test(bare) && !CHORES.test(bare) && !ACTION_VERBS.has(bare.split(' ')[0]!.toLowerCase()))
    return 'question';
  return undefined;
}
const quoted = (clause: string): boolean => QUOTATIONS.some((pattern) => pattern.test(clause));

/** "buy milk": the first word is a verb of ours and the clause is no statement about a noun that looks like one. */
export function isInstruction(body: string): boolean {
  if (CHORES.test(body)) return true;
  const [first = '', second = ''] = body
    .toLowerCase()
    .replace(/[^\p{L}\p{N}'\- ]/gu, ' ')
    .split(/\s+/);
  if (
    !ACTION_VERBS.has(first) ||
    VAGUE.test(body) ||
    /^(?:tell|show|give|read|explain|find|get|send|bring|write|sing|play|make) (?:me|us)\b|^(?:add|put) (?:a )?notes? (?:to|on)\b|^cancel my last (?:message|request)\b/i.test(
      body,
    )
  )
    return false;
  if (
    STATEMENT.test(body) ||
    /\b(?:went|was|were)\b/i.test(body.replace(/\b(?:what|that|who|how|where|when|if|which)\b.*$/i, ''))
  )
    return false;
  return second !== '';
}

/** "I bought milk", "paid the rent": told, not asked for. */
export function isReport(body: string): boolean {
  return reportOf(body) !== undefined;
}

/** The same in the base form ("buy milk"), or undefined. */
export function reportOf(body: string): string | undefined {
  const bare = body
    .replace(/[\s.!]+$/, '')
    .replace(/\s+(?:yesterday|today|this morning|last \w+|already|just now|earlier|a while ago)$/i, '');
  const passive =
    /^(?:the |my |our )?(.+?) (?:is|are|was|were|has been|have been|got)(?: now| already| finally)? (\w+)$/i.exec(
      bare,
    );
  const doneTo = passive && isPast(passive[2]!) ? baseVerb(passive[2]!) : undefined;
  if (passive && doneTo) return `${doneTo} ${passive[1]}`;
  const match =
    /^(?:(?:i|we)(?:'ve| have| had)?\s+)?(?:just |already |finally |also |now |recently )*(\w+)\s+(.+)$/i.exec(
      bare,
    );
  if (!match) return undefined;
  const [, verb = '', object = ''] = match;
  const subject = /^(?:i|we)\b/i.test(bare);
  const base = isPast(verb) ? baseVerb(verb) : undefined;
  // Without a subject, a form that is also a base form ("put", "read", "cut", "set") is an instruction.
  if (!base || (!subject && base === verb.toLowerCase())) return undefined;
  return `${base} ${object}`;
}

const isPast = (verb: string): boolean => /ed$/i.test(verb) || verb.toLowerCase() in PAST_FORMS;

/** "urgent: fix it" and "tomorrow I have to call" with what stands in front put behind, where the rules look for it. */
export function rotated(body: string, zone: Zone): string {
  const urgent = /^(urgent|asap|high priority|low priority)\s*[:,!-]+\s*(.+)$/i.exec(body);
  if (urgent) return `${urgent[2]}, ${urgent[1]}`;
  const items = SHOPPING.exec(body)?.groups?.items;
  if (items) return `buy ${items}`;
  const reminder = DATED_REMINDER.exec(body)?.groups;
  if (reminder && findDate(reminder.when!, zone)?.rest === '') return `${reminder.what} ${reminder.when}`;
  for (const pattern of PASSIVE_DUTIES) {
    const { object = '', verb = '', rest = '' } = pattern.exec(body)?.groups ?? {};
    const base = baseVerb(verb);
    if (base && !/^(?:i|we|you|he|she|they|it|this|that)$/i.test(object))
      return `${base} ${object.replace(/^The /, 'the ')}${rest}`;
  }
  const words = body.split(' ');
  for (let count = 1; count <= Math.min(5, words.length - 2); count++) {
    const lead = words.slice(0, count).join(' ').replace(/[,:]$/, '');
    const rest = words.slice(count).join(' ');
    if (!isInstruction(rest) && !INTENDED.some((pattern) => pattern.test(rest))) continue;
    if (/^(?:after|before|during|every|each) \w/i.test(lead) || findDate(lead, zone)?.rest === '')
      return `${rest} ${lead}`;
  }
  return body;
}
