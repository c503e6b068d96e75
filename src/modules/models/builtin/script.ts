/**
 * What to do about an intent, one step at a time: call tools, or say something and be done.
 *
 * It has no memory: each step is worked out anew from the intent and from the tool results that are there already,
 * so that a turn that was cut off goes on where it was.
 */

import { ALL_TYPES, type Change } from './changes.ts';
import { dayFromNow, type Zone } from './dates.ts';
import type { Situation } from './extraction.ts';
import type { Row, ToolResult } from './prompt.ts';
import { rowsOf } from './prompt.ts';
import {
  contentWords,
  coverage,
  type EntityType,
  type Known,
  matchReport,
  matchTitles,
  type Reference,
} from './references.ts';
import * as replies from './replies.ts';
import type { Intent, ListFilter } from './understand.ts';
import { HELP, IDENTITY } from './vocabulary.ts';

export interface Call {
  readonly tool: string;
  readonly input: Readonly<Record<string, unknown>>;
}
export type Step = { readonly calls: readonly Call[] } | { readonly say: string };

export interface Scene {
  readonly message: string;
  /** The chat that questions belong to, so that what they surface is found again there. */
  readonly chat: string | undefined;
  readonly situation: Situation;
  readonly results: readonly ToolResult[];
  /** The tools that are there. */
  readonly tools: ReadonlySet<string>;
}

const say = (text: string): Step => ({ say: text });
const call = (tool: string, input: Call['input']): Call => ({ tool, input });

const inChat = ({ chat }: Scene) => (chat ? { chat_id: chat } : {});
const ask = (question: string, scene: Scene): Call => call('query_ask', { question, ...inChat(scene) });

/** The most rows a tool lists; a title that has to be found is looked for among as many. */
const MOST = 200;
const PLURAL = { task: 'tasks', goal: 'goals', problem: 'problems' } as const satisfies Record<
  EntityType,
  string
>;

/** A list narrowed to the rows that may have the phrase in their title: the beginning of its longest word, in any form. */
function lookup(type: EntityType, phrase: string, more: Call['input'] = {}): Call {
  const hint = contentWords(phrase)
    .sort((a, b) => b.length - a.length)[0]
    ?.slice(0, 5);
  return call(`${PLURAL[type]}_list`, { ...more, ...(hint && { q: hint }), limit: MOST });
}

/** How each type says that something is done, open again, or in a list. */
const STATUS = {
  task: {
    complete: 'done',
    reopen: 'open',
    open: 'open',
    done: 'done',
    archived: 'archived',
    blocked: 'blocked',
  },
  goal: {
    complete: 'done',
    reopen: 'active',
    open: 'active',
    done: 'done',
    archived: 'archived',
    blocked: 'paused',
  },
  problem: {
    complete: 'resolved',
    reopen: 'active',
    open: 'active',
    done: 'resolved',
    archived: 'archived',
    blocked: 'monitoring',
  },
} as const satisfies Record<EntityType, Record<string, string>>;

/** The next step of the turn. */
export function nextStep(intent: Intent, scene: Scene): Step {
  switch (intent.kind) {
    case 'greeting':
      return say(replies.GREETING);
    case 'thanks':
      return say(replies.WELCOME);
    case 'help':
      return say(HELP);
    case 'identity':
      return say(IDENTITY);
    case 'clarify':
      return say(intent.question);
    case 'remark':
      return say(replies.remark(intent.remark));
    case 'capture': {
      const { updates, ...created } = intent.extraction;
      const input = {
        ...created,
        ...(updates.length > 0 && { updates }),
        message: scene.message,
        ...inChat(scene),
      };
      return once(scene, [call('capture_apply', input)], ([result]) =>
        replies.captured(intent.extraction, result!, scene.situation),
      );
    }
    case 'list':
      return list(intent.entity, intent.filter, scene);
    case 'plan_today':
      return once(scene, [call('plan_today', {})], ([result]) => replies.plan(result!, scene.situation));
    case 'blocking':
      return intent.about === undefined
        ? once(scene, [call('plan_today', {})], ([result]) => replies.blocked(result!, scene.situation))
        : once(scene, [ask(intent.question, scene)], ([result]) => replies.answered(result!));
    case 'remember':
      return once(scene, [call('memory_remember', { text: intent.fact })], () =>
        replies.remembered(intent.fact),
      );
    case 'forget':
      return once(scene, [call('memory_forget', { query: intent.fact })], ([result]) =>
        replies.forgot(intent.fact, result!),
      );
    case 'recall':
      return recall(intent.about, intent.question, scene);
    case 'ask':
      return once(scene, [ask(intent.question, scene)], ([result]) => replies.answered(result!));
    case 'report':
      return report(intent.did, intent.passive, scene);
    case 'unknown':
      return keep(scene);
    default:
      return change(intent, scene);
  }
}

