/** Every sentence the built-in model says about what its tools answered. Short, plain, with titles and dates. */

import type { Change, Destination } from './changes.ts';
import { describeDate, type Zone } from './dates.ts';
import type { ExtractedTask, Extraction, Remark } from './extraction.ts';
import { type Row, record, rowsOf, type ToolResult } from './prompt.ts';
import { contentWords, type EntityType, type Known, normTitle } from './references.ts';
import type { ListFilter } from './understand.ts';
import { WHICH } from './vocabulary.ts';

export const GREETING = 'Hello. Tell me what is on your mind, or ask "what should I do today?".';
export const WELCOME = 'You are welcome.';
export const KEPT =
  'I did not understand that, so I kept it in your inbox as it is. (I am a built-in set of rules, not an LLM; "help" shows what I understand.)';
export const NOT_UNDERSTOOD =
  'I did not understand that, and changed nothing. (I am a built-in set of rules, not an LLM; "help" shows what I understand.)';
const NOTHING_SURFACED = `${WHICH} Ask "what's open?" first, or name it.`;

const REMARKS: Readonly<Record<Remark, string>> = {
  question: 'I have no answer to that. I can tell you about your tasks, goals and problems.',
  negation: 'All right, I changed nothing. To put something away, say "archive" and its title.',
  hypothetical: 'I changed nothing, since that is not decided. Say "add" and what to do when it is.',
  quotation:
    'I changed nothing, since those are somebody\'s words. Say "add" and what to do if you want it kept.',
  small_talk: 'All right.',
};
export const remark = (kind: Remark): string => REMARKS[kind];

export const missingTool = (tool: string): string =>
  `I cannot do that here: the tool ${tool} is not available to me.`;
export const failed = ({ error }: ToolResult): string => `That did not work: ${error ?? 'the tool failed'}`;
export const notFound = (title: string, types: readonly EntityType[]): string =>
  `I find no ${types.length === 1 ? types[0] : 'task, goal or problem'} called "${title}". Nothing was changed. To add it, say: add ${title}`;
export const noted = (did: string): string => `I find no open task that says "${did}", so I changed nothing.`;

/** "the first one" may be something that cannot be changed so. */
export const unfit = (kind: Change['kind'], { type, title }: Known): string =>
  `"${title}" is a ${type}, which has no ${kind === 'prioritise' ? 'priority' : 'date'}. Nothing was changed.`;

/** Asks, with a numbered list when there is something to choose from. The list can be answered by its numbers. */
export function which(options: readonly Known[]): string {
  if (options.length === 0) return NOTHING_SURFACED;
  const shown = options.slice(0, 8);
  return [
    WHICH,
    ...shown.map(({ title, type }, index) => `${index + 1}. ${title}${type === 'task' ? '' : ` (${type})`}`),
  ].join('\n');
}

// ---------------------------------------------------------------------------------------------- capture

/** What was kept and what was left out, from what the tool says it did. */
export function captured(extraction: Extraction, { output }: ToolResult, zone: Zone): string {
  const answer = record(output);
  const applied = record(answer?.applied);
  const skipped = listOf(answer?.skipped).map(({ what, why }) => `- ${String(what)}: ${String(why)}`);
  const left = skipped.length > 0 ? `\nLeft out:\n${skipped.join('\n')}` : '';
  if (applied && Object.values(applied).every((count) => count === 0)) {
    return `${skipped.length > 0 ? 'Nothing was changed.' : 'I had all of that already, so nothing was changed.'}${left}`;
  }
  const items = listOf(answer?.items);
  const line = (type: EntityType, title: string, more = ''): string[] => {
    const item = items.find(
      (made) => made.entity_type === type && normTitle(String(made.title)) === normTitle(title),
    );
    if (items.length > 0 && !item) return [];
    return [`${type} "${title}"${more}${item?.change === 'updated' ? ', known already' : ''}`];
  };
  const lines = [
    ...extraction.tasks.flatMap((task) => line('task', task.title, details(task, zone))),
    ...extraction.goals.flatMap(({ title, target_date: date }) =>
      line('goal', title, date ? ` (until ${describeDate(date, zone)})` : ''),
    ),
    ...extraction.problems.flatMap(({ title }) => line('problem', title)),
    ...extraction.updates.map(({ title, set }) => `"${title}" is ${set.status ?? 'changed'}`),
  ];
  if (lines.length === 1) return `Kept: ${lines[0]}.${left}`;
  const links = Number(applied?.links_created ?? extraction.links.length);
  const linked =
    links > 0 ? `\nI linked what belongs together (${links} ${links === 1 ? 'link' : 'links'}).` : '';
  return `Kept:\n${lines.map((text) => `- ${text}`).join('\n')}${linked}${left}`;
}

