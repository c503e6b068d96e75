import type {
  LanguageModelV4Content,
  LanguageModelV4FinishReason,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
  LanguageModelV4Reasoning,
  LanguageModelV4StreamPart,
  LanguageModelV4Text,
  LanguageModelV4ToolCall,
  LanguageModelV4Usage,
} from '@ai-sdk/provider';

/** A piece of an answer as it comes. What only concerns the transport (pings, metadata, errors) is not among them. */
export type ModelChunk = Exclude<
  LanguageModelV4StreamPart,
  { type: 'stream-start' | 'response-metadata' | 'finish' | 'ping' | 'raw' | 'error' }
>;

/** A tool that the model wants to be called. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** What it is called with; an empty object where `problem` is set. Not yet checked against the tool's schema. */
  readonly input: Record<string, unknown>;
  /** Why the input cannot be read, for the model to try again; null when it can. */
  readonly problem: string | null;
}

/** Puts the chunks of one step together again. */
export class Step {
  finishReason: LanguageModelV4FinishReason | undefined;
  usage: LanguageModelV4Usage | undefined;
  readonly #parts: LanguageModelV4Content[] = [];
  readonly #open = new Map<string, LanguageModelV4Text | LanguageModelV4Reasoning>();

  /** @returns the chunk when it is a piece of the answer */
  add(chunk: LanguageModelV4StreamPart): ModelChunk | undefined {
    switch (chunk.type) {
      case 'stream-start':
      case 'response-metadata':
      case 'ping':
      case 'raw':
      case 'error':
        return undefined;
      case 'finish':
        this.finishReason = chunk.finishReason;
        this.usage = chunk.usage;
        return undefined;
      case 'text-start':
        this.#begin(`text ${chunk.id}`, { type: 'text', text: '' }, chunk.providerMetadata);
        return chunk;
      case 'reasoning-start':
        this.#begin(`reasoning ${chunk.id}`, { type: 'reasoning', text: '' }, chunk.providerMetadata);
        return chunk;
      case 'text-delta':
        this.#extend(`text ${chunk.id}`, chunk.delta, chunk.providerMetadata);
        return chunk;
      case 'reasoning-delta':
        this.#extend(`reasoning ${chunk.id}`, chunk.delta, chunk.providerMetadata);
        return chunk;
      case 'text-end':
        this.#extend(`text ${chunk.id}`, '', chunk.providerMetadata);
        return chunk;
      case 'reasoning-end':
        this.#extend(`reasoning ${chunk.id}`, '', chunk.providerMetadata);
        return chunk;
      case 'tool-input-start':
      case 'tool-input-delta':
      case 'tool-input-end':
        return chunk;
      default:
        this.#parts.push(chunk);
        return chunk;
    }
  }

  /** What was said so far, whole or not; empty texts are left out, reasoning that is only a signature is kept. */
  parts(): LanguageModelV4Content[] {
    return this.#parts.filter((part) => part.type !== 'text' || part.text !== '');
  }

  // The newest metadata wins: providers send a block's signature with its last chunk.
  #begin(
    key: string,
    part: LanguageModelV4Text | LanguageModelV4Reasoning,
    metadata: LanguageModelV4Text['providerMetadata'],
  ) {
    if (metadata) part.providerMetadata = metadata;
    this.#parts.push(part);
    this.#open.set(key, part);
  }

  #extend(key: string, delta: string, metadata: LanguageModelV4Text['providerMetadata']) {
    const part = this.#open.get(key);
    if (!part) return;
    part.text += delta;
    if (metadata) part.providerMetadata = metadata;
  }
}

/** The answer's text, without its reasoning. */
export function textOf(parts: readonly LanguageModelV4Content[]): string {
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

/** The tools that the answer asks for, in order. */
export function toolCallsOf(parts: readonly LanguageModelV4Content[]): ToolCall[] {
  return parts.filter((part) => part.type === 'tool-call').map(readToolCall);
}

/** The answer as the message by which the model remembers it in the next step. */
export function assistantMessage(parts: readonly LanguageModelV4Content[]): LanguageModelV4Message {
  const content: Extract<LanguageModelV4Prompt[number], { role: 'assistant' }>['content'] = [];
  for (const part of parts) {
    if (part.type === 'text' || part.type === 'reasoning') {
      content.push({ type: part.type, text: part.text, ...replayed(part) });
    } else if (part.type === 'tool-call') {
      const { id, name, input } = readToolCall(part);
      content.push({ type: 'tool-call', toolCallId: id, toolName: name, input, ...replayed(part) });
    }
  }
  return { role: 'assistant', content };
}

/** What a provider wants to see again, such as the signature of its reasoning. */
function replayed(part: { providerMetadata?: LanguageModelV4Text['providerMetadata'] }) {
  return part.providerMetadata === undefined ? {} : { providerOptions: part.providerMetadata };
}

function readToolCall({ toolCallId: id, toolName: name, input: text }: LanguageModelV4ToolCall): ToolCall {
  try {
    const input: unknown = text.trim() === '' ? {} : JSON.parse(text);
    if (typeof input === 'object' && input !== null && !Array.isArray(input)) {
      return { id, name, input: input as Record<string, unknown>, problem: null };
    }
    return { id, name, input: {}, problem: 'the input of a tool is a JSON object' };
  } catch (error) {
    return { id, name, input: {}, problem: `the input of the tool is not JSON: ${(error as Error).message}` };
  }
}