/** Makes the calls, then says what came of them. Says so when a tool is not there or fails. */
function once(scene: Scene, calls: readonly Call[], reply: (results: readonly ToolResult[]) => string): Step {
  const missing = calls.find(
    ({ tool }) => !scene.tools.has(tool) && !scene.results.some(({ name }) => name === tool),
  );
  if (missing) return say(replies.missingTool(missing.tool));
  const names = new Set(calls.map(({ tool }) => tool));
  const results = scene.results.filter(({ name }) => names.has(name));
  if (results.length < calls.length) return { calls };
  const failed = results.find(({ error }) => error !== undefined);
  return say(
    failed && results.every(({ error }) => error !== undefined) ? replies.failed(failed) : reply(results),
  );
}

/** Calls what is there; the result of a call that is not there is empty. */
function look(
  scene: Scene,
  calls: readonly Call[],
): readonly ToolResult[] | { readonly calls: readonly Call[] } {
  const possible = calls.filter(({ tool }) => scene.tools.has(tool));
  const results = scene.results.filter(({ name }) => possible.some(({ tool }) => tool === name));
  return results.length < possible.length ? { calls: possible } : results;
}

function list(entity: EntityType, filter: ListFilter, scene: Scene): Step {
  if (entity === 'task' && filter.status === 'blocked') {
    return once(scene, [call('plan_today', {})], ([result]) => replies.blocked(result!, scene.situation));
  }
  const narrowed = filter.dueTo ?? filter.about ?? filter.urgent ?? filter.count;
  const input = {
    status: STATUS[entity][filter.status],
    ...(entity === 'task' && filter.dueTo && { sort: 'due' }),
    limit: narrowed ? MOST : 50,
  };
  return once(scene, [call(`${PLURAL[entity]}_list`, input)], ([result]) =>
    replies.list(entity, filter, rowsOf(result!), scene.situation),
  );
}

function recall(about: string | undefined, question: string, scene: Scene): Step {
  const asks = about === undefined ? [] : [ask(question, scene)];
  const results = look(scene, [call('memory_recall', { query: about ?? '' }), ...asks]);
  if ('calls' in results) return results;
  const answerOf = (tool: string) => results.find(({ name, error }) => name === tool && error === undefined);
  if (results.length === 0) return say(replies.missingTool('memory_recall'));
  return say(replies.recalled(about, answerOf('memory_recall'), answerOf('query_ask')));
}

/** Stores what was not understood, so that it is not lost. */
function keep(scene: Scene): Step {
  const tool = ['inbox_add', 'capture_thought'].find(
    (name) => scene.tools.has(name) || scene.results.some((result) => result.name === name),
  );
  return tool
    ? once(scene, [call(tool, { message: scene.message, ...inChat(scene) })], () => replies.KEPT)
    : say(replies.NOT_UNDERSTOOD);
}

// ---------------------------------------------------------------------------------------------- changes

/** The tool that makes a change to an item, with its input. */
function callFor(change: Change, { type, id }: Known, zone: Zone, due?: string): Call {
  const plural = PLURAL[type];
  switch (change.kind) {
    case 'complete':
    case 'reopen':
      return type === 'task'
        ? call(`tasks_${change.kind}`, { id })
        : call(`${plural}_update`, { id, status: STATUS[type][change.kind] });
    case 'archive':
    case 'restore':
      return call(`${plural}_${change.kind}`, { id });
    case 'prioritise':
      return call(`${plural}_update`, { id, priority: change.priority });
    case 'move': {
      const { date, time } =
        'date' in change.to ? change.to : { date: shifted(due, change.to.days, zone), time: undefined };
      if (type === 'goal') return call('goals_update', { id, target_date: date });
      if (change.snooze) return call('tasks_snooze', { id, until: date });
      return call('tasks_update', { id, due_date: date, ...(time && { due_time: time }) });
    }
  }
}

