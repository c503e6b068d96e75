/**
 * The command line: each operation is a command, `steward tasks create --title "Buy milk"`. Path parameters are
 * arguments, everything else is an option; `--json` prints the answer as a program wants it.
 */
import { createInterface } from 'node:readline/promises';
import { Command, Option } from 'commander';
import { AppError } from '../errors.ts';
import { newId } from '../ids.ts';
import {
  type Actor,
  type Operation,
  openStream,
  type Registry,
  type Runtime,
  runOperation,
} from '../operations/index.ts';
import { type JsonSchema, jsonSchema } from './json-schema.ts';

/** A product that is open for one command. */
export interface Session {
  readonly runtime: Runtime;
  /** The operations of this very product; those that the help was made from belong to one that is closed. */
  readonly registry: Registry;
  /** Who the command acts for; the operator at the terminal is an administrator. */
  readonly actor: Actor;
}

/**
 * Opens the product, runs `fn`, and closes it again. `user` is the email of `--user`; with `work` jobs are worked on
 * meanwhile, since what a stream waits for is done by one, and no server may be running.
 */
export type WithSession = <T>(
  options: { home?: string; databaseUrl?: string; user?: string; work?: boolean },
  needsUser: boolean,
  fn: (session: Session) => Promise<T>,
) => Promise<T>;

/** Adds a command for every operation to `program`. */
export function addOperations(program: Command, registry: Registry, withSession: WithSession): void {
  const groups = new Map<string, Command>();
  for (const op of registry.values()) {
    const noun = op.name.split('.')[0]!;
    const group =
      groups.get(noun) ?? program.commands.find((known) => known.name() === noun) ?? program.command(noun);
    groups.set(noun, group);
    group.addCommand(commandFor(op, withSession));
  }
  for (const [noun, group] of groups) {
    group.description(`${noun}: ${group.commands.map((command) => command.name()).join(', ')}`);
  }
}

const kebab = (name: string): string => name.replaceAll('_', '-');

function commandFor(described: Operation, withSession: WithSession): Command {
  const command = new Command(kebab(described.name.split('.')[1]!)).description(described.summary);
  if (described.description) command.addHelpText('after', `\n${described.description}`);
  const schema = jsonSchema(described.input, 'input');
  const required = new Set(schema.required ?? []);
  const positional = [...described.http.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!);
  // The one text that a command is about may be written without its option's name: steward capture thought "…".
  const free = Object.entries(schema.properties ?? {}).filter(
    ([name, property]) =>
      required.has(name) && !positional.includes(name) && typesOf(property).includes('string'),
  );
  const text = free.length === 1 ? free[0]![0] : undefined;
  for (const name of positional)
    command.argument(`<${kebab(name)}>`, schema.properties?.[name]?.description ?? '');
  if (text !== undefined) command.argument(`[${kebab(text)}]`, schema.properties?.[text]?.description ?? '');
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (positional.includes(name)) continue;
    command.addOption(optionFor(name, property, required.has(name) && name !== text));
  }
  command
    .option('--json', 'print the answer as JSON')
    .option('--user <email>', 'act for this user (needed when there are several)');
  if (described.effect === 'destructive') command.option('--yes', 'do not ask');
  command.action(async (...args: unknown[]) => {
    const options = command.optsWithGlobals<Record<string, unknown>>();
    const input: Record<string, unknown> = {};
    const named = [...positional, ...(text === undefined ? [] : [text])];
    named.forEach((name, index) => {
      if (args[index] !== undefined) input[name] = args[index];
    });
    if (text !== undefined && input[text] === undefined && options[camel(text)] === undefined)
      command.error(`error: missing required argument '${kebab(text)}'`);
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      const value = options[camel(name)];
      if (value !== undefined && !positional.includes(name)) input[name] = parseOption(name, property, value);
    }
    if (described.effect === 'destructive' && options.yes !== true) await confirm(described);
    await withSession(
      { ...options, work: described.kind === 'stream' },
      described.access !== 'admin' && described.access !== 'public',
      async ({ runtime, registry, actor }) => {
        const op = registry.get(described.name)!;
        const call = { actor, requestId: newId() };
        if (op.kind === 'stream') {
          for await (const { data } of (await openStream(runtime, op, call, input)) ?? []) {
            const readable =
              op.print && !options.json && data !== '[DONE]' ? op.print(JSON.parse(data)) : `${data}\n`;
            if (data !== '[DONE]') process.stdout.write(readable);
          }
          return;
        }
        const { body } = await runOperation(runtime, op, call, input);
        process.stdout.write(
          options.json ? `${JSON.stringify(body, null, 2)}\n` : `${op.print?.(body) ?? readable(body)}\n`,
        );
      },
    );
  });
  return command;
}

