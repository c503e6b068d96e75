/**
 * Steward's built-in language model: fixed rules behind the AI SDK's model interface, with no network and no chance.
 * The same prompt gives the same answer, down to the ids of its tool calls.
 *
 * One step: read the prompt (`prompt.ts`), understand the last message (`understand.ts`), then either ask for tools or
 * say what they answered (`script.ts`). When JSON is asked for, `structured.ts` makes it.
 */
import { createHash } from 'node:crypto';
import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Content,
  LanguageModelV4FinishReason,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
} from '@ai-sdk/provider';
import type { Situation } from './extraction.ts';
import { type Exchange, type Reading, readPrompt, surfacedIn } from './prompt.ts';
import { points, resolve } from './references.ts';
import { type Call, nextStep } from './script.ts';
import { structuredAnswer, summaryOf, titleFor } from './structured.ts';
import { type Intent, understand } from './understand.ts';
import { WHICH, WHICH_DAY } from './vocabulary.ts';

export const BUILTIN_PROVIDER = 'builtin';
export const BUILTIN_MODEL_ID = 'steward-rules-1';

/** The model. `now` is used only when neither the prompt nor the call's options say what time it is. */
export function createBuiltinModel(now: () => Date = () => new Date()): LanguageModelV4 {
  const generate = (options: LanguageModelV4CallOptions): LanguageModelV4GenerateResult => {
    options.abortSignal?.throwIfAborted();
    return answer(options, now());
  };
  return {
    specificationVersion: 'v4',
    provider: BUILTIN_PROVIDER,
    modelId: BUILTIN_MODEL_ID,
    supportedUrls: {},
    doGenerate: async (options) => generate(options),
    doStream: async (options) => ({ stream: stream(generate(options), options.abortSignal) }),
  };
}

function answer(options: LanguageModelV4CallOptions, now: Date): LanguageModelV4GenerateResult {
  const said = respond(options, readPrompt(options, now));
  const whole: LanguageModelV4Content[] =
    typeof said === 'string'
      ? [{ type: 'text', text: said }]
      : said.map(({ tool, input }, index) => ({
          type: 'tool-call',
          toolCallId: callId(options, index),
          toolName: tool,
          input: JSON.stringify(input),
        }));
  const limit =
    options.maxOutputTokens === undefined
      ? Number.POSITIVE_INFINITY
      : options.maxOutputTokens * CHARS_PER_TOKEN;
  const content = whole.map((part) =>
    part.type === 'text' ? { ...part, text: part.text.slice(0, limit) } : part,
  );
  const cut = content.some(
    (part, index) => part.type === 'text' && part.text !== (whole[index] as typeof part).text,
  );
  return {
    content,
    finishReason: finishReason(cut ? 'length' : typeof said === 'string' ? 'stop' : 'tool-calls'),
    usage: usageOf(options, content),
    warnings: [],
  };
}

const finishReason = (unified: LanguageModelV4FinishReason['unified']): LanguageModelV4FinishReason => ({
  unified,
  raw: undefined,
});

/** Words, or the tools to call. */
function respond(options: LanguageModelV4CallOptions, reading: Reading): string | readonly Call[] {
  const { exchanges, recent, zone } = reading;
  const current = exchanges.at(-1) ?? { message: '', results: [], answer: '' };
  const situation: Situation = { ...zone, context: surfacedIn(exchanges, recent) };
  const { responseFormat } = options;
  if (responseFormat?.type === 'json') {
    return JSON.stringify(
      structuredAnswer(reading, situation, responseFormat.schema as Readonly<Record<string, unknown>>),
    );
  }
  if (reading.purpose === 'title') return titleFor(current.message);
  if (reading.purpose === 'summary') return summaryOf(reading);

  const step = nextStep(intentOf(exchanges, situation, reading), {
    message: current.message,
    chat: reading.chat,
    situation,
    results: current.results,
    tools: toolsIn(options),
  });
  return 'calls' in step ? step.calls : step.say;
}

/** The intent of the last message, which may be the answer to a question of ours. */
function intentOf(exchanges: readonly Exchange[], situation: Situation, reading: Reading): Intent {
  const message = exchanges.at(-1)?.message ?? '';
  const asked = exchanges.at(-2);
  const reply = asked && answerTo(asked, message, situation, exchanges, reading);
  if (reply) return reply;
  if (points(message)) {
    const target = resolve(message, situation.context, ['task', 'goal', 'problem']);
    const title =
      target.kind === 'known' ? target.items.map((item) => `"${item.title}"`).join(' and ') : 'that';
    return {
      kind: 'clarify',
      question: `What should I do with ${title}? Say for example "mark it done" or "move it to Friday".`,
    };
  }
  return understand(message, situation);
}

