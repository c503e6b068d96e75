import type {
  LanguageModelV4FunctionTool,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
} from '@ai-sdk/provider';
import { describe, expect, it } from 'vitest';
import { isInstruction } from './clauses.ts';
import { createBuiltinModel } from './model.ts';
import { UTTERANCES } from './utterances.ts';

const STORED = {
  tasks: [
    { id: 't1', title: 'Buy milk', status: 'open', due_date: null },
    { id: 't2', title: 'Call the plumber', status: 'open', due_date: '2026-11-23' },
    { id: 't3', title: 'Pay the electricity bill', status: 'open', due_date: '2026-11-26' },
    { id: 't4', title: 'Write the quarterly report', status: 'open', due_date: null },
    { id: 't5', title: 'Order tiles', status: 'done', due_date: null },
    { id: 't6', title: 'Sell the piano', status: 'archived', due_date: null },
  ],
  goals: [{ id: 'g1', title: 'Renovate both bathrooms', status: 'active', target_date: '2026-12-24' }],
  problems: [{ id: 'p1', title: 'Budget', status: 'active' }],
};
const READS = [
  'tasks_list',
  'tasks_get',
  'goals_list',
  'problems_list',
  'plan_today',
  'query_ask',
  'memory_recall',
];
const WRITES = [
  'capture_apply',
  'inbox_add',
  'memory_remember',
  'memory_forget',
  'tasks_complete',
  'tasks_reopen',
  'tasks_snooze',
  ...['tasks', 'goals', 'problems'].flatMap((plural) => [
    `${plural}_update`,
    `${plural}_archive`,
    `${plural}_restore`,
  ]),
];
const TOOLS: LanguageModelV4FunctionTool[] = [...READS, ...WRITES].map((name) => ({
  type: 'function',
  name,
  inputSchema: { type: 'object' },
}));

interface Made {
  readonly tool: string;
  readonly input: Record<string, unknown>;
}

/** What the planner would answer. */
function run({ tool, input }: Made): unknown {
  const plural = /^(tasks|goals|problems)_/.exec(tool)?.[1] as keyof typeof STORED | undefined;
  if (tool.endsWith('_list') && plural) {
    const words = String(input.q ?? '').toLowerCase();
    const stored: { status: string; title: string }[] = STORED[plural];
    const rows = stored.filter(({ title }) => title.toLowerCase().includes(words));
    return {
      items: rows.filter(({ status }) =>
        input.status === undefined ? status !== 'archived' : status === input.status,
      ),
      next_cursor: null,
    };
  }
  if (plural) return STORED[plural].find(({ id }) => id === input.id) ?? {};
  switch (tool) {
    case 'plan_today':
      return {
        generated_at: '2026-11-24T09:00:00Z',
        today: [{ id: 't1', title: 'Buy milk', score: 1, reasons: ['quick win'] }],
        next: [],
        blocked: [{ id: 't4', title: 'Write the quarterly report', reasons: ['waits for "Order tiles"'] }],
      };
    case 'query_ask':
      return { answer: 'So it is.', citations: [] };
    case 'memory_recall':
      return { items: [{ id: 'm1', content: 'the boiler code is 4711' }] };
    case 'capture_apply':
      return { inbox_item_id: 'i1', applied: { tasks_created: 1 }, items: [] };
    default:
      return { ok: true };
  }
}

const SYSTEM = ['purpose: chat', 'You are Steward.', 'now: 2026-11-24T09:00:00Z', 'timezone: Europe/Berlin'];
const RECENT = [
  'recent: 1. task t1 "Buy milk"',
  '2. task t2 "Call the plumber"',
  '3. goal g1 "Renovate both bathrooms"',
];

