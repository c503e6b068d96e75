/**
 * The wire formats of the providers, as a scripted server speaks them. A `Wire` turns one scripted answer into the
 * events of a stream, or into the body of an answer that is not streamed.
 */

export interface ScriptedUsage {
  /** All input, cached or not. */
  readonly input: number;
  readonly output: number;
  readonly cached?: number;
  readonly reasoning?: number;
}

export interface Answer {
  /** One event of the stream each. */
  readonly pieces: readonly string[];
  readonly reasoning: string | undefined;
  /** `input` is the text of the arguments as it is sent, JSON or not. */
  readonly toolCalls: readonly { readonly id: string; readonly name: string; readonly input: string }[];
  readonly usage: ScriptedUsage | undefined;
  readonly finish: 'stop' | 'length' | 'tool-calls';
  readonly model: string;
}

export interface Failure {
  readonly status: number;
  readonly message: string;
  readonly code: string | undefined;
}

/** An event of a stream; `piece` counts among the answer's text pieces. */
export interface Frame {
  readonly event?: string;
  readonly data: unknown;
  readonly piece?: true;
}

export interface Wire {
  /** Whether a request is in this format, by the end of its path. */
  readonly path: RegExp;
  readonly streams: (request: { readonly path: string; readonly body: Record<string, unknown> }) => boolean;
  readonly frames: (answer: Answer) => Frame[];
  /** What follows the last event. */
  readonly end?: string;
  readonly body: (answer: Answer) => unknown;
  readonly failure: (failure: Failure) => unknown;
}

const ID = 'scripted-1';
const CREATED = 1_790_000_000;

function text(answer: Answer): string {
  return answer.pieces.join('');
}

const chat: Wire = {
  path: /\/chat\/completions$/,
  streams: ({ body }) => body.stream === true,
  frames: (answer) => {
    const chunk = (delta: unknown, finish: string | null = null, piece?: true): Frame => ({
      data: {
        id: ID,
        object: 'chat.completion.chunk',
        created: CREATED,
        model: answer.model,
        choices: [{ index: 0, delta, finish_reason: finish }],
      },
      ...(piece ? { piece } : {}),
    });
    return [
      chunk({ role: 'assistant', content: '' }),
      ...(answer.reasoning === undefined ? [] : [chunk({ reasoning_content: answer.reasoning })]),
      ...answer.pieces.map((content) => chunk({ content }, null, true)),
      ...answer.toolCalls.flatMap(({ id, name, input }, index) => [
        chunk({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] }),
        chunk({ tool_calls: [{ index, function: { arguments: input } }] }),
      ]),
      chunk({}, CHAT_FINISH[answer.finish]),
      ...(answer.usage === undefined
        ? []
        : [
            {
              data: {
                id: ID,
                object: 'chat.completion.chunk',
                created: CREATED,
                model: answer.model,
                choices: [],
                usage: chatUsage(answer.usage),
              },
            },
          ]),
    ];
  },
  end: 'data: [DONE]\n\n',
  body: (answer) => ({
    id: ID,
    object: 'chat.completion',
    created: CREATED,
    model: answer.model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: text(answer) || null,
          ...(answer.toolCalls.length === 0
            ? {}
            : {
                tool_calls: answer.toolCalls.map(({ id, name, input }) => ({
                  id,
                  type: 'function',
                  function: { name, arguments: input },
                })),
              }),
        },
        finish_reason: CHAT_FINISH[answer.finish],
      },
    ],
    ...(answer.usage === undefined ? {} : { usage: chatUsage(answer.usage) }),
  }),
  failure: ({ message, code }) => ({
    error: { message, type: code ?? 'error', code: code ?? null, param: null },
  }),
};

const CHAT_FINISH = { stop: 'stop', length: 'length', 'tool-calls': 'tool_calls' } as const;

function chatUsage({ input, output, cached, reasoning }: ScriptedUsage) {
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    ...(cached === undefined ? {} : { prompt_tokens_details: { cached_tokens: cached } }),
    ...(reasoning === undefined ? {} : { completion_tokens_details: { reasoning_tokens: reasoning } }),
  };
}

