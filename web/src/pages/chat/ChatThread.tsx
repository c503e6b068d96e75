import { useChat } from '@ai-sdk/react';
import { Button, Group, Skeleton, Stack, Text } from '@mantine/core';
import { IconAlertCircle, IconArrowDown, IconRefresh } from '@tabler/icons-react';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { DefaultChatTransport, type UIMessage } from 'ai';
import { useEffect, useEffectEvent, useState } from 'react';
import { ApiError, call, type Page, toApiError } from '../../api.ts';
import { onLiveEvent } from '../../live.ts';
import { PageError } from '../../parts/PageError.tsx';
import { conversationsQuery, queryClient } from '../../queries.ts';
import { toastError } from '../../toast.tsx';
import classes from './Chat.module.css';
import { Composer } from './Composer.tsx';
import { hasFirstMessage, takeFirstMessage } from './first-message.ts';
import { Message } from './Message.tsx';
import { useStickToBottom } from './useStickToBottom.ts';

const MESSAGES = 100;

/** The messages are in the AI SDK's own format, which the interface describes less narrowly than its types do. */
const readMessages = (input: { id: string; cursor?: string | undefined }) =>
  call('GET /v1/conversations/{id}/messages', { ...input, limit: MESSAGES }) as Promise<Page<UIMessage>>;

const messagesQuery = (conversationId: string) =>
  queryOptions({
    queryKey: ['messages', conversationId],
    queryFn: () => readMessages({ id: conversationId }),
    // What was said goes into the chat's own state once; live events keep that one fresh.
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });

const conversationQuery = (id: string) =>
  queryOptions({
    queryKey: ['conversations', 'one', id],
    queryFn: () => call('GET /v1/conversations/{id}', { id }),
    staleTime: 0,
  });

export function ChatThread() {
  const { conversationId } = useParams({ from: '/inside/chat/$conversationId' });
  return <Conversation key={conversationId} id={conversationId} />;
}

function Conversation({ id }: { id: string }) {
  // Asked once: the thread takes the first message, and must stay when it is refreshed after that.
  const [isNew] = useState(() => hasFirstMessage(id));
  const query = useQuery({ ...messagesQuery(id), enabled: !isNew });
  if (isNew) return <Thread id={id} initial={NOTHING} />;
  if (query.error && !query.data) {
    return (
      <div className={classes.thread}>
        <PageError
          title="This conversation could not be opened"
          message={query.error.message}
          retry={() => void query.refetch()}
        />
      </div>
    );
  }
  if (!query.data) return <ThreadSkeleton />;
  return <Thread id={id} initial={query.data} />;
}

const NOTHING: Page<UIMessage> = { items: [], next_cursor: null };

const transport = new DefaultChatTransport({
  prepareSendMessagesRequest: ({ id, messages, trigger }) => {
    if (trigger === 'regenerate-message') return { api: `/v1/chat/${id}/retry`, body: {} };
    const last = messages.at(-1)!;
    return {
      api: '/v1/chat',
      body: { conversation_id: id, client_msg_id: last.id, message: textOf(last) },
    };
  },
  prepareReconnectToStreamRequest: ({ id }) => ({ api: `/v1/chat/${id}/stream` }),
  fetch: async (input, init) => {
    const response = await fetch(input, init);
    if (!response.ok) throw toApiError(response, await response.json().catch(() => undefined));
    return response;
  },
});

