/** Answers that have to be JSON: extraction, query, summary and title, each cut to the schema that was asked for. */
import { updatesOf } from './changes.ts';
import { clauses } from './clauses.ts';
import { dayFromNow } from './dates.ts';
import { extract } from './extract.ts';
import type { Extraction, Situation } from './extraction.ts';
import { type Entity, type Reading, type Row, record } from './prompt.ts';
import { contentWords, points, resolve } from './references.ts';
import * as replies from './replies.ts';
import { understand } from './understand.ts';
import { CONNECTORS, HELP, IDENTITY, OBLIGATIONS, POLITE } from './vocabulary.ts';

/** A JSON Schema, of which only the outline is read. */
type Schema = Readonly<Record<string, unknown>> | undefined;

/** The most entities an answer cites. */
const CITATIONS = 12;
/** Characters of a title; of a line in a summary; lines in a summary. */
const TITLE_LENGTH = 60;
const LINE_LENGTH = 140;
const SUMMARY_LINES = 12;

/** The answer to a purpose as a JSON value that has the schema's properties and no others. */
export function structuredAnswer(reading: Reading, situation: Situation, schema: Schema): unknown {
  const message = reading.exchanges.at(-1)?.message ?? '';
  switch (reading.purpose) {
    case 'extraction':
      return conform(extraction(message, situation), schema);
    case 'query':
      return conform(query(message, reading.entities, situation), schema);
    case 'title':
      return conform({ title: titleFor(message) }, schema);
    case 'summary': {
      const text = summaryOf(reading);
      return conform(
        { summary: text, summary_text: text, text, title: titleFor(message), facts: [], facts_json: {} },
        schema,
      );
    }
    default:
      return conform({}, schema);
  }
}

/** What a message adds and changes. */
export function extraction(message: string, situation: Situation): Extraction {
  const intent = understand(message, situation);
  if (intent.kind === 'move' && intent.target.kind === 'title' && intent.otherwise) return intent.otherwise;
  const nothing: Extraction = { tasks: [], goals: [], problems: [], links: [], updates: [] };
  if (intent.kind === 'capture') return intent.extraction;
  if (intent.kind === 'move' && intent.target.kind === 'title' && intent.otherwise) return intent.otherwise;
  if ('target' in intent) return { ...nothing, updates: updatesOf(intent) };
  // A report may name what was surfaced, which only the extractor looks at.
  return intent.kind === 'report' ? extract(message, situation) : nothing;
}

// ------------------------------------------------------------------------------------------------ query

interface Answer {
  readonly answer: string;
  readonly citations: readonly {
    readonly entity_type: string;
    readonly id: string;
    readonly title: string;
  }[];
}

/** Answers from the entities in the prompt, and cites those it names. */
function query(question: string, entities: readonly Entity[], situation: Situation): Answer {
  const rows = entities.map(rowOf);
  const intent = understand(
    /\?\s*$/.test(question) || points(question) ? question : `${question}?`,
    situation,
  );
  const cite = (answer: string, cited: readonly { type: string; id: string; title: string }[]): Answer => ({
    answer,
    citations: cited.slice(0, CITATIONS).map(({ type, id, title }) => ({ entity_type: type, id, title })),
  });
  switch (intent.kind) {
    case 'identity':
      return cite(IDENTITY, []);
    case 'help':
      return cite(HELP, []);
    case 'list': {
      const { filter, entity } = intent;
      const listed = replies
        .filtered(
          rows.filter((row) => row.type === entity && inState(row, filter.status)),
          filter,
        )
        .slice(0, CITATIONS);
      return cite(replies.list(entity, filter, listed, situation), listed);
    }
    case 'plan_today': {
      const open = rows
        .filter((row) => row.type === 'task' && inState(row, 'open'))
        .sort(byDueDate)
        .slice(0, 6);
      const today = dayFromNow(situation);
      const lines = open.map(
        (row, index) =>
          `${index + 1}. ${replies.line(row, situation)}${dueOf(row) < today ? ' - overdue' : ''}`,
      );
      return cite(
        open.length > 0 ? `For today:\n${lines.join('\n')}` : 'Nothing is planned for today.',
        open,
      );
    }
    default:
      return search(question, rows, situation, cite);
  }
}