/** The day that many days after the one on which it is due, or after today when it is due on none. */
function shifted(due: string | undefined, days: number, zone: Zone): string {
  const from = due ? { now: new Date(`${due.slice(0, 10)}T12:00:00Z`), timezone: 'UTC' } : zone;
  return dayFromNow(from, days);
}

/** What can be changed in which way. */
const FITS: Readonly<Record<Change['kind'], readonly EntityType[]>> = {
  complete: ALL_TYPES,
  reopen: ALL_TYPES,
  archive: ALL_TYPES,
  restore: ALL_TYPES,
  move: ['task', 'goal'],
  prioritise: ['task'],
};

function change(intent: Change, scene: Scene): Step {
  const target = find(intent.kind, intent.target, scene);
  if ('calls' in target) return target;
  if (target.kind === 'title' && intent.kind === 'move' && intent.otherwise)
    return nextStep({ kind: 'capture', extraction: intent.otherwise }, scene);
  if (target.kind === 'title') return say(replies.notFound(target.title, target.types));
  if (target.kind === 'unclear') return say(replies.which(target.options));
  const { items } = target;
  const unfit = items.find(({ type }) => !FITS[intent.kind].includes(type));
  if (unfit) return say(replies.unfit(intent.kind, unfit));
  const dates =
    intent.kind === 'move' && 'days' in intent.to ? dueDates(items, scene) : new Map<string, string>();
  if ('calls' in dates) return dates;
  const calls = items.map((item) => callFor(intent, item, scene.situation, dates.get(item.id)));
  return once(scene, calls, (results) => replies.changed(intent, items, results, scene.situation));
}

/** On which day each is due now. */
function dueDates(
  items: readonly Known[],
  scene: Scene,
): ReadonlyMap<string, string> | { readonly calls: readonly Call[] } {
  const results = look(
    scene,
    items.map(({ type, id }) => call(`${PLURAL[type]}_get`, { id })),
  );
  if ('calls' in results) return results;
  const dates = results
    .flatMap(rowsOf)
    .map(({ id, fields }) => [id, fields.due_date ?? fields.target_date] as const);
  return new Map(dates.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** Turns a title into an item by looking it up; a reference that is clear already is returned as it is. */
function find(
  kind: Change['kind'],
  target: Reference,
  scene: Scene,
): Reference | { readonly calls: readonly Call[] } {
  if (target.kind !== 'title') return target;
  const results = look(
    scene,
    target.types.map((type) => lookup(type, target.title, statusFor(kind, type))),
  );
  if ('calls' in results) return results;
  const rows = unfinished(kind, results.flatMap(rowsOf));
  // The first type that has it wins: "the budget is solved" means the problem before a task that names the budget.
  for (const type of target.types) {
    const found = matchTitles(
      target.title,
      rows.filter((row) => row.type === type),
    );
    // Less than half of a title is too little to change something by: "I finished dinner" is not "Plan the dinner party".
    if (found.length === 1 && coverage(target.title, found[0]!.title) >= 0.5)
      return { kind: 'known', items: found };
    if (found.length === 1) return { kind: 'unclear', options: found };
    if (found.length > 1) return { kind: 'unclear', options: found };
  }
  return target;
}

function statusFor(kind: Change['kind'], type: EntityType): { readonly status?: string } {
  if (kind === 'reopen') return { status: STATUS[type].done };
  return kind === 'restore' ? { status: 'archived' } : {};
}

const unfinished = (kind: Change['kind'], rows: readonly Row[]): readonly Row[] =>
  kind === 'reopen' || kind === 'restore'
    ? rows
    : rows.filter(({ fields }) => !/^(?:done|resolved|archived)$/.test(String(fields.status)));

/** Completes the one task that a report is about. A report about none changes nothing; a remark on the world is kept. */
function report(did: string, passive: boolean, scene: Scene): Step {
  // Of a report only the verb has to be in the title.
  const results = look(scene, [lookup('task', did.split(' ')[0]!)]);
  if ('calls' in results) return results;
  const finished = scene.results.filter(({ name }) => name === 'tasks_complete');
  const found = matchReport(did, unfinished('complete', results.flatMap(rowsOf)));
  if (found.length > 1) return say(replies.which(found));
  if (found.length === 0) return passive ? keep(scene) : say(replies.noted(did));
  const intent = { kind: 'complete', target: { kind: 'known', items: found } } as const;
  return once({ ...scene, results: finished }, [callFor(intent, found[0]!, scene.situation)], (done) =>
    replies.changed(intent, found, done, scene.situation),
  );
}
