/** What is kept of an answer gives every listener the same message, and every provider a prompt that it accepts. */
import type { LanguageModelV4Prompt } from '@ai-sdk/provider';
import { readUIMessageStream, type UIMessage, type UIMessageChunk } from 'ai';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type MessagePart, messagePart, replay } from './parts.ts';
import { historyPrompt, toPrompt } from './prompt.ts';
import { titleFrom } from './service.ts';
import { cleaned } from './title.ts';

const RUN = { id: 'run', answer_id: 'answer', conversation_id: 'conversation' };

const signed = fc.option(fc.constant({ openai: { itemId: 'rs_1' } }), { nil: undefined });
const words = fc.string({ minLength: 1, maxLength: 20 });

const wordsPart: fc.Arbitrary<MessagePart> = fc
  .record({ type: fc.constantFrom('text', 'reasoning'), text: words, providerMetadata: signed })
  .map((part) => clean(part) as MessagePart);

const outcome = fc.oneof(
  fc.constant({ state: 'input-available' as const }),
  fc.record({ state: fc.constant('output-available' as const), output: fc.jsonValue() }),
  fc.record({ state: fc.constant('output-error' as const), errorText: words }),
);

const toolPart: fc.Arbitrary<MessagePart> = fc
  .tuple(words, fc.dictionary(words, fc.jsonValue()), signed, outcome)
  .map(
    ([toolName, input, callProviderMetadata, state]) =>
      clean({
        type: 'dynamic-tool',
        toolName,
        toolCallId: '',
        input,
        callProviderMetadata,
        ...state,
      }) as MessagePart,
  );

/** An answer: steps, each of words and calls; the ids of the calls differ. */
const answer: fc.Arbitrary<MessagePart[]> = fc
  .array(fc.array(fc.oneof(wordsPart, toolPart), { minLength: 1, maxLength: 4 }), { maxLength: 4 })
  .map((steps) => {
    let calls = 0;
    return steps.flatMap((step) => [
      { type: 'step-start' } as MessagePart,
      ...step.map((part) =>
        part.type === 'dynamic-tool' ? { ...part, toolCallId: `call_${++calls}` } : part,
      ),
    ]);
  });

/** As it comes back from the database. */
function clean(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

async function read(chunks: readonly UIMessageChunk[]): Promise<UIMessage | undefined> {
  let message: UIMessage | undefined;
  const stream = new ReadableStream<UIMessageChunk>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  for await (const state of readUIMessageStream({ stream, terminateOnError: true })) message = state;
  return message;
}

/** What a client need not see, and what it adds itself. */
function seen(parts: readonly object[]): unknown[] {
  return parts.map((part) => {
    const { providerMetadata, callProviderMetadata, ...rest } = clean(part) as Record<string, unknown>;
    if (rest.type !== 'dynamic-tool') {
      delete rest.state;
      delete rest.id;
    }
    return rest;
  });
}

describe('replay', () => {
  test('gives a client of the AI SDK the parts that are kept', async () => {
    await fc.assert(
      fc.asyncProperty(answer, async (parts) => {
        for (const part of parts) expect(messagePart.parse(part)).toEqual(part);
        const message = await read(replay(RUN, parts));
        expect(message?.id).toBe('answer');
        expect(seen(message!.parts)).toEqual(seen(parts));
      }),
    );
  });

  test('opens and closes as many steps as there are', () => {
    fc.assert(
      fc.property(answer, (parts) => {
        const types = replay(RUN, parts).map(({ type }) => type);
        const steps = parts.filter(({ type }) => type === 'step-start').length;
        expect(types.filter((type) => type === 'start-step')).toHaveLength(steps);
        expect(types.filter((type) => type === 'finish-step')).toHaveLength(steps);
        expect(types[0]).toBe('start');
      }),
    );
  });
});

const calls = (prompt: LanguageModelV4Prompt) =>
  prompt.flatMap(({ role, content }) =>
    role === 'assistant'
      ? content.flatMap((part) => (part.type === 'tool-call' ? [part.toolCallId] : []))
      : [],
  );
const results = (prompt: LanguageModelV4Prompt) =>
  prompt.flatMap(({ role, content }) =>
    role === 'tool' ? content.flatMap((part) => (part.type === 'tool-result' ? [part.toolCallId] : [])) : [],
  );

describe('toPrompt', () => {
  test('gives each call its result, in the message after it', () => {
    fc.assert(
      fc.property(answer, (parts) => {
        const prompt = toPrompt({ role: 'assistant', parts });
        expect(results(prompt)).toEqual(calls(prompt));
        expect(calls(prompt)).toHaveLength(parts.filter(({ type }) => type === 'dynamic-tool').length);
        prompt.forEach((message, index) => {
          if (message.role === 'tool') expect(results([message])).toEqual(calls([prompt[index - 1]!]));
        });
      }),
    );
  });

  test('gives back what a provider has signed', () => {
    const parts: MessagePart[] = [
      { type: 'step-start' },
      { type: 'reasoning', text: 'hm', providerMetadata: { anthropic: { signature: 'signed' } } },
      { type: 'text', text: 'yes' },
      {
        type: 'dynamic-tool',
        toolName: 'tasks_list',
        toolCallId: 'c',
        state: 'output-error',
        input: {},
        errorText: 'not_found: no',
        callProviderMetadata: { google: { thoughtSignature: 'x' } },
      },
    ];
    expect(toPrompt({ role: 'assistant', parts })).toEqual([
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'hm', providerOptions: { anthropic: { signature: 'signed' } } },
          { type: 'text', text: 'yes' },
          {
            type: 'tool-call',
            toolCallId: 'c',
            toolName: 'tasks_list',
            input: {},
            providerOptions: { google: { thoughtSignature: 'x' } },
          },
        ],
      },
      {
        role: 'tool',
        content: [
          {
            type: 'tool-result',
            toolCallId: 'c',
            toolName: 'tasks_list',
            output: { type: 'error-text', value: 'not_found: no' },
          },
        ],
      },
    ]);
  });
});