const listOf = (value: unknown): readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(value) ? value.map((item) => record(item) ?? {}) : [];

function details({ due_date, due_time, priority, tags }: ExtractedTask, zone: Zone): string {
  const parts = [
    due_date && `due ${describeDate(due_date, zone)}${due_time ? ` ${due_time}` : ''}`,
    priority && `p${priority}`,
    ...(tags ?? []).map((tag) => `#${tag}`),
  ].filter(Boolean);
  return parts.length > 0 ? ` (${parts.join(', ')})` : '';
}

// ------------------------------------------------------------------------------------------------ lists

const field = (row: Row, name: string): string | undefined => {
  const value = row.fields[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
};

/** One line of a list: the title first, so that it can be found again by it. */
export function line(row: Row, zone: Zone): string {
  const due = field(row, 'due_date') ?? field(row, 'target_date');
  const time = field(row, 'due_time')?.slice(0, 5);
  const priority = field(row, 'priority');
  const reasons = Array.isArray(row.fields.reasons) ? row.fields.reasons.map(reason) : [];
  const parts = [
    due && `due ${describeDate(due, zone)}${time ? ` ${time}` : ''}`,
    priority && `p${priority}`,
    ...reasons,
  ].filter(Boolean);
  return `${row.title}${parts.length > 0 ? ` (${parts.join(', ')})` : ''}`;
}
const reason = (value: unknown): string =>
  typeof value === 'string' ? value : String(record(value)?.text ?? record(value)?.reason ?? '');
const numbered = (lines: readonly string[], from = 1): string =>
  lines.map((text, index) => `${index + from}. ${text}`).join('\n');

/** The rows that the filter leaves. */
export function filtered(
  rows: readonly Row[],
  { about, dueFrom, dueTo, urgent }: ListFilter,
): readonly Row[] {
  const words = about ? contentWords(about) : [];
  return rows.filter((row) => {
    const due = (field(row, 'due_date') ?? field(row, 'target_date'))?.slice(0, 10);
    if (dueTo !== undefined && (due === undefined || due > dueTo)) return false;
    if (dueFrom !== undefined && due! < dueFrom) return false;
    if (urgent && !(Number(field(row, 'priority') ?? 9) <= 2)) return false;
    const has = contentWords(
      `${row.title} ${Array.isArray(row.fields.tags) ? row.fields.tags.join(' ') : ''}`,
    );
    return words.every((word) => has.includes(word));
  });
}

export function list(entity: EntityType, filter: ListFilter, rows: readonly Row[], zone: Zone): string {
  const found = filtered(rows, filter);
  const state = filter.dueTo && !filter.dueFrom ? 'overdue' : filter.status;
  const noun = (count: number) => `${state} ${entity}${count === 1 ? '' : 's'}`;
  const limits = [
    filter.about && ` about "${filter.about}"`,
    filter.urgent && ' of high priority',
    period(filter, zone),
  ]
    .filter(Boolean)
    .join('');
  if (found.length === 0) return `You have no ${noun(0)}${limits}.`;
  const head = `You have ${found.length} ${noun(found.length)}${limits}`;
  return filter.count ? `${head}.` : `${head}:\n${numbered(found.map((row) => line(row, zone)))}`;
}

function period({ dueFrom, dueTo }: ListFilter, zone: Zone): string | undefined {
  if (!dueFrom || !dueTo) return undefined;
  if (dueFrom === dueTo) return ` due ${describeDate(dueTo, zone)}`;
  return ` due from ${describeDate(dueFrom, zone)} to ${describeDate(dueTo, zone)}`;
}

/** The parts of a plan as rows. */
const part = ({ name, output }: ToolResult, key: string): readonly Row[] =>
  rowsOf({ name, output: record(output)?.[key] ?? [], error: undefined });

export function plan(result: ToolResult, zone: Zone): string {
  const today = part(result, 'today');
  const next = part(result, 'next');
  const blockedRows = part(result, 'blocked');
  if (today.length === 0 && next.length === 0) {
    return blockedRows.length > 0
      ? `Nothing can be done today: all is blocked.\n${numbered(blockedRows.map((row) => line(row, zone)))}`
      : 'Nothing is planned for today. Tell me what you have to do.';
  }
  return [
    `For today:\n${numbered(today.map((row) => line(row, zone)))}`,
    next.length > 0 &&
      `After that: ${next
        .slice(0, 3)
        .map(({ title }) => title)
        .join('; ')}${next.length > 3 ? ` and ${next.length - 3} more` : ''}.`,
    blockedRows.length > 0 && `Blocked: ${blockedRows.map((row) => line(row, zone)).join('; ')}.`,
  ]
    .filter(Boolean)
    .join('\n');
}

export function blocked(result: ToolResult, zone: Zone): string {
  const rows = part(result, 'blocked');
  return rows.length === 0
    ? 'Nothing is blocked.'
    : `Blocked:\n${numbered(rows.map((row) => line(row, zone)))}`;
}

// ---------------------------------------------------------------------------------------------- changes

const DONE: Readonly<Record<Change['kind'], string>> = {
  complete: 'Done',
  reopen: 'Open again',
  archive: 'Archived (say "restore" and its title to get it back)',
  restore: 'Restored',
  move: 'Moved',
  prioritise: 'Priority set',
};

export function changed(
  change: Change,
  items: readonly Known[],
  results: readonly ToolResult[],
  zone: Zone,
): string {
  const lines = items.map(({ title }, index) => {
    const error = results[index]?.error;
    return error ? `"${title}" (that did not work: ${error})` : `"${title}"`;
  });
  const how =
    change.kind === 'move'
      ? ` ${destination(change.to, zone)}`
      : change.kind === 'prioritise'
        ? ` to p${change.priority}`
        : '';
  return `${DONE[change.kind]}: ${lines.join(', ')}${how}.`;
}

const destination = (to: Destination, zone: Zone): string =>
  'date' in to
    ? `to ${describeDate(to.date, zone)}${to.time ? ` ${to.time}` : ''}`
    : `by ${to.days} ${to.days === 1 ? 'day' : 'days'}`;

// ----------------------------------------------------------------------------------------------- memory

export const remembered = (fact: string): string => `I will remember: ${fact}`;

/** Several that fit are not forgotten; the user says which. */
export function forgot(fact: string, { output }: ToolResult): string {
  const answer = record(output);
  if (answer?.forgotten !== 0) return `Forgotten: ${fact}`;
  const candidates = Array.isArray(answer.candidates) ? answer.candidates.map(factOf).filter(Boolean) : [];
  if (candidates.length === 0) return `I remember nothing about "${fact}".`;
  return `I remember several things about "${fact}". Say which, in its words:\n${candidates.map((text) => `- ${text}`).join('\n')}`;
}

/** What is remembered about it; where nothing is, the answer from the planner's data, if that was asked for. */
export function recalled(
  about: string | undefined,
  memory: ToolResult | undefined,
  asked: ToolResult | undefined,
): string {
  const output = memory?.output;
  const items = record(output)?.items;
  const facts = Array.isArray(items) ? items.map(factOf).filter(Boolean) : [];
  if (facts.length === 1) return facts[0]!;
  if (facts.length > 1) return `I remember:\n${facts.map((fact) => `- ${fact}`).join('\n')}`;
  const cited = record(asked?.output)?.citations;
  if (asked && Array.isArray(cited) && cited.length > 0) return answered(asked);
  return `I remember nothing${about ? ` about "${about}"` : ' yet'}. Tell me with: remember that …`;
}
function factOf(item: unknown): string {
  if (typeof item === 'string') return item;
  const fields = record(item);
  const text = fields?.content ?? fields?.text;
  return typeof text === 'string' ? text : '';
}

export function answered({ output }: ToolResult): string {
  const answer = record(output)?.answer;
  return typeof answer === 'string' && answer !== '' ? answer : 'I find nothing about that.';
}
