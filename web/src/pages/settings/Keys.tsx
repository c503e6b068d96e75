import { Alert, Button, Checkbox, Code, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { IconKey } from '@tabler/icons-react';
import { queryOptions, useMutation, useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api.ts';
import { ago } from '../../dates.ts';
import { EmptyState } from '../../parts/EmptyState.tsx';
import { PageError } from '../../parts/PageError.tsx';
import { ListSkeleton } from '../../parts/PageSkeleton.tsx';
import { meQuery, queryClient } from '../../queries.ts';
import { toastDone, toastError } from '../../toast.tsx';
import type { ApiKey } from '../../types.ts';
import { Panel } from './Panel.tsx';
import { Secret } from './Secret.tsx';
import classes from './Settings.module.css';

const keysQuery = queryOptions({
  queryKey: ['keys'],
  queryFn: () => call('GET /v1/keys', { limit: 200 }),
});

const refresh = () => queryClient.invalidateQueries({ queryKey: keysQuery.queryKey });

export function Keys() {
  const keys = useQuery(keysQuery);
  const [fresh, setFresh] = useState<string>();
  const [revoking, setRevoking] = useState<ApiKey>();
  return (
    <>
      <Panel
        title="API keys"
        lead={
          <>
            For programs: the interface under <Code>/v1</Code> (described at <a href="/docs">/docs</a>) and
            the MCP server at <Code>/mcp</Code>. A key can do what you can do.
          </>
        }
      >
        <CreateKey onCreated={setFresh} />
        {fresh && (
          <Alert
            color="pine"
            mt="md"
            title="Copy it now"
            withCloseButton
            closeButtonLabel="Hide the key"
            onClose={() => setFresh(undefined)}
          >
            <Text size="sm" mb="xs">
              It is not shown again; only its fingerprint is kept.
            </Text>
            <Secret value={fresh} label="the key" />
          </Alert>
        )}
      </Panel>
      {keys.error && (
        <PageError
          title="The keys could not be read"
          message={keys.error.message}
          retry={() => void keys.refetch()}
        />
      )}
      {keys.isPending && <ListSkeleton rows={3} />}
      {keys.data?.items.length === 0 && (
        <EmptyState icon={IconKey} title="No keys yet">
          Make one for each program, so that each can be revoked alone.
        </EmptyState>
      )}
      {keys.data && keys.data.items.length > 0 && (
        <Panel title="Keys in use">
          {keys.data.items.map((key) => {
            const used = key.last_used;
            return (
              <div key={key.id} className={classes.row}>
                <div>
                  <Text fw={550}>{key.label}</Text>
                  <Text size="xs" c="dimmed">
                    made {ago(key.created_at)} · {used ? `used ${ago(used)}` : 'never used'}
                  </Text>
                </div>
                <Button
                  variant="subtle"
                  color="red"
                  size="compact-sm"
                  aria-label={`Revoke ${key.label}`}
                  onClick={() => setRevoking(key)}
                >
                  Revoke
                </Button>
              </div>
            );
          })}
        </Panel>
      )}
      {revoking && <Revoke apiKey={revoking} onClose={() => setRevoking(undefined)} />}
    </>
  );
}

function CreateKey({ onCreated }: { onCreated: (key: string) => void }) {
  const [label, setLabel] = useState('');
  const { data: me } = useSuspenseQuery(meQuery);
  const [asAdmin, setAsAdmin] = useState(false);
  const create = useMutation({
    mutationFn: () =>
      call('POST /v1/keys', {
        label: label.trim(),
        ...(asAdmin ? { profile_name: 'admin' } : {}),
      }),
    onSuccess: ({ key }) => {
      setLabel('');
      onCreated(key);
      void refresh();
    },
    onError: toastError,
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate();
      }}
    >
      <Group align="flex-end">
        <TextInput
          label="Label"
          placeholder="laptop, home automation"
          maxLength={100}
          flex={1}
          value={label}
          onChange={(event) => setLabel(event.currentTarget.value)}
        />
        <Button type="submit" disabled={label.trim() === ''} loading={create.isPending}>
          Create a key
        </Button>
      </Group>
      {me.role === 'admin' && (
        <Checkbox
          mt="sm"
          label="With an administrator's rights: it may invite people and make accounts"
          checked={asAdmin}
          onChange={(event) => setAsAdmin(event.currentTarget.checked)}
        />
      )}
    </form>
  );
}

function Revoke({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const revoke = useMutation({
    mutationFn: () => call('DELETE /v1/keys/{id}', { id: apiKey.id }),
    onSuccess: () => toastDone(`Revoked: ${apiKey.label}`),
    onError: toastError,
    onSettled: () => {
      onClose();
      void refresh();
    },
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Revoke “${apiKey.label}”?`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack>
        <Text size="sm">Whatever uses this key stops working at once.</Text>
        <Group>
          <Button color="red" loading={revoke.isPending} onClick={() => revoke.mutate()}>
            Revoke
          </Button>
          <Button variant="default" onClick={onClose} data-autofocus>
            Keep it
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
