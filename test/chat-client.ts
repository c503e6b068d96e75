/** A chat client as a page has one: the AI SDK's own transport, parser and reader of messages. */
import { DefaultChatTransport, readUIMessageStream, type UIMessage, type UIMessageChunk } from 'ai';
import type { TestApp, TestUser } from './harness.ts';

export interface Heard {
  readonly chunks: readonly UIMessageChunk[];
  /** What the chunks make, as the reader of the AI SDK has it. */
  readonly message: UIMessage | undefined;
  /** The text of the error part, where one came. */
  readonly error: string | undefined;
}

/** An answer that is being listened to. */
export interface Listening {
  /** So far. */
  readonly chunks: readonly UIMessageChunk[];
  /** The text so far. */
  text(): string;
  /** Resolves when the stream has ended. */
  readonly end: Promise<Heard>;
  /** Closes the connection. */
  close(): void;
}

export interface ChatClient {
  /** @throws Error with the server's answer when it refuses */
  send(text: string, options?: { conversationId?: string; clientMsgId?: string }): Promise<Listening>;
  retry(conversationId: string): Promise<Listening>;
  /** Undefined when nothing is being said. */
  resume(conversationId: string): Promise<Listening | undefined>;
}

export function chatClient(app: Pick<TestApp, 'url'>, user: TestUser): ChatClient {
  const headers = { authorization: `Bearer ${user.apiKey}` };
  const open = async (path: string, body: object, signal: AbortSignal) => {
    const transport = new DefaultChatTransport({
      headers,
      prepareSendMessagesRequest: () => ({ api: `${app.url}${path}`, body }),
    });
    return transport.sendMessages({
      chatId: 'unused',
      messages: [],
      trigger: 'submit-message',
      messageId: undefined,
      abortSignal: signal,
    });
  };
  return {
    send: async (text, { conversationId, clientMsgId } = {}) => {
      const closing = new AbortController();
      const body = {
        message: text,
        ...(conversationId && { conversation_id: conversationId }),
        ...(clientMsgId && { client_msg_id: clientMsgId }),
      };
      return listen(await open('/v1/chat', body, closing.signal), closing);
    },
    retry: async (conversationId) => {
      const closing = new AbortController();
      return listen(await open(`/v1/chat/${conversationId}/retry`, {}, closing.signal), closing);
    },
    resume: async (conversationId) => {
      const closing = new AbortController();
      const transport = new DefaultChatTransport({
        headers,
        prepareReconnectToStreamRequest: () => ({ api: `${app.url}/v1/chat/${conversationId}/stream` }),
      });
      const stream = await transport.reconnectToStream({
        chatId: 'unused',
        abortSignal: closing.signal,
      });
      return stream ? listen(stream, closing) : undefined;
    },
  };
}

function listen(stream: ReadableStream<UIMessageChunk>, closing: AbortController): Listening {
  const chunks: UIMessageChunk[] = [];
  const [forChunks, forMessage] = stream.tee();
  const gathered = (async () => {
    for await (const chunk of forChunks) chunks.push(chunk);
  })();
  let error: string | undefined;
  const read = (async () => {
    let message: UIMessage | undefined;
    const onError = (failure: unknown) => {
      error = (failure as Error).message;
    };
    for await (const state of readUIMessageStream({ stream: forMessage, onError })) message = state;
    return message;
  })();
  const end = (async (): Promise<Heard> => {
    const [, message] = await Promise.all([gathered, read]);
    return { chunks, message, error };
  })();
  // A test that closes the connection does not wait for the end.
  end.catch(() => undefined);
  return {
    chunks,
    text: () => chunks.map((chunk) => (chunk.type === 'text-delta' ? chunk.delta : '')).join(''),
    end,
    close: () => closing.abort(),
  };
}

/** The conversation that an answer belongs to, as its first chunk says. */
export function conversationOf({ chunks }: Pick<Heard, 'chunks'>): string {
  const start = chunks.find((chunk) => chunk.type === 'start')!;
  return (start.messageMetadata as { conversation_id: string }).conversation_id;
}

export function textOf(message: Pick<UIMessage, 'parts'> | undefined): string {
  return (message?.parts ?? []).map((part) => (part.type === 'text' ? part.text : '')).join('');
}
