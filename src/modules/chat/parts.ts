/** A message's parts, as the AI SDK's UI messages have them, and the chunks by which they are streamed. */
import type { UIMessageChunk } from 'ai';
import { z } from 'zod';

/** What a provider wants to see again with the part, such as the signature of its reasoning. */
const providerMetadata = z.record(z.string(), z.record(z.string(), z.json())).optional();

export const textPart = z.object({ type: z.literal('text'), text: z.string(), providerMetadata });

export const reasoningPart = z.object({ type: z.literal('reasoning'), text: z.string(), providerMetadata });

export const toolPart = z.object({
  type: z.literal('dynamic-tool'),
  toolName: z.string(),
  toolCallId: z.string(),
  state: z.enum(['input-available', 'output-available', 'output-error']),
  input: z.unknown(),
  callProviderMetadata: providerMetadata,
  output: z.unknown().optional(),
  errorText: z.string().optional(),
});

/** Where one step of the model ends and the next begins. */
export const stepPart = z.object({ type: z.literal('step-start') });

export const messagePart = z.discriminatedUnion('type', [textPart, reasoningPart, toolPart, stepPart]);

export type MessagePart = z.infer<typeof messagePart>;
export type ToolPart = z.infer<typeof toolPart>;

/** Whose answer it is. */
interface Answer {
  readonly id: string;
  readonly answer_id: string;
  readonly conversation_id: string;
}

/** The chunks that, streamed anew, give a client these parts: what a late listener gets first. */
export function replay(run: Answer, parts: readonly MessagePart[]): UIMessageChunk[] {
  const messageMetadata = { conversation_id: run.conversation_id, run_id: run.id };
  const chunks: UIMessageChunk[] = [{ type: 'start', messageId: run.answer_id, messageMetadata }];
  let open = false;
  parts.forEach((part, index) => {
    const id = `replayed-${index}`;
    switch (part.type) {
      case 'step-start':
        if (open) chunks.push({ type: 'finish-step' });
        chunks.push({ type: 'start-step' });
        open = true;
        break;
      case 'text':
      case 'reasoning':
        chunks.push({ type: `${part.type}-start`, id }, { type: `${part.type}-delta`, id, delta: part.text });
        chunks.push({ type: `${part.type}-end`, id });
        break;
      case 'dynamic-tool':
        chunks.push(...toolChunks(part));
    }
  });
  if (open) chunks.push({ type: 'finish-step' });
  return chunks;
}

/** A call, and what came of it where that is known. */
export function toolChunks(part: ToolPart): UIMessageChunk[] {
  const { toolCallId, toolName, input } = part;
  const call: UIMessageChunk = { type: 'tool-input-available', toolCallId, toolName, input, dynamic: true };
  return part.state === 'input-available' ? [call] : [call, toolResult(part)];
}

export function toolResult(part: ToolPart): UIMessageChunk {
  return part.state === 'output-error'
    ? {
        type: 'tool-output-error',
        toolCallId: part.toolCallId,
        errorText: part.errorText ?? '',
        dynamic: true,
      }
    : { type: 'tool-output-available', toolCallId: part.toolCallId, output: part.output, dynamic: true };
}

/** What is said in words. */
export function textOf(parts: readonly MessagePart[]): string {
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
}