function search(
  question: string,
  rows: readonly Row[],
  situation: Situation,
  cite: (answer: string, cited: readonly Row[]) => Answer,
): Answer {
  const pointed = POINTER.exec(question)?.[0];
  if (pointed) {
    const reference = resolve(pointed, situation.context, ['task', 'goal', 'problem']);
    if (reference.kind === 'unclear') return cite(replies.which(reference.options), []);
    if (reference.kind === 'known') {
      const found = reference.items.map(
        (item) => rows.find(({ id }) => id === item.id) ?? { ...item, fields: {} },
      );
      return cite(describe(found, situation), found);
    }
  }
  const words = new Set(contentWords(question).filter((word) => !QUESTION_WORDS.has(word)));
  const scored = rows
    .map((row) => ({ row, score: contentWords(row.title).filter((word) => words.has(word)).length }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score);
  const best = scored.filter(({ score }) => score === scored[0]!.score).map(({ row }) => row);
  return best.length > 0 ? cite(describe(best, situation), best) : cite('I find nothing about that.', []);
}
const POINTER =
  /\b(?:the (?:first|second|third|fourth|fifth|last) one|number \d+|that one|this one|it|that)\b(?=[\s?.!]*$|\s+(?:due|done|about|blocked|open))/i;
const QUESTION_WORDS: ReadonlySet<string> = new Set(
  'what when where who why how which whose have has had can could should would will there when due status progress tell show much many long'.split(
    ' ',
  ),
);

function describe(rows: readonly Row[], situation: Situation): string {
  const lines = rows.slice(0, CITATIONS).map((row) => {
    const status = row.fields.status ? ` - ${String(row.fields.status)}` : '';
    return `${row.type} ${replies.line(row, situation)}${status}`;
  });
  return lines.length === 1
    ? `${lines[0]!.charAt(0).toUpperCase()}${lines[0]!.slice(1)}.`
    : lines.map((line, index) => `${index + 1}. ${line}`).join('\n');
}

const rowOf = ({ type, id, title, attributes }: Entity): Row => ({
  type,
  id,
  title,
  fields: {
    ...attributes,
    ...(attributes.due && { due_date: attributes.due }),
    ...(attributes.target && { target_date: attributes.target }),
  },
});
const dueOf = (row: Row): string => String(row.fields.due_date ?? '9999');
const byDueDate = (a: Row, b: Row): number =>
  dueOf(a).localeCompare(dueOf(b)) || Number(a.fields.priority ?? 9) - Number(b.fields.priority ?? 9);

const STATES: Readonly<Record<string, RegExp>> = {
  open: /^(?:open|active|undefined)$/,
  done: /^(?:done|resolved)$/,
  blocked: /^(?:blocked|paused|monitoring)$/,
  archived: /^archived$/,
};
const inState = (row: Row, state: string): boolean => STATES[state]!.test(String(row.fields.status));

// ------------------------------------------------------------------------------------ title and summary

/** The beginning of what was said, as a title of at most 60 characters that ends at a word. */
export function titleFor(message: string): string {
  const first = (clauses(message)[0] ?? message).replace(/^(?:user|me):\s*/i, '');
  const plain = first
    .replace(CONNECTORS, '')
    .replace(POLITE, '')
    .replace(OBLIGATIONS, '')
    .replace(/[\s?.!,;:]+$/, '')
    .trim();
  const title = shorten(plain || first || 'Conversation', TITLE_LENGTH);
  return title.charAt(0).toUpperCase() + title.slice(1);
}

/** The user's own sentences, shortened: an extract, since rules do not paraphrase. */
export function summaryOf({ exchanges }: Reading): string {
  const lines = exchanges
    .flatMap(({ message }) => message.split('\n'))
    .map((line) => line.trim().replace(/^[-*]\s+/, ''))
    .filter((line) => line !== '');
  const kept = lines.slice(0, SUMMARY_LINES).map((line) => shorten(line, LINE_LENGTH));
  const more = lines.length > kept.length ? `\n(and ${lines.length - kept.length} more)` : '';
  return kept.length > 0 ? kept.join('\n') + more : 'Nothing was said.';
}

function shorten(text: string, length: number): string {
  if (text.length <= length) return text;
  const cut = text.slice(0, length);
  return cut.slice(0, Math.max(cut.lastIndexOf(' '), length / 2)).trimEnd();
}

// ----------------------------------------------------------------------------------------------- schema

/** `value` with the properties that `schema` has: others are dropped, missing required ones get an empty value. */
function conform(value: object, schema: Schema): unknown {
  const properties = record(schema?.properties);
  if (!properties) return value;
  const given = value as Readonly<Record<string, unknown>>;
  const required = Array.isArray(schema?.required) ? schema.required : [];
  const entries = Object.entries(properties).flatMap(([key, property]) => {
    const wanted = kindOf(record(property));
    const have = given[key];
    if (have !== undefined && (wanted === undefined || wanted === kindOfValue(have)))
      return [[key, have] as const];
    return required.includes(key) ? [[key, EMPTY[wanted ?? 'null']] as const] : [];
  });
  return Object.fromEntries(entries);
}

const EMPTY: Readonly<Record<string, unknown>> = {
  string: '',
  number: 0,
  integer: 0,
  boolean: false,
  array: [],
  object: {},
  null: null,
};
function kindOf(schema: Schema): string | undefined {
  const type = Array.isArray(schema?.type) ? schema.type[0] : schema?.type;
  return typeof type === 'string' ? type : undefined;
}
function kindOfValue(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return value === null ? 'null' : typeof value;
}