/** What a message means that answers "Which one do you mean?" or "To which day?". */
function answerTo(
  asked: Exchange,
  message: string,
  situation: Situation,
  exchanges: readonly Exchange[],
  { recent }: Reading,
): Intent | undefined {
  const before: Situation = { ...situation, context: surfacedIn(exchanges.slice(0, -1), recent) };
  if (asked.answer.startsWith(WHICH) && message.trim().split(/\s+/).length <= 6) {
    const meant = understand(asked.message, before);
    const target = resolve(message, situation.context, ['task', 'goal', 'problem']);
    if ('target' in meant && target.kind === 'known') return { ...meant, target };
  }
  if (asked.answer.startsWith(WHICH_DAY)) {
    const day = message.replace(/^(?:to|on|until|by) /i, '');
    const moved = understand(`${asked.message.replace(/[\s.!?]+$/, '')} to ${day}`, before);
    if (moved.kind === 'move') return moved;
  }
  return undefined;
}

function toolsIn({ tools = [], toolChoice }: LanguageModelV4CallOptions): ReadonlySet<string> {
  if (toolChoice?.type === 'none') return new Set();
  const names = tools.flatMap((tool) => (tool.type === 'function' ? [tool.name] : []));
  return new Set(toolChoice?.type === 'tool' ? names.filter((name) => name === toolChoice.toolName) : names);
}

/** An id that is the same when the same step is asked for again, and another in every other step. */
function callId({ prompt }: LanguageModelV4CallOptions, index: number): string {
  return `call_${createHash('sha256').update(JSON.stringify(prompt)).update(`#${index}`).digest('hex').slice(0, 24)}`;
}

// -------------------------------------------------------------------------------------- usage and stream

/** The usual estimate for English. Nothing is billed by it; it makes the ledger comparable between models. */
const CHARS_PER_TOKEN = 4;
const tokens = (chars: number): number => Math.ceil(chars / CHARS_PER_TOKEN);

function usageOf(
  { prompt, tools }: LanguageModelV4CallOptions,
  content: readonly LanguageModelV4Content[],
): LanguageModelV4Usage {
  const read = tokens(JSON.stringify(prompt).length + (tools ? JSON.stringify(tools).length : 0));
  const said = content.map((part) =>
    part.type === 'text'
      ? part.text.length
      : part.type === 'tool-call'
        ? part.toolName.length + part.input.length
        : 0,
  );
  const written = tokens(said.reduce((sum, chars) => sum + chars, 0));
  return {
    inputTokens: { total: read, noCache: read, cacheRead: 0, cacheWrite: 0 },
    outputTokens: { total: written, text: written, reasoning: 0 },
  };
}

/** The answer in pieces: a text word by word, a tool call whole. Ends with an error when it is aborted half-way. */
function stream(
  result: LanguageModelV4GenerateResult,
  signal: AbortSignal | undefined,
): ReadableStream<LanguageModelV4StreamPart> {
  const parts = pieces(result);
  return new ReadableStream<LanguageModelV4StreamPart>(
    {
      pull(controller) {
        if (signal?.aborted) {
          controller.error(signal.reason);
          return;
        }
        const next = parts.next();
        if (next.done) controller.close();
        else controller.enqueue(next.value);
      },
    },
    { highWaterMark: 0 },
  );
}

function* pieces({
  content,
  usage,
  finishReason: reason,
  warnings,
}: LanguageModelV4GenerateResult): Generator<LanguageModelV4StreamPart, void> {
  yield { type: 'stream-start', warnings };
  yield { type: 'response-metadata', modelId: BUILTIN_MODEL_ID };
  for (const [index, part] of content.entries()) {
    if (part.type === 'text') {
      const id = `text-${index}`;
      yield { type: 'text-start', id };
      for (const delta of part.text.match(/\s*\S+\s*$|\s*\S+/g) ?? [])
        yield { type: 'text-delta', id, delta };
      yield { type: 'text-end', id };
    } else if (part.type === 'tool-call') {
      const { toolCallId: id, toolName, input } = part;
      yield { type: 'tool-input-start', id, toolName };
      yield { type: 'tool-input-delta', id, delta: input };
      yield { type: 'tool-input-end', id };
      yield part;
    }
  }
  yield { type: 'finish', usage, finishReason: reason };
}