const camel = (name: string): string =>
  name.replaceAll(/_(\w)/g, (_match, letter: string) => letter.toUpperCase());

function typesOf(schema: JsonSchema): string[] {
  if (schema.anyOf) return schema.anyOf.flatMap(typesOf);
  return schema.type === undefined ? [] : typeof schema.type === 'string' ? [schema.type] : [...schema.type];
}

function itemTypes(schema: JsonSchema): string[] {
  if (schema.anyOf) return schema.anyOf.flatMap(itemTypes);
  return schema.items ? typesOf(schema.items) : [];
}

function optionFor(name: string, schema: JsonSchema, mandatory: boolean): Option {
  const types = typesOf(schema);
  const isFlag = types.includes('boolean') && !types.includes('string');
  const value =
    types.includes('array') && !types.includes('object') ? ' <value...>' : isFlag ? ' [value]' : ' <value>';
  const option = new Option(`--${kebab(name)}${value}`, schema.description ?? '');
  if (schema.enum) option.choices(schema.enum.map(String));
  return option.makeOptionMandatory(mandatory);
}

/** Options arrive as text; what the input wants of them is in its schema. `null` clears a field that may be null. */
function parseOption(name: string, schema: JsonSchema, value: unknown): unknown {
  const types = typesOf(schema);
  if (Array.isArray(value)) {
    const [only] = value;
    if (value.length === 1 && only === 'null' && types.includes('null')) return null;
    // All at once as JSON, which is also how none is said; else one by one.
    if (value.length === 1 && /^\[.*\]$/s.test(String(only))) return parseJson(name, String(only));
    return itemTypes(schema).includes('object') ? value.map((item) => parseJson(name, String(item))) : value;
  }
  if (value === true) return true;
  const text = String(value);
  if (text === 'null' && types.includes('null')) return null;
  if (types.includes('string')) return text;
  if (types.includes('boolean') && (text === 'true' || text === 'false')) return text === 'true';
  if (
    (types.includes('number') || types.includes('integer')) &&
    text.trim() !== '' &&
    !Number.isNaN(Number(text))
  ) {
    return Number(text);
  }
  return types.includes('object') || types.includes('array') ? parseJson(name, text) : text;
}

function parseJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AppError('bad_request', `--${kebab(name)} takes JSON.`);
  }
}

async function confirm(op: Operation): Promise<void> {
  if (!process.stdin.isTTY)
    throw new AppError('bad_request', `${op.name} cannot be undone; add --yes to do it.`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${op.summary}. This cannot be undone. Go on? [y/N] `);
  terminal.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new AppError('bad_request', 'nothing was changed.');
}

/** An answer as a person reads it: a list as one line a row, an object as one line a field. */
function readable(body: unknown): string {
  if (body === null || typeof body !== 'object') return String(body);
  const { items } = body as { items?: unknown };
  if (Array.isArray(items)) return items.length === 0 ? '(none)' : items.map(row).join('\n');
  return Object.entries(body)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}: ${cell(value)}`)
    .join('\n');
}

function row(item: unknown): string {
  if (item === null || typeof item !== 'object') return String(item);
  return Object.entries(item)
    .filter(([name, value]) => value !== null && name !== 'user_id' && !name.endsWith('_norm'))
    .map(([, value]) => cell(value))
    .join('  ');
}

function cell(value: unknown): string {
  return value instanceof Date
    ? value.toISOString()
    : typeof value === 'object'
      ? JSON.stringify(value)
      : String(value);
}