const responses: Wire = {
  path: /\/responses$/,
  streams: ({ body }) => body.stream === true,
  frames: (answer) => {
    const response = { id: ID, object: 'response', created_at: CREATED, model: answer.model };
    const frames: Frame[] = [];
    const push = (type: string, fields: Record<string, unknown>, piece?: true) =>
      frames.push({
        event: type,
        data: { type, sequence_number: frames.length, ...fields },
        ...(piece ? { piece } : {}),
      });
    push('response.created', { response: { ...response, status: 'in_progress' } });
    push('response.in_progress', { response: { ...response, status: 'in_progress' } });
    for (const [index, item] of responsesItems(answer).entries()) {
      push('response.output_item.added', {
        output_index: index,
        item: { ...item, ...(item.type === 'function_call' ? { arguments: '' } : {}), status: 'in_progress' },
      });
      if (item.type === 'message') {
        for (const delta of answer.pieces) {
          push(
            'response.output_text.delta',
            { item_id: item.id, output_index: index, content_index: 0, delta },
            true,
          );
        }
      } else if (item.type === 'function_call') {
        push('response.function_call_arguments.delta', {
          item_id: item.id,
          output_index: index,
          delta: item.arguments,
        });
        push('response.function_call_arguments.done', {
          item_id: item.id,
          output_index: index,
          arguments: item.arguments,
        });
      } else {
        const summary = { item_id: item.id, output_index: index, summary_index: 0 };
        push('response.reasoning_summary_part.added', {
          ...summary,
          part: { type: 'summary_text', text: '' },
        });
        push('response.reasoning_summary_text.delta', { ...summary, delta: answer.reasoning });
        push('response.reasoning_summary_part.done', {
          ...summary,
          part: { type: 'summary_text', text: answer.reasoning },
        });
      }
      push('response.output_item.done', { output_index: index, item });
    }
    const type = answer.finish === 'length' ? 'response.incomplete' : 'response.completed';
    push(type, { response: responsesBody(answer) });
    return frames;
  },
  body: responsesBody,
  failure: chat.failure,
};

type ResponsesItem =
  | { type: 'reasoning'; id: string; summary: unknown[]; encrypted_content: string }
  | { type: 'message'; id: string; role: string; status: string; content: unknown[] }
  | { type: 'function_call'; id: string; call_id: string; name: string; arguments: string; status: string };

function responsesItems(answer: Answer): ResponsesItem[] {
  return [
    ...(answer.reasoning === undefined
      ? []
      : [
          {
            type: 'reasoning' as const,
            id: 'rs_1',
            summary: [{ type: 'summary_text', text: answer.reasoning }],
            encrypted_content: 'sealed',
          },
        ]),
    ...(answer.pieces.length === 0
      ? []
      : [
          {
            type: 'message' as const,
            id: 'msg_1',
            role: 'assistant',
            status: 'completed',
            content: [{ type: 'output_text', text: text(answer), annotations: [], logprobs: [] }],
          },
        ]),
    ...answer.toolCalls.map(({ id, name, input }, index) => ({
      type: 'function_call' as const,
      id: `fc_${index + 1}`,
      call_id: id,
      name,
      arguments: input,
      status: 'completed',
    })),
  ];
}

function responsesBody(answer: Answer) {
  return {
    id: ID,
    object: 'response',
    created_at: CREATED,
    model: answer.model,
    status: answer.finish === 'length' ? 'incomplete' : 'completed',
    incomplete_details: answer.finish === 'length' ? { reason: 'max_output_tokens' } : null,
    error: null,
    output: responsesItems(answer),
    ...(answer.usage === undefined
      ? {}
      : {
          usage: {
            input_tokens: answer.usage.input,
            input_tokens_details: { cached_tokens: answer.usage.cached ?? 0 },
            output_tokens: answer.usage.output,
            output_tokens_details: { reasoning_tokens: answer.usage.reasoning ?? 0 },
            total_tokens: answer.usage.input + answer.usage.output,
          },
        }),
  };
}

