/** What a model that is paid by the word is told of a tool, and what the turn fills in for it. */
import type { JsonSchema } from '../../platform/faces/json-schema.ts';
import type { Tool } from '../../platform/faces/tools.ts';

/** What the turn knows better than the model. */
export interface Known {
  readonly chat_id: string;
  readonly message: string;
  readonly source: string;
}

const KNOWN = ['chat_id', 'message', 'source'] as const satisfies readonly (keyof Known)[];

/** Besides those: ways to do what another tool of the turn does. */
const LEFT_OUT: ReadonlySet<string> = new Set([...KNOWN, 'cursor', 'updates']);

/** The tool without the optional fields that a model in a turn has no use for. */
export function offered(tool: Tool): Tool {
  const { properties = {}, required = [] } = tool.inputSchema;
  const kept = Object.entries(properties).filter(([name]) => required.includes(name) || !LEFT_OUT.has(name));
  const inputSchema: JsonSchema = { ...tool.inputSchema, properties: Object.fromEntries(kept) };
  return { ...tool, inputSchema };
}

/** The input with what the turn knows, where the tool takes it and the model did not give it. */
export function withKnown(tool: Tool, input: Record<string, unknown>, known: Known): Record<string, unknown> {
  const taken = KNOWN.filter((name) => name in tool.operation.input.shape);
  return { ...Object.fromEntries(taken.map((name) => [name, known[name]])), ...input };
}
