import { Badge, Button, Group, Text, Title } from '@mantine/core';
import { IconInbox } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../api.ts';
import { ago } from '../dates.ts';
import { EmptyState } from '../parts/EmptyState.tsx';
import { PageError } from '../parts/PageError.tsx';
import { ListSkeleton } from '../parts/PageSkeleton.tsx';
import { QuickCapture } from '../parts/QuickCapture.tsx';
import { inboxQuery, queryClient } from '../queries.ts';
import { toastError } from '../toast.tsx';
import type { InboxItem } from '../types.ts';
import classes from './Inbox.module.css';

/** How a message's state is told; a state that is not here is shown as it is. */
const STATES: Readonly<Record<string, { label: string; color: string; open: boolean }>> = {
  received: { label: 'Being read', color: 'gray', open: false },
  applied: { label: 'Sorted', color: 'pine', open: false },
  no_change: { label: 'Kept as it is', color: 'gray', open: true },
  failed: { label: 'Not understood', color: 'clay', open: true },
  dismissed: { label: 'Dismissed', color: 'gray', open: false },
};

/** Everything that was ever said to Steward, newest first: the raw words, and whether they were sorted. */
export function Inbox() {
  const query = useInfiniteQuery(inboxQuery());
  const [draft, setDraft] = useState('');
  const items = query.data?.pages.flatMap((page) => page.items);
  return (
    <div className="page">
      <Title order={1} mb="lg">
        Inbox
      </Title>
      <QuickCapture value={draft} onChange={setDraft} />
      {query.error && !items && (
        <PageError
          title="The inbox could not be read"
          message={query.error.message}
          retry={() => void query.refetch()}
        />
      )}
      {query.isPending && <ListSkeleton rows={6} />}
      {items?.length === 0 && (
        <EmptyState icon={IconInbox} title="Nothing here yet">
          Every thought you capture lands here first, in your own words, whether you write it in the box
          above, in a chat or from elsewhere. What could not be sorted waits here for a second try.
        </EmptyState>
      )}
      {items && items.length > 0 && (
        <ul className="plain-list">
          {items.map((item) => (
            <Message key={item.id} item={item} />
          ))}
        </ul>
      )}
      {query.hasNextPage && (
        <Group justify="center" mt="lg">
          <Button
            variant="default"
            loading={query.isFetchingNextPage}
            onClick={() => void query.fetchNextPage()}
          >
            Show older
          </Button>
        </Group>
      )}
    </div>
  );
}

function Message({ item }: { item: InboxItem }) {
  const [busy, setBusy] = useState(false);
  const state = item.status
    ? (STATES[item.status] ?? { label: item.status, color: 'gray', open: true })
    : undefined;
  const act = async (verb: 'retry' | 'dismiss') => {
    setBusy(true);
    try {
      await call(`POST /v1/inbox/{id}/${verb}`, { id: item.id });
    } catch (error) {
      toastError(error);
    }
    setBusy(false);
    void queryClient.invalidateQueries({ queryKey: ['inbox'] });
  };
  return (
    <li className={classes.message}>
      <Text className={classes.words}>{item.message_raw}</Text>
      {item.error_message && item.status === 'failed' && (
        <Text size="sm" c="dimmed">
          {item.error_message}
        </Text>
      )}
      <Group justify="space-between" gap="xs" mt={6}>
        <Group gap={8}>
          {state && (
            <Badge variant="light" color={state.color} size="sm" tt="none" fw={500}>
              {state.label}
            </Badge>
          )}
          <Text size="xs" c="dimmed">
            {ago(item.received_at)} · {item.source}
          </Text>
        </Group>
        {state?.open && (
          <Group gap={4}>
            <Button size="compact-xs" variant="subtle" loading={busy} onClick={() => void act('retry')}>
              Try again
            </Button>
            <Button
              size="compact-xs"
              variant="subtle"
              color="gray"
              disabled={busy}
              onClick={() => void act('dismiss')}
            >
              Dismiss
            </Button>
          </Group>
        )}
      </Group>
    </li>
  );
}
