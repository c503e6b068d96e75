import type { Operation, Registry } from '../operations/index.ts';
import { type JsonSchema, jsonSchema } from './json-schema.ts';

/** An operation as a model sees it. */
export interface Tool {
  /** The operation's name with `_` for `.`: the providers allow no dots. */
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonSchema;
  readonly operation: Exclude<Operation, { kind: 'stream' }>;
}

/** @returns what an agent may be offered: no streams, and nothing that shows a secret or manages access. */
export function toolsOf(registry: Registry): ReadonlyMap<string, Tool> {
  const tools = new Map<string, Tool>();
  for (const op of registry.values()) {
    if (op.kind === 'stream' || op.tool === false || op.access === 'public') continue;
    const name = op.name.replaceAll('.', '_');
    tools.set(name, {
      name,
      description: op.description === undefined ? op.summary : `${op.summary}. ${op.description}`,
      inputSchema: toToolSchema(jsonSchema(op.input, 'input')),
      operation: op,
    });
  }
  return tools;
}

/** What costs a model more to read than it helps: the operation checks it all, and says what was wrong. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  'additionalProperties',
  'default',
  'minLength',
  'maxLength',
  'maxItems',
  'minimum',
  'maximum',
  'pattern',
]);

/** A schema as a model needs it: which fields there are, their types and what they mean. It admits all that is valid. */
function toToolSchema(schema: JsonSchema): JsonSchema {
  const { anyOf, ...rest } = schema;
  const [only, nothing] = anyOf ?? [];
  if (anyOf?.length === 2 && typeof only?.type === 'string' && nothing?.type === 'null') {
    const { type, enum: values, ...about } = toToolSchema(only);
    return {
      ...about,
      ...toToolSchema(rest),
      type: [type as string, 'null'],
      ...(values && { enum: [...values, null] }),
    };
  }
  const kept: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) if (!LEFT_OUT.has(key)) kept[key] = value;
  const { properties, items } = schema;
  if (properties) {
    kept.properties = Object.fromEntries(
      Object.entries(properties).map(([name, property]) => [name, toToolSchema(property)]),
    );
  }
  if (items) kept.items = toToolSchema(items);
  if (anyOf) kept.anyOf = anyOf.map(toToolSchema);
  return kept;
}
