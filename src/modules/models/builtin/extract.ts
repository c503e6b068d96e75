/**
 * A thought in, tasks, goals, problems and the links between them out.
 *
 * The text is cut into clauses; each clause is a task, a goal, a problem, a change to something surfaced, or nothing.
 * A clause is nothing unless a rule says what it is: questions, negations, quotations, hypotheticals, reports and
 * small talk fall through, because a wrong task is worse than a missing one.
 */
import { findDate, type When, type Zone } from './dates.ts';
import {
  baseVerb,
  contentWords,
  type EntityType,
  type Known,
  matchReport,
  resolve,
  type Surfaced,
} from './references.ts';
import {
  ACTION_VERBS,
  ADDITIONS,
  APPOINTMENTS,
  COMPLETIONS,
  CONNECTORS,
  GOAL_PHRASES,
  HYPOTHETICALS,
  INTENTIONS,
  NEEDS,
  NEGATIONS,
  NOT_TO_FORGET,
  OBLIGATIONS,
  PAST_FORMS,
  POLITE,
  PROBLEMS,
  QUESTION_START,
  QUOTATIONS,
  SEQUENCE,
  SMALL_TALK,
  STATEMENT,
  SWEEPING,
  THEMES,
  VAGUE,
  WISHED_GOAL_VERBS,
  WISHES,
} from './vocabulary.ts';

export interface ExtractedTask {
  title: string;
  notes?: string;
  priority?: 1 | 2 | 3 | 4;
  impact_score?: 1 | 2 | 3 | 4 | 5;
  due_date?: string;
  due_time?: string;
  tags?: string[];
  status?: 'open' | 'done';
}
export interface ExtractedGoal {
  title: string;
  description?: string;
  horizon?: string;
  target_date?: string;
}
export interface ExtractedProblem {
  title: string;
  description?: string;
  severity?: 1 | 2 | 3 | 4 | 5;
}
export interface EntityRef {
  type: EntityType;
  title: string;
}
export type LinkType = 'depends_on' | 'blocks' | 'supports_goal' | 'related' | 'addresses_problem';
export interface ExtractedLink {
  from: EntityRef;
  to: EntityRef;
  link_type: LinkType;
}
export interface ExtractedUpdate {
  type: EntityType;
  title: string;
  set: { status?: string; due_date?: string; due_time?: string; target_date?: string; priority?: number };
}
/** The input of `capture.apply` and what the purpose "extraction" answers. */
export interface Extraction {
  tasks: ExtractedTask[];
  goals: ExtractedGoal[];
  problems: ExtractedProblem[];
  links: ExtractedLink[];
  updates: ExtractedUpdate[];
}

/** Where the user is and what he has just seen. */
export interface Situation extends Zone {
  readonly context: Surfaced;
}

type Found =
  | { readonly type: 'task'; readonly entity: ExtractedTask; readonly sequence: 'first' | 'then' | undefined }
  | { readonly type: 'goal'; readonly entity: ExtractedGoal }
  | { readonly type: 'problem'; readonly entity: ExtractedProblem }
  | { readonly type: 'update'; readonly update: ExtractedUpdate };

/** Everything in `text` that is to be kept. All lists are empty when there is nothing. */
export function extract(text: string, situation: Situation): Extraction {
  const result: Extraction = { tasks: [], goals: [], problems: [], links: [], updates: [] };
  const tasks: (Found & { type: 'task' })[] = [];
  const asWhole = addition(normalise(text), situation);
  for (const found of asWhole ?? clauses(text).flatMap((clause) => readClause(clause, situation))) {
    if (found.type === 'task') tasks.push(found);
    if (found.type === 'task') pushNew(result.tasks, found.entity);
    else if (found.type === 'goal') pushNew(result.goals, found.entity);
    else if (found.type === 'problem') pushNew(result.problems, found.entity);
    else result.updates.push(found.update);
  }
  result.links = links(result, tasks);
  return result;
}

export const isEmpty = ({ tasks, goals, problems, updates }: Extraction): boolean =>
  tasks.length + goals.length + problems.length + updates.length === 0;

