/**
 * A thought in, tasks, goals, problems and the links between them out.
 *
 * The text is cut into clauses; each clause is a task, a goal, a problem, a change to something surfaced, or nothing.
 * A clause is nothing unless a rule says what it is: questions, negations, quotations, hypotheticals, reports and
 * small talk fall through, because a wrong task is worse than a missing one.
 */
import { readChange, updatesOf } from './changes.ts';
import { clauses, isInstruction, isReport, normalise, remarkOf, reportOf, rotated } from './clauses.ts';
import { findDate, type When } from './dates.ts';
import type {
  EntityRef,
  ExtractedGoal,
  ExtractedLink,
  ExtractedProblem,
  ExtractedTask,
  ExtractedUpdate,
  Extraction,
  Situation,
} from './extraction.ts';
import { contentWords, type EntityType, matchReport } from './references.ts';
import {
  ACTION_VERBS,
  ADDITIONS,
  APPOINTMENTS,
  CONNECTORS,
  GOAL_PHRASES,
  INTENTIONS,
  NEEDS,
  NOT_TO_FORGET,
  OBLIGATIONS,
  POLITE,
  PROBLEMS,
  SEQUENCE,
  STATEMENT,
  SWEEPING,
  THEMES,
  VAGUE,
  WISHED_GOAL_VERBS,
  WISHES,
} from './vocabulary.ts';

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

/** Entities of one kind that a message may make, as `capture.apply` takes them. */
const MOST = 50;

function pushNew<T extends { title: string }>(list: T[], entity: T): void {
  if (list.length < MOST && !list.some((other) => other.title.toLowerCase() === entity.title.toLowerCase()))
    list.push(entity);
}

// ------------------------------------------------------------------------------------------ one clause

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

  const updates = readUpdates(body, situation);
  if (updates) return updates;
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
  // "finally rehearse twice": whoever counts steps gives instructions, whatever the verb.
  const step =
    order !== undefined &&
    /\w \w/.test(body) &&
    !/^(?:i|we|you|he|she|they|it|the|there|this|that|my|our)\b/i.test(body) &&
    !STATEMENT.test(body);
  return step || isInstruction(body) || isAppointment(body, situation)
    ? some(task(body, order, situation))
    : [];
}

const some = (found: Found | undefined): Found[] => (found ? [found] : []);

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
      `${groups.body.replace(/^"(.*)"$/, '$1')}${groups.tail?.replace(/^ for /, ' by ') ?? ''}${groups.tag ? ` #${groups.tag.trim()}` : ''}`
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

/** "dentist tomorrow 3pm", "milk #home": no verb, but a time or a mark that makes it something to do. */
function isAppointment(body: string, situation: Situation): boolean {
  if (/\b(?:i|we|you|he|she|they)\b|^(?:it|there|this|that|these|those|not)\b/i.test(body)) return false;
  if (
    /\b(?:is|are|was|were|am|has|had|will|would|isn't|aren't|said|says|comes?|came|arrives?|arrived|leaves?|starts?|ends?|went|goes|depends?)\b/i.test(
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

/** A change or a report among other things that are said. What is not clear about it is left out. */
function readUpdates(body: string, situation: Situation): Found[] | undefined {
  const reported = reportOf(body);
  const done = reported ? matchReport(reported, situation.context.recent) : [];
  const change =
    done.length === 1
      ? ({ kind: 'complete', target: { kind: 'known', items: done } } as const)
      : readChange(body, situation);
  if (!change) return undefined;
  if (change.kind === 'clarify') return [];
  if (change.kind === 'move' && change.target.kind === 'title' && change.otherwise) {
    return change.otherwise.tasks.map((entity) => ({ type: 'task', entity, sequence: undefined }));
  }
  return updatesOf(change).map((update) => ({ type: 'update', update }));
}

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
        /\s+(?:please|pls|thanks|thank you|too|as well|by|at|to|before|until|due|and|or|but|so|then|also|for)$/i,
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
