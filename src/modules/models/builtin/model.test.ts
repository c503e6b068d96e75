import type {
  LanguageModelV4CallOptions,
  LanguageModelV4FunctionTool,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
} from '@ai-sdk/provider';
import { generateText, jsonSchema, Output, stepCountIs, streamText, tool } from 'ai';
import { describe, expect, it } from 'vitest';
import { createBuiltinModel } from './model.ts';

const SYSTEM = 'purpose: chat\nYou are Steward.\nnow: 2026-11-24T09:00:00Z\ntimezone: Europe/Berlin';
const model = createBuiltinModel();

const user = (text: string): LanguageModelV4Message => ({ role: 'user', content: [{ type: 'text', text }] });
const says = (text: string): LanguageModelV4Message => ({
  role: 'assistant',
  content: [{ type: 'text', text }],
});
/** A call and its result, as the turn puts them into the prompt. */
const called = (toolName: string, value: unknown): LanguageModelV4Message[] => [
  { role: 'assistant', content: [{ type: 'tool-call', toolCallId: toolName, toolName, input: {} }] },
  {
    role: 'tool',
    content: [
      {
        type: 'tool-result',
        toolCallId: toolName,
        toolName,
        output: { type: 'json', value: value as never },
      },
    ],
  },
];
const offer = (...names: string[]): LanguageModelV4FunctionTool[] =>
  names.map((name) => ({ type: 'function', name, inputSchema: { type: 'object' } }));

async function ask(
  messages: readonly LanguageModelV4Message[],
  tools: LanguageModelV4FunctionTool[],
  system = SYSTEM,
) {
  const prompt: LanguageModelV4Prompt = [{ role: 'system', content: system }, ...messages];
  const { content } = await model.doGenerate({ prompt, tools });
  return {
    said: content.map((part) => (part.type === 'text' ? part.text : '')).join(''),
    calls: content.flatMap((part) =>
      part.type === 'tool-call' ? [[part.toolName, JSON.parse(part.input)] as const] : [],
    ),
  };
}

const LIST = {
  items: [
    { id: 'a', title: 'Buy milk', status: 'open', due_date: null },
    { id: 'b', title: 'Call the plumber', status: 'open', due_date: '2026-11-25' },
  ],
  next_cursor: null,
};

describe('through the AI SDK', () => {
  const tools = {
    tasks_list: tool({
      inputSchema: jsonSchema<Record<string, unknown>>({ type: 'object' }),
      execute: async () => LIST,
    }),
  };

  it('streams a tool call, then its answer word by word', async () => {
    const result = streamText({
      model,
      system: SYSTEM,
      prompt: "what's open?",
      tools,
      stopWhen: stepCountIs(3),
    });
    const deltas: string[] = [];
    const calls: string[] = [];
    for await (const part of result.fullStream) {
      if (part.type === 'text-delta') deltas.push(part.text);
      if (part.type === 'tool-call') calls.push(part.toolName);
    }
    expect(calls).toEqual(['tasks_list']);
    expect(deltas.length).toBeGreaterThan(8);
    expect(deltas.join('')).toBe('You have 2 open tasks:\n1. Buy milk\n2. Call the plumber (due tomorrow)');
    expect(await result.finishReason).toBe('stop');
    expect((await result.totalUsage).inputTokens).toBeGreaterThan(0);
  });

  it('counts the same tokens for the same text, four characters each', async () => {
    const usage = async () => (await generateText({ model, system: SYSTEM, prompt: 'hello' })).usage;
    const first = await usage();
    expect(await usage()).toEqual(first);
    const { text } = await generateText({ model, system: SYSTEM, prompt: 'hello' });
    expect(first.outputTokens).toBe(Math.ceil(text.length / 4));
  });

  it('gives an object of the asked shape', async () => {
    const { output } = await generateText({
      model,
      system: 'purpose: title',
      prompt:
        'Please remind me to renew the passport before the holidays since the old one has run out and the office is closed',
      output: Output.object({
        schema: jsonSchema<{ title: string }>({
          type: 'object',
          properties: { title: { type: 'string' } },
          required: ['title'],
          additionalProperties: false,
        }),
      }),
    });
    expect(output).toEqual({ title: 'Renew the passport before the holidays since the old one' });
  });

  it('stops when it is aborted', async () => {
    const stop = new AbortController();
    const { stream } = await model.doStream({ prompt: [user('help')], abortSignal: stop.signal });
    const reader = stream.getReader();
    await reader.read();
    stop.abort(new Error('enough'));
    await expect(
      (async () => {
        while (!(await reader.read()).done);
      })(),
    ).rejects.toThrow('enough');
    await expect(model.doGenerate({ prompt: [user('help')], abortSignal: stop.signal })).rejects.toThrow(
      'enough',
    );
  });

  it('streams exactly what it generates', async () => {
    for (const text of ['help', 'buy milk', 'who are you?']) {
      const options: LanguageModelV4CallOptions = { prompt: [user(text)], tools: offer('capture_apply') };
      const { content } = await model.doGenerate(options);
      const { stream } = await model.doStream(options);
      let said = '';
      const calls: unknown[] = [];
      for await (const part of stream) {
        if (part.type === 'text-delta') said += part.delta;
        if (part.type === 'tool-call') calls.push(part);
      }
      expect([...(said ? [{ type: 'text', text: said }] : []), ...calls]).toEqual(content);
    }
  });
});

