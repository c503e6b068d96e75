import { Button, Group, Text, TextInput } from '@mantine/core';
import { queryOptions, useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ago } from '../../dates.ts';
import { ListSkeleton } from '../../parts/PageSkeleton.tsx';
import { addPasskey, deletePasskey, listPasskeys } from '../../passkeys.ts';
import { queryClient } from '../../queries.ts';
import { toastDone, toastError } from '../../toast.tsx';
import { Panel } from './Panel.tsx';
import classes from './Settings.module.css';

const passkeysQuery = queryOptions({ queryKey: ['passkeys'], queryFn: listPasskeys });

const refresh = () => queryClient.invalidateQueries({ queryKey: passkeysQuery.queryKey });

export function PasskeySettings() {
  const passkeys = useQuery(passkeysQuery);
  const [name, setName] = useState('');
  const add = useMutation({
    mutationFn: () => addPasskey(name.trim() || 'This device'),
    onSuccess: () => {
      setName('');
      toastDone('The passkey is added');
    },
    onError: toastError,
    onSettled: refresh,
  });
  const remove = useMutation({ mutationFn: deletePasskey, onError: toastError, onSettled: refresh });
  const isSupported = typeof PublicKeyCredential !== 'undefined';
  const named = addressByName();
  return (
    <Panel title="Passkeys" lead="Sign in with a fingerprint, a face or a security key, and no password.">
      {passkeys.isPending && <ListSkeleton rows={1} />}
      {passkeys.error && (
        <Text size="sm" c="dimmed" role="alert">
          {passkeys.error.message}
        </Text>
      )}
      {passkeys.data?.map((passkey) => (
        <div key={passkey.id} className={classes.row}>
          <div>
            <Text fw={550}>{passkey.name || 'Passkey'}</Text>
            <Text size="xs" c="dimmed">
              added {ago(new Date(passkey.createdAt).toISOString())}
            </Text>
          </div>
          <Button
            variant="subtle"
            color="red"
            size="compact-sm"
            aria-label={`Remove ${passkey.name || 'the passkey'}`}
            onClick={() => remove.mutate(passkey.id)}
          >
            Remove
          </Button>
        </div>
      ))}
      {named ? (
        <Text size="sm" c="dimmed">
          Passkeys belong to a name, and this address is a number. Open <a href={named}>{named}</a>, sign in
          there, and add one.
        </Text>
      ) : isSupported ? (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            add.mutate();
          }}
        >
          <Group align="flex-end" mt="sm" maw={460}>
            <TextInput
              label="Name"
              placeholder="This device"
              flex={1}
              maxLength={100}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <Button type="submit" variant="light" loading={add.isPending}>
              Add a passkey
            </Button>
          </Group>
        </form>
      ) : (
        <Text size="sm" c="dimmed">
          This browser offers passkeys only over https or on localhost.
        </Text>
      )}
    </Panel>
  );
}

/** Where this page is under a name, when one came by the number of one's own machine: browsers refuse those. */
function addressByName(): string | undefined {
  const { hostname, port, protocol, pathname } = window.location;
  if (hostname !== '127.0.0.1' && hostname !== '[::1]') return undefined;
  return `${protocol}//localhost${port === '' ? '' : `:${port}`}${pathname}`;
}