function Thread({ id, initial }: { id: string; initial: Page<UIMessage> }) {
  const [draft, setDraft] = useState('');
  const [older, setOlder] = useState(initial.next_cursor);
  const chat = useChat({ id, messages: initial.items, transport, throttle: 40 });
  const { messages, status, error, setMessages, sendMessage, regenerate, resumeStream, clearError, stop } =
    chat;
  const isBusy = status === 'submitted' || status === 'streaming';
  const stick = useStickToBottom(messages);

  /** What the server holds takes the place of what is shown; what is older than that page stays. */
  const refresh = async () => {
    const page = await queryClient.fetchQuery(messagesQuery(id));
    setMessages((shown) => {
      const first = shown.findIndex((message) => message.id === page.items[0]?.id);
      return [...(first > 0 ? shown.slice(0, first) : []), ...page.items];
    });
  };

  const arrive = useEffectEvent(() => {
    const first = takeFirstMessage(id);
    if (first !== undefined) void sendMessage({ text: first });
    // An answer that was being written when the page was left, or that another device asked for, goes on here.
    else void resumeStream();
  });
  useEffect(() => arrive(), []);

  const follow = useEffectEvent(async (type: string) => {
    if (isBusy) return;
    if (type === 'run.queued') {
      await refresh();
      await resumeStream();
    } else {
      await refresh();
    }
  });
  useEffect(
    () =>
      onLiveEvent((event) => {
        // A turn here or on another device: which conversation it is in, the messages themselves tell.
        if (event.entity_type === 'run' && event.type.startsWith('run.'))
          void follow(event.type).catch(() => undefined);
      }),
    [],
  );

  const send = (text: string) => {
    setDraft('');
    stick.toBottom();
    void sendMessage({ text });
  };
  const retry = () => {
    // What the server never took is sent again, under the id it had; what it could not answer is answered anew.
    const wasRefused = error instanceof ApiError;
    clearError();
    stick.toBottom();
    void (wasRefused ? sendMessage() : regenerate());
  };
  const halt = async () => {
    try {
      const { stopped } = await call('POST /v1/chat/{conversation_id}/stop', {
        conversation_id: id,
      });
      // The stream ends by itself with what was said until now; without a run there is none to end it.
      if (!stopped) await stop();
    } catch (failure) {
      toastError(failure);
    }
  };
  const showOlder = async () => {
    try {
      const page = await readMessages({ id, cursor: older ?? undefined });
      setOlder(page.next_cursor);
      setMessages((shown) => [...page.items, ...shown]);
    } catch (failure) {
      toastError(failure);
    }
  };

  const last = messages.at(-1);
  const isUnanswered = !isBusy && !error && last?.role === 'user';
  return (
    <div className={classes.thread}>
      <ThreadHeading id={id} />
      <div className={classes.scroll} ref={stick.ref} onScroll={stick.onScroll}>
        <div className={classes.column} role="log" aria-label="Conversation" aria-busy={isBusy}>
          {older !== null && (
            <Group justify="center">
              <Button variant="subtle" size="compact-sm" onClick={() => void showOlder()}>
                Show earlier messages
              </Button>
            </Group>
          )}
          {messages.map((message, index) => (
            <Message
              key={message.id}
              message={message}
              isStreaming={isBusy && index === messages.length - 1}
              onRetry={
                !isBusy && index === messages.length - 1 && message.role === 'assistant' ? retry : undefined
              }
            />
          ))}
          {isBusy && last?.role === 'user' && <Thinking />}
          {error && <Failure message={error.message} onRetry={retry} />}
          {isUnanswered && <Unanswered id={id} onRetry={retry} />}
        </div>
      </div>
      {!stick.isAtBottom && (
        <Button
          className={classes.toBottom}
          size="compact-sm"
          variant="default"
          radius="xl"
          leftSection={<IconArrowDown size={14} />}
          onClick={stick.toBottom}
        >
          Latest
        </Button>
      )}
      <Composer value={draft} onChange={setDraft} onSend={send} busy={isBusy} onStop={() => void halt()} />
    </div>
  );
}

/** The title is in the list beside the thread; who does not see the page needs it here too. */
function ThreadHeading({ id }: { id: string }) {
  const { data } = useQuery(conversationsQuery);
  return <h1 className="visually-hidden">{data?.find((one) => one.id === id)?.title || 'Conversation'}</h1>;
}

function Failure({ message, onRetry }: { message: string; onRetry: () => void }) {
  return (
    <div className={classes.failure} role="alert">
      <IconAlertCircle size={18} aria-hidden="true" />
      <Text size="sm" flex={1}>
        {message}
      </Text>
      <Button
        size="compact-sm"
        variant="subtle"
        color="clay"
        leftSection={<IconRefresh size={14} />}
        onClick={onRetry}
      >
        Try again
      </Button>
    </div>
  );
}

/** A question that has no answer, and why: the server remembers what became of the turn, the page does not. */
function Unanswered({ id, onRetry }: { id: string; onRetry: () => void }) {
  const { data } = useQuery(conversationQuery(id));
  const run = data?.last_run;
  if (run?.status === 'failed' && run.error_message)
    return <Failure message={run.error_message} onRetry={onRetry} />;
  return (
    <Group gap="xs">
      <Text size="sm" c="dimmed">
        There is no answer to this yet.
      </Text>
      <Button size="compact-sm" variant="subtle" leftSection={<IconRefresh size={14} />} onClick={onRetry}>
        Ask again
      </Button>
    </Group>
  );
}

function Thinking() {
  return (
    <div className={classes.thinking} role="status" aria-label="Steward is thinking">
      <span />
      <span />
      <span />
    </div>
  );
}

function ThreadSkeleton() {
  return (
    <div className={classes.thread} aria-busy="true">
      <Stack className={classes.column} py="xl" aria-hidden="true">
        <Skeleton height={40} width="55%" ml="auto" radius="lg" />
        <Skeleton height={90} width="80%" radius="lg" />
        <Skeleton height={40} width="40%" ml="auto" radius="lg" />
      </Stack>
    </div>
  );
}

function textOf(message: UIMessage): string {
  return message.parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
}