/** Straight quotes, single spaces, trimmed lines. Everything below reads such text. */
export function normalise(text: string): string {
  return text
    .replace(/[‘’ʼ´`]/g, "'")
    .replace(/[“”„«»]/g, '"')
    .replace(/[\u00a0\t ]+/g, ' ')
    .replace(/ *\n */g, '\n')
    .trim();
}

/** Entities of one kind that a message may make, as `capture.apply` takes them. */
const MOST = 50;

function pushNew<T extends { title: string }>(list: T[], entity: T): void {
  if (list.length < MOST && !list.some((other) => other.title.toLowerCase() === entity.title.toLowerCase()))
    list.push(entity);
}

// ---------------------------------------------------------------------------------------------- clauses

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

const INTENDED = [WISHES, OBLIGATIONS, NOT_TO_FORGET, NEEDS];

function beginsThought(text: string, boundary: string): boolean {
  const body = text.replace(CONNECTORS, '').replace(SEQUENCE, '');
  const first = body.split(/[\s,.!?]/)[0]?.toLowerCase() ?? '';
  if (SEQUENCE.test(text) || INTENDED.some((pattern) => pattern.test(body))) return true;
  if (ACTION_VERBS.has(first) && body.trim().includes(' ')) return !STATEMENT.test(body);
  if (GOAL_PHRASES.some((pattern) => pattern.test(body))) return true;
  const clause = body.split(/[,;]/)[0] ?? '';
  if (PROBLEMS.some((pattern) => pattern.test(clause.trim()))) return true;
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

// ------------------------------------------------------------------------------------------ one clause

export type Remark = 'question' | 'negation' | 'hypothetical' | 'quotation' | 'small_talk';

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
  if (QUESTION_START.test(bare) && !ACTION_VERBS.has(bare.split(' ')[0]!.toLowerCase())) return 'question';
  return undefined;
}
const quoted = (clause: string): boolean => QUOTATIONS.some((pattern) => pattern.test(clause));

function readClause(clause: string, situation: Situation): Found[] {
  const direct = addition(clause, situation);
  if (direct) return direct;
  let body = clause.replace(CONNECTORS, '').trim();
  const sequence = SEQUENCE.exec(body);
  if (sequence) body = body.slice(sequence[0].length).trim();
  const late = /,? first$/i.exec(body.replace(/[\s.!…]+$/, ''));
  if (late && !sequence) body = body.slice(0, late.index);
  const order = sequence?.groups?.first || late ? 'first' : sequence ? 'then' : undefined;
  body = rotated(body.replace(CONNECTORS, '').replace(/[\s.!…]+$/, ''), situation);
  if (!body || SWEEPING.test(body) || remarkOf(body) !== undefined) return [];

  const update = readUpdate(body, situation);
  if (update) return [update];
  const problem = readProblem(body, situation);
  if (problem) return [problem];

  const opener = [WISHES, NOT_TO_FORGET, OBLIGATIONS].find((pattern) => pattern.test(body));
  if (opener) return readIntention(body, opener, order, situation);
  const needed = NEEDS.exec(body)?.groups?.noun;
  if (needed) return some(task(`get ${needed}`, order, situation));
  const had = APPOINTMENTS.exec(body)?.groups?.noun;
  if (had) return findDate(had, situation)?.past === false ? some(task(had, order, situation)) : [];
  if (isReport(body)) return [];
  if (isGoal(body, situation) && !STATEMENT.test(body)) return some(goal(body, situation));
  return isInstruction(body) || isAppointment(body, situation) ? some(task(body, order, situation)) : [];
}

const some = (found: Found | undefined): Found[] => (found ? [found] : []);

/** "urgent: fix it" and "tomorrow I have to call" with what stands in front put behind, where the rules look for it. */
function rotated(body: string, situation: Situation): string {
  const urgent = /^(urgent|asap|high priority|low priority)\s*[:,!-]+\s*(.+)$/i.exec(body);
  if (urgent) return `${urgent[2]}, ${urgent[1]}`;
  const words = body.split(' ');
  for (let count = 1; count <= Math.min(5, words.length - 2); count++) {
    const lead = words.slice(0, count).join(' ').replace(/[,:]$/, '');
    const rest = words.slice(count).join(' ');
    if (!isInstruction(rest) && !INTENDED.some((pattern) => pattern.test(rest))) continue;
    if (/^(?:after|before|during) \w/i.test(lead) || findDate(lead, situation)?.rest === '')
      return `${rest} ${lead}`;
  }
  return body;
}

/** "add …", "new goal: …", "remind me about …": the user said what it is. */
function addition(clause: string, situation: Situation): Found[] | undefined {
  const text = clause
    .replace(CONNECTORS, '')
    .replace(POLITE, '')
    .replace(/[\s.!?]+$/, '');
  if (text.includes('\n')) return undefined;
  for (const pattern of ADDITIONS) {
    const groups = pattern.exec(text)?.groups;
    if (!groups?.body) continue;
    const kind = groups.kind?.toLowerCase();
    const body =
      `${groups.body.replace(/^"(.*)"$/, '$1')}${groups.tail ?? ''}${groups.tag ? ` #${groups.tag.trim()}` : ''}`
        .replace(OBLIGATIONS, '')
        .replace(/^to (?=[a-z])/i, '');
    if (/^(?:it|that|this|them)$/i.test(body.trim())) return [];
    if (kind?.startsWith('goal')) return some(goal(body, situation));
    if (kind === 'problem' || kind === 'issue') return [problemOf(body, body, situation)];
    const items = /\b(?:task|to-?do)s?\s*:/i.test(text) ? body.split(/\s*[,;]\s*(?:and )?/) : [body];
    const found = items.map((item) => task(item, undefined, situation)).filter((item) => item !== undefined);
    if (found.length > 0) return found;
  }
  return undefined;
}

/** What somebody wants or has to do: a goal when it is a matter of months, else a task. */
function readIntention(
  body: string,
  opener: RegExp,
  order: 'first' | 'then' | undefined,
  situation: Situation,
): Found[] {
  const said = opener.exec(body)?.[0] ?? '';
  const thing = body.slice(said.length);
  const wished = opener === WISHES;
  const [first = ''] = thing.toLowerCase().split(/[\s,]/);
  if (isGoal(thing, situation) || (wished && WISHED_GOAL_VERBS.has(first) && !isMarked(thing, situation)))
    return some(goal(thing, situation));
  if (VAGUE.test(thing)) return [];
  if (/\b(?:hope|aim|dream|goals?|ambition|objective|resolution)\b/i.test(said))
    return some(goal(thing, situation));
  if (ACTION_VERBS.has(first)) return some(task(thing, order, situation));
  // Of a duty any verb will do ("we have to defog the mirror"); of a plan only one we know ("going to Italy").
  return INTENTIONS.test(said) || wished ? [] : some(task(thing, order, situation));
}

const isGoal = (thing: string, situation: Situation): boolean =>
  GOAL_PHRASES.some((pattern) => pattern.test(thing)) && !isMarked(thing, situation);

/** A tag, a priority or a time of day makes it a task, however big it sounds. */
const isMarked = (thing: string, situation: Situation): boolean =>
  /(?:^|\s)(?:#\w|p[1-4]\b)/i.test(thing) || hasTime(thing, situation);
const hasTime = (text: string, situation: Situation): boolean =>
  findDate(text, situation)?.time !== undefined;

/** "buy milk": the first word is a verb of ours and the clause is no statement about a noun that looks like one. */
export function isInstruction(body: string): boolean {
  const [first = '', second = ''] = body
    .toLowerCase()
    .replace(/[^\p{L}\p{N}'\- ]/gu, ' ')
    .split(/\s+/);
  if (
    !ACTION_VERBS.has(first) ||
    VAGUE.test(body) ||
    /^(?:tell|show|give|read|explain|find|get|send|bring) (?:me|us)\b/i.test(body)
  )
    return false;
  if (
    STATEMENT.test(body) ||
    /\b(?:went|was|were)\b/i.test(body.replace(/\b(?:what|that|who|how|where|when|if|which)\b.*$/i, ''))
  )
    return false;
  return second !== '';
}

/** "dentist tomorrow 3pm", "milk #home": no verb, but a time or a mark that makes it something to do. */
function isAppointment(body: string, situation: Situation): boolean {
  if (/\b(?:i|we|you|he|she|they)\b|^(?:it|there|this|that|these|those|not)\b/i.test(body)) return false;
  if (
    /\b(?:is|are|was|were|am|has|had|will|would|isn't|aren't|said|says|comes?|came|arrives?|arrived|leaves?|starts?|ends?|went|goes)\b/i.test(
      body,
    )
  )
    return false;
  if (/(?:^|\s)(?:#\w+|p[1-4])\b/i.test(body)) return true;
  const when = findDate(body, situation);
  return (
    when !== undefined &&
    !when.past &&
    /\p{L}{3}/u.test(when.rest) &&
    when.rest !== body &&
    when.rest.split(/\s+/).length <= 10 &&
    !isReport(body)
  );
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

function readUpdate(body: string, situation: Situation): Found | undefined {
  const { recent } = situation.context;
  const reported = reportOf(body);
  const items = reported ? matchReport(reported, recent) : [];
  if (items.length === 1) return done(items[0]!);
  for (const pattern of COMPLETIONS) {
    const match = pattern.exec(body);
    if (!match) continue;
    const reference = resolve(match.groups?.ref ?? 'it', situation.context, ['task', 'goal', 'problem']);
    if (reference.kind === 'known' && reference.items.length === 1) return done(reference.items[0]!);
  }
  return undefined;
}
const done = (item: Known): Found => ({
  type: 'update',
  update: {
    type: item.type,
    title: item.title,
    set: { status: item.type === 'problem' ? 'resolved' : 'done' },
  },
});

function readProblem(body: string, situation: Situation): Found | undefined {
  for (const pattern of PROBLEMS) {
    const groups = pattern.exec(body)?.groups;
    const title = groups?.what ?? groups?.whole;
    if (title && !/^(?:it|that|this|there|what|who|which|no|not|i|we|you|he|she|they)$/i.test(title.trim())) {
      return problemOf(title, body, situation);
    }
  }
  return undefined;
}

// -------------------------------------------------------------------------------------------- entities

const TAG = /(?:^|\s)#([\p{L}][\p{L}\p{N}_-]*)/gu;
const PRIORITY =
  /(?:^|\s)(?:!|prio(?:rity)?\s*)?p([1-4])\b|(?:^|[\s,(])(?:with )?prio(?:rity)?:?\s*([1-4])\b\)?/i;
const PRIORITY_WORDS: readonly (readonly [RegExp, 1 | 2 | 3 | 4])[] = [
  [
    /[\s,(]*\b(?:it's |this is |is )?(?:very |really )?(?:urgent(?:ly)?|asap|top priority|highest priority|!!+)\)?(?=$|[\s,.!)])/i,
    1,
  ],
  [/[\s,(]*\b(?:with )?high priority\b\)?/i, 2],
  [/[\s,(]*\b(?:with )?low priority\b\)?/i, 4],
];
const IMPACT = /(?:^|\s)impact[: ]?([1-5])\b/i;

function task(
  text: string,
  sequence: 'first' | 'then' | undefined,
  situation: Situation,
): (Found & { type: 'task' }) | undefined {
  let body = text;
  const entity: ExtractedTask = { title: '' };
  const tags = [...body.matchAll(TAG)].map((match) => match[1]!.toLowerCase());
  body = body.replace(TAG, ' ');
  const priority = PRIORITY.exec(body);
  if (priority) {
    entity.priority = Number(priority[1] ?? priority[2]) as 1 | 2 | 3 | 4;
    body = body.replace(PRIORITY, ' ');
  }
  for (const [pattern, level] of PRIORITY_WORDS) {
    if (entity.priority !== undefined || !pattern.test(body)) continue;
    entity.priority = level;
    // "asap" is a date, too, and is taken out with it below
    if (!/asap/i.test(pattern.exec(body)![0])) body = body.replace(pattern, ' ');
  }
  const impact = IMPACT.exec(body);
  if (impact) {
    entity.impact_score = Number(impact[1]) as 1 | 2 | 3 | 4 | 5;
    body = body.replace(IMPACT, ' ');
  }
  const when = findDate(body, situation);
  if (when && !when.past) {
    entity.due_date = when.date;
    if (when.time) entity.due_time = when.time;
  }
  if (tags.length > 0) entity.tags = [...new Set(tags)];
  // "the rent is due on Friday" leaves "the rent is"
  entity.title = titleOf(when && !when.past ? when.rest.replace(/ (?:is|are)$/i, '') : body);
  return entity.title.length >= 2 && !VAGUE.test(entity.title)
    ? { type: 'task', entity, sequence }
    : undefined;
}

function goal(text: string, situation: Situation): Found | undefined {
  const body = text.replace(TAG, ' ').replace(PRIORITY, ' ');
  const when: When | undefined = findDate(body, situation);
  const title = titleOf((when && !when.past ? when.rest : body).replace(/^(?:my|our) /i, ''));
  if (title.length < 3) return undefined;
  return { type: 'goal', entity: { title, ...(when && !when.past && { target_date: when.date }) } };
}

function problemOf(what: string, clause: string, situation: Situation): Found & { type: 'problem' } {
  const when = findDate(what, situation);
  const title = titleOf(
    (when && !when.past ? when.rest : what).replace(/^(?:that |the |my |our |a |an )+/i, ''),
  );
  const severity = /\b(?:huge|serious|major|critical|biggest|terrible)\b/i.test(clause)
    ? 4
    : /\b(?:small|minor|little)\b/i.test(clause)
      ? 2
      : undefined;
  const description = titleOf(clause);
  return {
    type: 'problem',
    entity: {
      title,
      ...(description.toLowerCase() !== title.toLowerCase() && { description }),
      ...(severity && { severity }),
    },
  };
}

/** A title: no politeness, no dangling preposition or punctuation, a capital first letter, at most 200 characters. */
function titleOf(text: string): string {
  let title = text
    .replace(/\s+/g, ' ')
    .replace(/ (?=[,;.!?])/g, '')
    .trim();
  if (/\p{Lu}{2}/u.test(title) && title === title.toUpperCase() && title.includes(' '))
    title = title.toLowerCase();
  for (let before = ''; before !== title; ) {
    before = title;
    title = title
      .replace(/^[\s,;:.!?()-]+|[\s,;:.!?(-]+$/g, '')
      .replace(
        /\s+(?:please|pls|thanks|thank you|too|as well|by|at|before|until|due|and|or|but|so|then|also|for)$/i,
        '',
      )
      .replace(/^(?:please|pls|also|just|to|and|really|still)\s+/i, '');
  }
  return (title.charAt(0).toUpperCase() + title.slice(1)).slice(0, 200);
}

// ----------------------------------------------------------------------------------------------- links

/** What belongs together: tasks serve the one goal named with them, problems stand in its way, an order is a dependency. */
function links(
  { goals, problems, tasks }: Extraction,
  ordered: readonly (Found & { type: 'task' })[],
): ExtractedLink[] {
  const result: ExtractedLink[] = [];
  const [goal] = goals;
  const ref = (type: EntityType, { title }: { title: string }): EntityRef => ({ type, title });
  if (goal && goals.length === 1) {
    for (const task of tasks)
      result.push({ from: ref('task', task), to: ref('goal', goal), link_type: 'supports_goal' });
    for (const problem of problems)
      result.push({ from: ref('problem', problem), to: ref('goal', goal), link_type: 'related' });
  }
  for (const problem of problems) {
    const answers = tasks.filter((task) => sameTheme(task.title, problem.title));
    const addressing =
      answers.length > 0 ? answers : !goal && problems.length === 1 && tasks.length === 1 ? tasks : [];
    for (const task of addressing)
      result.push({ from: ref('task', task), to: ref('problem', problem), link_type: 'addresses_problem' });
  }
  ordered.forEach((current, index) => {
    const previous = ordered[index - 1];
    if (current.sequence === 'then' && previous)
      result.push({
        from: ref('task', current.entity),
        to: ref('task', previous.entity),
        link_type: 'depends_on',
      });
  });
  return result;
}

function sameTheme(one: string, other: string): boolean {
  const words = (text: string) => text.toLowerCase().split(/[^\p{L}]+/u);
  const shared = contentWords(one).filter((word) => contentWords(other).includes(word));
  return (
    shared.length > 0 ||
    Object.values(THEMES).some(
      (theme) => words(one).some((word) => theme.has(word)) && words(other).some((word) => theme.has(word)),
    )
  );
}
