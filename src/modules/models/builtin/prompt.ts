/**
 * Reads a model's prompt back into what the rules need: the message, where and when the user is, what has been on the
 * table, and the tool results of this turn. The lines of the system prompt that are understood:
 *
 *   purpose: chat | extraction | query | summary | title      (the first line)
 *   now: 2026-11-24T09:00:00Z
 *   timezone: Europe/Berlin
 *   chat: <id>                                                (what questions are asked in)
 *   recent: 1. task <id> "title"                              (and on: 2. goal <id> "title")
 *   - task <id> "title" status=open due=2026-11-27            (an entity; `key=value` pairs are kept)
 */
import type {
  LanguageModelV4CallOptions,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
  LanguageModelV4ToolResultOutput,
} from '@ai-sdk/provider';
import type { Zone } from './dates.ts';
import type { EntityType, Known, Surfaced } from './references.ts';

/** What a tool answered. */
export interface ToolResult {
  readonly name: string;
  readonly output: unknown;
  /** Why it failed, or undefined. */
  readonly error: string | undefined;
}

export interface Entity extends Known {
  readonly attributes: Readonly<Record<string, string>>;
}

/** One message of the user and everything up to the next. */
export interface Exchange {
  readonly message: string;
  readonly results: readonly ToolResult[];
  readonly answer: string;
}

export interface Reading {
  readonly purpose: string;
  readonly zone: Zone;
  readonly chat: string | undefined;
  /** Oldest first; the last one is being answered. */
  readonly exchanges: readonly Exchange[];
  /** What the context assembler says was surfaced. */
  readonly recent: readonly Known[];
  readonly entities: readonly Entity[];
}

/** @param fallback the time when the prompt names none */
export function readPrompt({ prompt, providerOptions }: LanguageModelV4CallOptions, fallback: Date): Reading {
  const system = prompt.flatMap((message) => (message.role === 'system' ? [message.content] : [])).join('\n');
  const options = providerOptions?.steward;
  const said = (key: string): string | undefined => {
    const option = options?.[key];
    return typeof option === 'string'
      ? option
      : new RegExp(`^${key}:[ \\t]*(\\S.*?)[ \\t]*$`, 'im').exec(system)?.[1];
  };
  const { recent, entities } = readEntities(system);
  return {
    purpose: said('purpose') ?? 'chat',
    zone: { now: readTime(said('now')) ?? fallback, timezone: readZone(said('timezone')) },
    chat: said('chat'),
    exchanges: readExchanges(prompt),
    recent,
    entities,
  };
}

