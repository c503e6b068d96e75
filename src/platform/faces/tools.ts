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
      inputSchema: jsonSchema(op.input, 'input'),
      operation: op,
    });
  }
  return tools;
}