describe('historyPrompt', () => {
  const history = fc.array(
    fc.oneof(
      fc.record({
        role: fc.constant('user' as const),
        parts: fc.tuple(wordsPart.filter((p) => p.type === 'text')),
      }),
      fc.record({ role: fc.constant('assistant' as const), parts: answer }),
    ),
    { maxLength: 10 },
  );
  const last = { role: 'user' as const, parts: [{ type: 'text' as const, text: 'and now this' }] };

  test('keeps to its budget, begins with a person and ends with what is answered', () => {
    fc.assert(
      fc.property(history, fc.integer({ min: 1, max: 2000 }), (before, budget) => {
        const prompt = historyPrompt([...before, last], budget);
        expect(prompt[0]!.role).toBe('user');
        expect(prompt.at(-1)).toEqual(toPrompt(last)[0]);
        expect(results(prompt)).toEqual(calls(prompt));
        const whole = [...before, last].flatMap(toPrompt);
        expect(whole.slice(whole.length - prompt.length)).toEqual(prompt);
        if (prompt.length > 1)
          expect(JSON.stringify(prompt).length).toBeLessThanOrEqual(budget + prompt.length + 1);
      }),
    );
  });

  test('is the whole conversation when that fits', () => {
    fc.assert(
      fc.property(history, (before) => {
        const whole = [last, ...before, last];
        expect(historyPrompt(whole, 1_000_000)).toEqual(whole.flatMap(toPrompt));
      }),
    );
  });
});

describe('titles', () => {
  test.each([
    ['Buy milk', 'Buy milk'],
    ['  two\n lines ', 'two lines'],
    [`${'word '.repeat(20)}`, `${'word '.repeat(12).trim()}…`],
    ['x'.repeat(80), `${'x'.repeat(30)}…`],
  ])('%j begins %j', (text, title) => expect(titleFrom(text)).toBe(title));

  test('are short, whatever is said', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
        const title = titleFrom(text);
        expect([...title].length).toBeLessThanOrEqual(61);
        expect(title.isWellFormed()).toBe(true);
      }),
    );
  });

  test.each([
    ['"Bathroom renovation"', 'Bathroom renovation'],
    ['Title: **Three quotes**\nIt is about quotes.', 'Three quotes'],
    ['«Купить молоко».', 'Купить молоко'],
    ['  ', ''],
  ])('a model that says %j means %j', (said, title) => expect(cleaned(said)).toBe(title));
});
