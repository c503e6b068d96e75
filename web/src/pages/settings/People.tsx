import { Alert, Badge, Button, Checkbox, Group, Text, TextInput } from '@mantine/core';
import { queryOptions, useMutation, useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api.ts';
import { moment } from '../../dates.ts';
import { PageError } from '../../parts/PageError.tsx';
import { ListSkeleton } from '../../parts/PageSkeleton.tsx';
import { meQuery, queryClient } from '../../queries.ts';
import { toastDone, toastError } from '../../toast.tsx';
import type { User } from '../../types.ts';
import { Panel } from './Panel.tsx';
import { Secret } from './Secret.tsx';
import classes from './Settings.module.css';

const invitationsQuery = queryOptions({
  queryKey: ['invitations'],
  queryFn: () => call('GET /v1/invitations', { limit: 200 }),
});
const usersQuery = queryOptions({
  queryKey: ['users'],
  queryFn: () => call('GET /v1/users', { limit: 200 }),
});

/** Letting others in. Only an administrator sees this page, and the server asks again. */
export function People() {
  return (
    <>
      <Invite />
      <Users />
    </>
  );
}

function Invite() {
  const [email, setEmail] = useState('');
  const [asAdmin, setAsAdmin] = useState(false);
  const invite = useMutation({
    mutationFn: () =>
      call('POST /v1/invitations', {
        role: asAdmin ? 'admin' : 'user',
        ...(email.trim() === '' ? {} : { email: email.trim() }),
      }),
    onSuccess: () => {
      setEmail('');
      setAsAdmin(false);
    },
    onError: toastError,
    onSettled: () => queryClient.invalidateQueries({ queryKey: invitationsQuery.queryKey }),
  });
  return (
    <Panel
      title="Invite someone"
      lead="They get an account of their own. You do not see what they keep, nor they what you keep; the database itself holds you apart."
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          invite.mutate();
        }}
      >
        <Group align="flex-end" maw={520}>
          <TextInput
            label="Email"
            placeholder="theirs to choose"
            type="email"
            flex={1}
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <Button type="submit" loading={invite.isPending}>
            Make a link
          </Button>
        </Group>
        <Checkbox
          mt="sm"
          label="As an administrator, who may invite others too"
          checked={asAdmin}
          onChange={(event) => setAsAdmin(event.currentTarget.checked)}
        />
      </form>
      {invite.data && (
        <Alert color="pine" mt="md" title="Send them this link">
          <Text size="sm" mb="xs">
            It works once{invite.data.expires_at && `, until ${moment(invite.data.expires_at)}`}. It is not
            shown again.
          </Text>
          <Secret value={invite.data.url} label="the link" />
        </Alert>
      )}
      <Invitations />
    </Panel>
  );
}

/** Those that can still be used. */
function Invitations() {
  const { data } = useQuery(invitationsQuery);
  const revoke = useMutation({
    mutationFn: (id: string) => call('DELETE /v1/invitations/{id}', { id }),
    onSuccess: () => toastDone('The invitation is taken back'),
    onError: toastError,
    onSettled: () => queryClient.invalidateQueries({ queryKey: invitationsQuery.queryKey }),
  });
  const open = (data?.items ?? []).filter(
    ({ used_at, expires_at }) =>
      used_at === null && (expires_at === null || Date.parse(expires_at) > Date.now()),
  );
  return open.map(({ id, email, role, expires_at }) => (
    <div key={id} className={classes.row}>
      <div>
        <Text>{email ?? 'Whoever has the link'}</Text>
        <Text size="xs" c="dimmed">
          {role === 'admin' ? 'administrator, ' : ''}
          {expires_at ? `until ${moment(expires_at)}` : 'until it is used'}
        </Text>
      </div>
      <Button
        variant="subtle"
        color="red"
        size="compact-sm"
        aria-label={`Take back the invitation of ${email ?? 'whoever has the link'}`}
        onClick={() => revoke.mutate(id)}
      >
        Take back
      </Button>
    </div>
  ));
}

function Users() {
  const { data: me } = useSuspenseQuery(meQuery);
  const users = useQuery(usersQuery);
  const setRole = useMutation({
    mutationFn: ({ id, role }: Pick<User, 'id' | 'role'>) => call('PATCH /v1/users/{id}/role', { id, role }),
    onError: toastError,
    onSettled: () => queryClient.invalidateQueries({ queryKey: usersQuery.queryKey }),
  });
  if (users.error) {
    return (
      <PageError
        title="The accounts could not be read"
        message={users.error.message}
        retry={() => void users.refetch()}
      />
    );
  }
  if (!users.data) return <ListSkeleton rows={2} />;
  return (
    <Panel title="Accounts">
      {users.data.items.map(({ id, name, email, role, two_factor_enabled }) => (
        <div key={id} className={classes.row}>
          <div style={{ minWidth: 0 }}>
            <Group gap="xs">
              <Text fw={550}>{name}</Text>
              {role === 'admin' && (
                <Badge variant="light" size="sm" tt="none" fw={500}>
                  Administrator
                </Badge>
              )}
            </Group>
            <Text size="xs" c="dimmed" truncate>
              {email}
              {two_factor_enabled && ' · two-factor'}
            </Text>
          </div>
          {id !== me.id && (
            <Button
              variant="subtle"
              color="gray"
              size="compact-sm"
              onClick={() => setRole.mutate({ id, role: role === 'admin' ? 'user' : 'admin' })}
            >
              {role === 'admin' ? 'Make an ordinary user' : 'Make an administrator'}
            </Button>
          )}
        </div>
      ))}
    </Panel>
  );
}
