import { Button, SegmentedControl, Select, Stack, TextInput, useMantineColorScheme } from '@mantine/core';
import { useMutation, useSuspenseQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api.ts';
import { meQuery, queryClient } from '../../queries.ts';
import { toastDone, toastError } from '../../toast.tsx';
import { Panel } from './Panel.tsx';

export function Profile() {
  const { data: me } = useSuspenseQuery(meQuery);
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [name, setName] = useState(me.name);
  const [zone, setZone] = useState(me.timezone);
  const save = useMutation({
    mutationFn: () => call('PATCH /v1/me', { name: name.trim(), timezone: zone }),
    onSuccess: () => {
      toastDone('Saved');
      // Days begin elsewhere now, so the plan is another one too.
      void queryClient.invalidateQueries();
    },
    onError: toastError,
  });
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const zones = [...new Set([...Intl.supportedValuesOf('timeZone'), 'UTC', me.timezone])].sort();
  return (
    <>
      <Panel title="You">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            save.mutate();
          }}
        >
          <Stack maw={420}>
            <TextInput
              label="Name"
              autoComplete="name"
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <TextInput label="Email" value={me.email} readOnly disabled />
            <Select
              label="Time zone"
              description={
                here === zone
                  ? 'The same as this device.'
                  : `This device is in ${here}. “Today” and “tomorrow” follow the zone chosen here.`
              }
              searchable
              data={zones}
              value={zone}
              onChange={(value) => value && setZone(value)}
            />
            {here !== zone && zones.includes(here) && (
              <Button variant="light" size="compact-sm" w="fit-content" onClick={() => setZone(here)}>
                Use {here}
              </Button>
            )}
            <Button
              type="submit"
              w="fit-content"
              loading={save.isPending}
              disabled={name === me.name && zone === me.timezone}
            >
              Save
            </Button>
          </Stack>
        </form>
      </Panel>
      <Panel title="Appearance">
        <SegmentedControl
          aria-label="Colours"
          value={colorScheme}
          onChange={(value) => setColorScheme(value as 'auto' | 'light' | 'dark')}
          data={[
            { value: 'auto', label: 'As the system' },
            { value: 'light', label: 'Light' },
            { value: 'dark', label: 'Dark' },
          ]}
        />
      </Panel>
    </>
  );
}