/** Lets the model work with its tools until it only speaks. */
async function converse(text: string, fresh: boolean): Promise<{ calls: Made[]; said: string }> {
  const model = createBuiltinModel();
  const prompt: LanguageModelV4Prompt = [
    { role: 'system', content: [...SYSTEM, ...(fresh ? [] : RECENT)].join('\n') },
    { role: 'user', content: [{ type: 'text', text }] },
  ];
  const calls: Made[] = [];
  for (let step = 0; step < 6; step++) {
    const { content, finishReason } = await model.doGenerate({ prompt, tools: TOOLS });
    const made = content.flatMap((part) => (part.type === 'tool-call' ? [part] : []));
    if (made.length === 0) {
      expect(finishReason.unified).toBe('stop');
      return { calls, said: content.map((part) => (part.type === 'text' ? part.text : '')).join('') };
    }
    const results: LanguageModelV4Message = { role: 'tool', content: [] };
    prompt.push({
      role: 'assistant',
      content: made.map(({ toolCallId, toolName, input }) => ({
        type: 'tool-call',
        toolCallId,
        toolName,
        input: JSON.parse(input),
      })),
    });
    for (const { toolCallId, toolName, input } of made) {
      const call: Made = { tool: toolName, input: JSON.parse(input) };
      calls.push(call);
      results.content.push({
        type: 'tool-result',
        toolCallId,
        toolName,
        output: { type: 'json', value: run(call) as never },
      });
    }
    prompt.push(results);
  }
  throw new Error(`the model goes on calling tools: ${JSON.stringify(calls)}`);
}

describe('the vocabulary', () => {
  it.each(UTTERANCES.map((utterance) => [utterance.text.slice(0, 70), utterance] as const))(
    '%s',
    async (_, utterance) => {
      const { calls, said } = await converse(utterance.text, utterance.fresh ?? false);
      const writes = calls.filter(({ tool }) => WRITES.includes(tool));
      expect(writes.map(({ tool }) => tool)).toEqual(utterance.writes.map(([tool]) => tool));
      utterance.writes.forEach(([, input], index) => {
        expect(writes[index]!.input).toMatchObject(input);
      });
      for (const tool of utterance.reads ?? []) expect(calls.map((call) => call.tool)).toContain(tool);
      if (utterance.says) expect(said).toMatch(utterance.says);
      expect(said).not.toBe('');
    },
  );

  const FRAMES: readonly ((text: string) => string)[] = [
    (text) => `don't ${text}`,
    (text) => `Please do not ${text}`,
    (text) => `I won't ${text}`,
    (text) => `I didn't ${text}`,
    (text) => `I don't have to ${text}`,
    (text) => `should I ${text}?`,
    (text) => `Did you ${text}?`,
    (text) => `when did I ${text}?`,
    (text) => `why should I ${text}?`,
    (text) => `${text}?`,
    (text) => `what if I ${text}`,
    (text) => `if I ${text}, will it help`,
    (text) => `I would ${text}`,
    (text) => `I might ${text}`,
    (text) => `maybe ${text}`,
    (text) => `"${text}"`,
    (text) => `she told me to ${text}`,
    (text) => `the letter says: ${text}`,
    (text) => `> ${text}`,
  ];
  const instructions = UTTERANCES.filter(
    ({ text, writes }) => writes.length > 0 && /^[a-z]/.test(text) && isInstruction(text),
  );

  it.each(instructions.map(({ text }) => text))(
    'nothing changes when it is denied, asked, quoted or supposed: %s',
    async (text) => {
      for (const frame of FRAMES) {
        const framed = frame(text);
        const { calls } = await converse(framed, false);
        expect(
          calls.filter(({ tool }) => WRITES.includes(tool)),
          framed,
        ).toEqual([]);
      }
    },
  );

  it('has enough utterances, and a third of them change nothing', () => {
    const idle = UTTERANCES.filter(({ writes }) => writes.length === 0);
    expect(UTTERANCES.length).toBeGreaterThanOrEqual(170);
    expect(idle.length).toBeGreaterThanOrEqual(UTTERANCES.length / 3);
  });
});