function readTime(text: string | undefined): Date | undefined {
  const date = new Date(text ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function readZone(name: string | undefined): string {
  if (name === undefined) return 'UTC';
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return 'UTC'; // an unknown name must not fail the turn; the answer still says which day it means
  }
}

const ENTITY_LINE =
  /^\s*(?<recent>recent:\s*)?(?:[-*]\s+)?(?:(?<place>\d+)\.\s+)?(?<type>task|goal|problem)\s+(?<id>[\w-]+)\s+"(?<title>.*)"(?<rest>[^"]*)$/;

function readEntities(system: string): { recent: readonly Known[]; entities: readonly Entity[] } {
  const recent: Known[] = [];
  const entities: Entity[] = [];
  for (const line of system.split('\n')) {
    const groups = ENTITY_LINE.exec(line)?.groups;
    if (!groups) continue;
    const known: Known = {
      type: groups.type as EntityType,
      id: groups.id!,
      title: groups.title!.replaceAll('\\"', '"'),
    };
    if (groups.recent !== undefined || groups.place !== undefined) {
      recent.push(known);
    } else {
      const pairs = [...groups.rest!.matchAll(/([a-z_]+)[=:]\s*([^\s,;)]+)/g)];
      entities.push({
        ...known,
        attributes: Object.fromEntries(pairs.map(([, key, value]) => [key!, value!])),
      });
    }
  }
  return { recent, entities };
}

function readExchanges(prompt: LanguageModelV4Prompt): readonly Exchange[] {
  const exchanges: { message: string; results: ToolResult[]; answer: string }[] = [];
  for (const message of prompt) {
    if (message.role === 'system') continue;
    if (message.role === 'user') {
      exchanges.push({ message: textOf(message), results: [], answer: '' });
      continue;
    }
    const current = exchanges.at(-1);
    if (!current) continue;
    if (message.role === 'assistant') current.answer += textOf(message);
    for (const part of message.content) {
      if (part.type === 'tool-result')
        current.results.push({ name: part.toolName, ...readOutput(part.output) });
    }
  }
  return exchanges;
}

function textOf(message: Exclude<LanguageModelV4Message, { role: 'system' }>): string {
  return message.content.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

function readOutput(output: LanguageModelV4ToolResultOutput): Pick<ToolResult, 'output' | 'error'> {
  switch (output.type) {
    case 'json':
      return { output: output.value, error: undefined };
    case 'text':
      return { output: parse(output.value), error: undefined };
    case 'content':
      return {
        output: parse(output.value.map((part) => (part.type === 'text' ? part.text : '')).join('')),
        error: undefined,
      };
    case 'execution-denied':
      return { output: null, error: output.reason ?? 'it was not allowed' };
    case 'error-text':
      return { output: null, error: output.value };
    case 'error-json':
      return { output: null, error: messageOf(output.value) };
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function messageOf(value: unknown): string {
  const error = record(record(value)?.error) ?? record(value);
  return typeof error?.message === 'string' ? error.message : JSON.stringify(value);
}

export function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

// --------------------------------------------------------------------------------- what was surfaced

/** A row of a tool's answer, of which nothing is taken for granted but an id and a title. */
export interface Row extends Known {
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The rows in a tool's answer: those of its list, or the one it is. */
export function rowsOf({ name, output }: ToolResult): readonly Row[] {
  const answer = record(output);
  const lists = [
    output,
    answer?.items,
    answer?.today,
    answer?.next,
    answer?.blocked,
    answer?.citations,
  ].filter(Array.isArray);
  const candidates: readonly unknown[] =
    lists.length > 0 ? lists.flat() : [answer?.task ?? answer?.goal ?? answer?.problem ?? output];
  return candidates.flatMap((candidate) => {
    const fields = record(candidate);
    const id = fields?.id ?? fields?.entity_id;
    const title = fields?.title;
    if (!fields || typeof id !== 'string' || typeof title !== 'string') return [];
    return [{ type: typeOf(fields.entity_type ?? fields.type, name), id, title, fields }];
  });
}

function typeOf(named: unknown, tool: string): EntityType {
  if (named === 'task' || named === 'goal' || named === 'problem') return named;
  if (tool.startsWith('goals_')) return 'goal';
  return tool.startsWith('problems_') ? 'problem' : 'task';
}

/**
 * What "it" and "the second one" can mean in the last of these exchanges: ordinals count the newest list that was shown
 * in this conversation, or else what the context assembler says was surfaced; "it" is what the last answer was about.
 */
export function surfacedIn(exchanges: readonly Exchange[], recent: readonly Known[]): Surfaced {
  const lists = exchanges.slice(0, -1).map(shownIn);
  const last = exchanges.at(-2);
  const shown = lists.at(-1) ?? [];
  const focus = shown.length > 0 ? shown : last ? touchedIn(last) : [];
  const newest = lists.findLast((items) => items.length > 0);
  return { recent: newest ?? (recent.length > 0 ? recent : focus), focus };
}

/** The numbered lines of an answer, in their order: what the user reads is what he counts. */
function shownIn({ answer, results }: Exchange): readonly Known[] {
  const rows = results.flatMap(rowsOf);
  return [...answer.matchAll(/^(\d+)\. (.+)$/gm)].flatMap(([, , line = '']) => {
    const row = rows
      .filter(({ title }) => line.startsWith(title))
      .sort((a, b) => b.title.length - a.title.length)[0];
    return row ? [{ type: row.type, id: row.id, title: row.title }] : [];
  });
}

function touchedIn({ results }: Exchange): readonly Known[] {
  const changes = results.filter(
    ({ name, error }) => !error && !/_(?:list|recall|context|today)$|^query_/.test(name),
  );
  const rows = changes.flatMap(rowsOf).map(({ type, id, title }) => ({ type, id, title }));
  return rows.filter((row, index) => rows.findIndex((other) => other.id === row.id) === index);
}