describe('a conversation', () => {
  const shown = [
    user("what's open?"),
    ...called('tasks_list', LIST),
    says('You have 2 open tasks:\n1. Buy milk\n2. Call the plumber (due tomorrow)'),
  ];

  it('counts by the list it has just shown', async () => {
    const { calls } = await ask([...shown, user('mark the second one done')], offer('tasks_complete'));
    expect(calls).toEqual([['tasks_complete', { id: 'b' }]]);
  });

  it('takes "both" and "all of them" from that list', async () => {
    const { calls } = await ask([...shown, user('mark both done')], offer('tasks_complete'));
    expect(calls.map(([, input]) => input.id)).toEqual(['a', 'b']);
  });

  it('prefers the list to what was surfaced longer ago', async () => {
    const { calls } = await ask(
      [...shown, user('archive the first one')],
      offer('tasks_archive'),
      `${SYSTEM}\nrecent: 1. task x "Older"\nrecent: 2. goal y "Oldest"`,
    );
    expect(calls).toEqual([['tasks_archive', { id: 'a' }]]);
  });

  it('goes on counting by that list after other things were said', async () => {
    const later = [...shown, user('hello'), says('Hello.'), user('the second one is done')];
    expect(
      (
        await ask(
          later,
          offer('tasks_complete'),
          `${SYSTEM}\nrecent: 1. task x "Older"\nrecent: 2. goal y "Oldest"`,
        )
      ).calls,
    ).toEqual([['tasks_complete', { id: 'b' }]]);
  });

  it('gives a priority or a date to nothing that has none', async () => {
    const recent = `${SYSTEM}\nrecent: 1. problem p "Budget"`;
    const tools = offer('tasks_update', 'problems_update');
    expect(await ask([user('make the first one p2')], tools, recent)).toEqual({
      said: '"Budget" is a problem, which has no priority. Nothing was changed.',
      calls: [],
    });
    expect((await ask([user('move the first one to Friday')], tools, recent)).calls).toEqual([]);
  });

  it('knows what "it" is after a change', async () => {
    const changed = [
      ...shown,
      user('the second one is done'),
      ...called('tasks_complete', { id: 'b', title: 'Call the plumber', status: 'done' }),
      says('Done: "Call the plumber".'),
    ];
    const { calls } = await ask([...changed, user('reopen it')], offer('tasks_reopen'));
    expect(calls).toEqual([['tasks_reopen', { id: 'b' }]]);
    const corrected = [
      ...shown,
      user('move the first one to Friday'),
      ...called('tasks_update', { id: 'a', title: 'Buy milk' }),
      says('Moved.'),
    ];
    expect((await ask([...corrected, user('sorry, I meant Thursday')], offer('tasks_update'))).calls).toEqual(
      [['tasks_update', { id: 'a', due_date: '2026-11-26' }]],
    );
  });

  it('asks which one, and understands the answer', async () => {
    const question = await ask([...shown, user('move it to Friday')], offer('tasks_update'));
    expect(question).toEqual({ said: 'Which one do you mean?\n1. Buy milk\n2. Call the plumber', calls: [] });
    const recent = `${SYSTEM}\nrecent: 1. task a "Buy milk"\nrecent: 2. task b "Call the plumber"`;
    for (const reply of ['the second one', '2', 'the plumber']) {
      const { calls } = await ask(
        [user('move it to Friday'), says(question.said), user(reply)],
        offer('tasks_update'),
        recent,
      );
      expect(calls).toEqual([['tasks_update', { id: 'b', due_date: '2026-11-27' }]]);
    }
  });

  it('asks for the day, and understands the answer', async () => {
    const question = await ask([...shown, user('postpone the second one')], offer('tasks_update'));
    expect(question.said).toBe('To which day?');
    const { calls } = await ask(
      [...shown, user('postpone the second one'), says(question.said), user('next Monday')],
      offer('tasks_update'),
    );
    expect(calls).toEqual([['tasks_update', { id: 'b', due_date: '2026-11-30' }]]);
  });

  it('moves by days from the day on which it is due', async () => {
    const tools = offer('tasks_get', 'tasks_update');
    const request = [...shown, user('delay the second one by two days')];
    expect((await ask(request, tools)).calls).toEqual([['tasks_get', { id: 'b' }]]);
    expect((await ask([...request, ...called('tasks_get', LIST.items[1])], tools)).calls).toEqual([
      ['tasks_update', { id: 'b', due_date: '2026-11-27' }],
    ]);
  });

  it('adds what is said to be due and is not there', async () => {
    const tools = offer('tasks_list', 'capture_apply', 'tasks_update');
    const { calls } = await ask([user('The rent is due on Friday'), ...called('tasks_list', LIST)], tools);
    expect(calls).toMatchObject([['capture_apply', { tasks: [{ title: 'Rent', due_date: '2026-11-27' }] }]]);
  });

  it('asks rather than changes something of which less than half was named', async () => {
    const list = { items: [{ id: 'c', title: 'Plan the dinner party with friends', status: 'open' }] };
    const { said, calls } = await ask(
      [user('I finished dinner'), ...called('tasks_list', list)],
      offer('tasks_list', 'tasks_complete'),
    );
    expect(calls).toEqual([]);
    expect(said).toContain('Which one');
  });

  it('passes a question on with the title of what it points at', async () => {
    const { calls } = await ask(
      [...shown, user('what about the second one?')],
      offer('query_ask'),
      `${SYSTEM}\nchat: c1`,
    );
    expect(calls).toEqual([['query_ask', { question: 'what about "Call the plumber"?', chat_id: 'c1' }]]);
  });

  it('says what a tool refused', async () => {
    const failed: LanguageModelV4Message = {
      role: 'tool',
      content: [
        {
          type: 'tool-result',
          toolCallId: '1',
          toolName: 'capture_apply',
          output: { type: 'error-text', value: 'title is too long' },
        },
      ],
    };
    expect((await ask([user('buy milk'), failed], offer('capture_apply'))).said).toBe(
      'That did not work: title is too long',
    );
  });

  it('says when it lacks the tool, and calls none that is not offered', async () => {
    expect(await ask([user('buy milk')], [])).toEqual({
      said: 'I cannot do that here: the tool capture_apply is not available to me.',
      calls: [],
    });
    expect((await ask([user('qwerty asdf')], [])).said).toContain('changed nothing');
  });

  it('gives the same ids for the same step and others for the next', async () => {
    const ids = async (messages: LanguageModelV4Message[]) => {
      const { content } = await model.doGenerate({ prompt: messages, tools: offer('capture_apply') });
      return content.flatMap((part) => (part.type === 'tool-call' ? [part.toolCallId] : []));
    };
    expect(await ids([user('buy milk')])).toEqual(await ids([user('buy milk')]));
    expect(await ids([user('buy milk'), says('Kept.'), user('buy milk')])).not.toEqual(
      await ids([user('buy milk')]),
    );
  });
});

