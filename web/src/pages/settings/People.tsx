import { Alert, Button, Group, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api.ts';
import { moment } from '../../dates.ts';
import { toastError } from '../../toast.tsx';
import type { Invitation } from '../../types.ts';
import { Panel } from './Panel.tsx';
import { Secret } from './Secret.tsx';

/** Letting others in. Only an administrator sees this page, and the server asks again. */
export function People() {
  const [email, setEmail] = useState('');
  const invite = useMutation({
    mutationFn: () => call<Invitation>('POST', '/v1/invitations', { email: email.trim() }),
    onSuccess: () => setEmail(''),
    onError: toastError,
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
            type="email"
            required
            withAsterisk={false}
            flex={1}
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <Button type="submit" disabled={email.trim() === ''} loading={invite.isPending}>
            Make a link
          </Button>
        </Group>
      </form>
      {invite.data && (
        <Alert color="pine" mt="md" title="Send them this link">
          <Text size="sm" mb="xs">
            It works once
            {invite.data.expires_at && `, until ${moment(invite.data.expires_at)}`}.
          </Text>
          <Secret value={invite.data.url} label="the link" />
        </Alert>
      )}
    </Panel>
  );
}