const messages: Wire = {
  path: /\/messages$/,
  streams: ({ body }) => body.stream === true,
  frames: (answer) => {
    const frames: Frame[] = [];
    const push = (type: string, fields: Record<string, unknown>, piece?: true) =>
      frames.push({ event: type, data: { type, ...fields }, ...(piece ? { piece } : {}) });
    const usage = messagesUsage(answer.usage);
    push('message_start', {
      message: {
        id: ID,
        type: 'message',
        role: 'assistant',
        model: answer.model,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { ...usage, output_tokens: 1 },
      },
    });
    for (const [index, block] of messagesBlocks(answer).entries()) {
      const delta = (value: unknown, piece?: true) =>
        push('content_block_delta', { index, delta: value }, piece);
      if (block.type === 'thinking') {
        push('content_block_start', {
          index,
          content_block: { type: 'thinking', thinking: '', signature: '' },
        });
        delta({ type: 'thinking_delta', thinking: block.thinking });
        delta({ type: 'signature_delta', signature: block.signature });
      } else if (block.type === 'text') {
        push('content_block_start', { index, content_block: { type: 'text', text: '' } });
        for (const piece of answer.pieces) delta({ type: 'text_delta', text: piece }, true);
      } else {
        push('content_block_start', { index, content_block: { ...block, input: {} } });
        delta({ type: 'input_json_delta', partial_json: block.input });
      }
      push('content_block_stop', { index });
    }
    push('message_delta', {
      delta: { stop_reason: MESSAGES_STOP[answer.finish], stop_sequence: null },
      usage: {
        output_tokens: usage.output_tokens,
        ...(usage.output_tokens_details ? { output_tokens_details: usage.output_tokens_details } : {}),
      },
    });
    push('message_stop', {});
    return frames;
  },
  body: (answer) => ({
    id: ID,
    type: 'message',
    role: 'assistant',
    model: answer.model,
    content: messagesBlocks(answer).map((block) =>
      block.type === 'tool_use' ? { ...block, input: JSON.parse(block.input) } : block,
    ),
    stop_reason: MESSAGES_STOP[answer.finish],
    stop_sequence: null,
    usage: messagesUsage(answer.usage),
  }),
  failure: ({ message, code }) => ({ type: 'error', error: { type: code ?? 'api_error', message } }),
};

const MESSAGES_STOP = { stop: 'end_turn', length: 'max_tokens', 'tool-calls': 'tool_use' } as const;

function messagesBlocks(answer: Answer) {
  return [
    ...(answer.reasoning === undefined
      ? []
      : [{ type: 'thinking' as const, thinking: answer.reasoning, signature: 'signed' }]),
    ...(answer.pieces.length === 0 ? [] : [{ type: 'text' as const, text: text(answer) }]),
    ...answer.toolCalls.map(({ id, name, input }) => ({ type: 'tool_use' as const, id, name, input })),
  ];
}

/** This format counts cached input beside the rest, and has no way to leave the usage out. */
function messagesUsage(usage: ScriptedUsage | undefined) {
  const cached = usage?.cached ?? 0;
  return {
    input_tokens: (usage?.input ?? 0) - cached,
    cache_read_input_tokens: cached,
    cache_creation_input_tokens: 0,
    output_tokens: usage?.output ?? 0,
    ...(usage?.reasoning === undefined
      ? {}
      : { output_tokens_details: { thinking_tokens: usage.reasoning } }),
  };
}

const google: Wire = {
  path: /:(?:streamGenerateContent|generateContent)$/,
  streams: ({ path }) => path.includes(':stream'),
  frames: (answer) => {
    const parts = googleParts(answer);
    return [
      ...parts.map((part) => ({
        data: {
          candidates: [{ content: { role: 'model', parts: [part] }, index: 0 }],
          modelVersion: answer.model,
        },
        ...('text' in part && !('thought' in part) ? { piece: true as const } : {}),
      })),
      {
        data: {
          ...googleBody(answer),
          candidates: [{ ...GOOGLE_END(answer), content: { role: 'model', parts: [] } }],
        },
      },
    ];
  },
  body: googleBody,
  failure: ({ status, message, code }) => ({ error: { code: status, message, status: code ?? 'UNKNOWN' } }),
};

const GOOGLE_END = (answer: Answer) => ({
  finishReason: answer.finish === 'length' ? 'MAX_TOKENS' : 'STOP',
  index: 0,
});

function googleParts(answer: Answer) {
  return [
    ...(answer.reasoning === undefined ? [] : [{ text: answer.reasoning, thought: true }]),
    ...answer.pieces.map((piece) => ({ text: piece })),
    ...answer.toolCalls.map(({ name, input }) => ({ functionCall: { name, args: JSON.parse(input) } })),
  ];
}

function googleBody(answer: Answer) {
  const { usage } = answer;
  return {
    candidates: [{ ...GOOGLE_END(answer), content: { role: 'model', parts: googleParts(answer) } }],
    modelVersion: answer.model,
    ...(usage === undefined
      ? {}
      : {
          usageMetadata: {
            promptTokenCount: usage.input,
            cachedContentTokenCount: usage.cached ?? 0,
            candidatesTokenCount: usage.output - (usage.reasoning ?? 0),
            thoughtsTokenCount: usage.reasoning ?? 0,
            totalTokenCount: usage.input + usage.output,
          },
        }),
  };
}

export const WIRES = { chat, responses, messages, google } as const;
export type WireName = keyof typeof WIRES;