describe('structured answers', () => {
  async function json(system: string, text: string, schema?: Record<string, unknown>): Promise<unknown> {
    const { content } = await model.doGenerate({
      prompt: [{ role: 'system', content: system }, user(text)],
      responseFormat: { type: 'json', ...(schema && { schema }) },
    });
    return JSON.parse(content[0]!.type === 'text' ? content[0]!.text : '');
  }
  const extraction = (text: string, more = '') =>
    json(`purpose: extraction\nnow: 2026-11-24T09:00:00Z\ntimezone: Europe/Berlin\n${more}`, text);

  it('extracts what there is to keep', async () => {
    expect(await extraction('buy milk tomorrow 5pm p1 #home')).toEqual({
      tasks: [{ title: 'Buy milk', priority: 1, due_date: '2026-11-25', due_time: '17:00', tags: ['home'] }],
      goals: [],
      problems: [],
      links: [],
      updates: [],
    });
  });

  it('extracts nothing from what is only said', async () => {
    for (const text of [
      "don't buy milk",
      'should I buy milk?',
      '"buy milk"',
      'if I bought milk',
      'lol',
      'qwerty asdf',
    ]) {
      expect(await extraction(text), text).toEqual({
        tasks: [],
        goals: [],
        problems: [],
        links: [],
        updates: [],
      });
    }
  });

  it('proposes changes to what was surfaced', async () => {
    const recent = 'recent: 1. task a "Buy milk"\nrecent: 2. task b "Call the \\"good\\" plumber"';
    expect(await extraction('mark the second one done', recent)).toMatchObject({
      updates: [{ type: 'task', title: 'Call the "good" plumber', set: { status: 'done' } }],
    });
    expect(await extraction('move the first one to Friday', recent)).toMatchObject({
      updates: [{ title: 'Buy milk', set: { due_date: '2026-11-27' } }],
    });
    expect(await extraction('make the first one p1', recent)).toMatchObject({
      updates: [{ title: 'Buy milk', set: { priority: 1 } }],
    });
    expect(await extraction('I bought milk', recent)).toMatchObject({
      tasks: [],
      updates: [{ title: 'Buy milk', set: { status: 'done' } }],
    });
    expect(await extraction('it is done', recent)).toMatchObject({ updates: [] });
  });

  it('answers with citations, from the entities it is given alone', async () => {
    const context =
      'purpose: query\nnow: 2026-11-24T09:00:00Z\n- task a "Buy milk" status=open due=2026-11-25\n- task b "Sell the car" status=done\n- goal c "Renovate both bathrooms" status=active';
    expect(await json(context, "what's open?")).toEqual({
      answer: 'You have 1 open task:\n1. Buy milk (due tomorrow)',
      citations: [{ entity_type: 'task', id: 'a', title: 'Buy milk' }],
    });
    expect(await json(context, 'how is the bathroom going?')).toMatchObject({
      citations: [{ entity_type: 'goal', id: 'c' }],
    });
    expect(await json(context, 'what about the moon?')).toEqual({
      answer: 'I find nothing about that.',
      citations: [],
    });
  });

  it('has the properties of the schema and no others', async () => {
    const schema = {
      type: 'object',
      required: ['summary_text', 'facts'],
      properties: { summary_text: { type: 'string' }, facts: { type: 'array' } },
    };
    expect(await json('purpose: summary', 'user: buy milk', schema)).toEqual({
      summary_text: 'user: buy milk',
      facts: [],
    });
  });
});

describe('what surrounds it', () => {
  it('falls back to UTC for a zone nobody knows', async () => {
    const { calls } = await ask(
      [user('buy milk tomorrow')],
      offer('capture_apply'),
      'now: 2026-11-24T23:30:00Z\ntimezone: Middle/Earth',
    );
    expect(calls).toMatchObject([['capture_apply', { tasks: [{ due_date: '2026-11-25' }] }]]);
  });

  it('takes days in the zone of the user', async () => {
    for (const [zone, date] of [
      ['Europe/Berlin', '2026-11-26'],
      ['America/Los_Angeles', '2026-11-25'],
      ['Pacific/Apia', '2026-11-26'],
    ]) {
      const { calls } = await ask(
        [user('buy milk tomorrow')],
        offer('capture_apply'),
        `now: 2026-11-24T23:30:00Z\ntimezone: ${zone}`,
      );
      expect(calls, zone).toMatchObject([['capture_apply', { tasks: [{ due_date: date }] }]]);
    }
  });

  it('reads the time and the zone from the options of the call, too', async () => {
    const { content } = await model.doGenerate({
      prompt: [user('buy milk tomorrow')],
      tools: offer('capture_apply'),
      providerOptions: {
        steward: { purpose: 'chat', now: '2026-12-30T23:30:00Z', timezone: 'Europe/Berlin' },
      },
    });
    expect(content[0]).toMatchObject({ type: 'tool-call', input: expect.stringContaining('2027-01-01') });
  });
});
