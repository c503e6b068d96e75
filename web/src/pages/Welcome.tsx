import { Alert, Button, PasswordInput, Skeleton, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { ApiError } from '../api.ts';
import { type OneTimeLink, readLink, redeemLink } from '../auth.ts';
import { queryClient } from '../queries.ts';
import { Door } from './Door.tsx';

/** Fewest characters of a password, as the server has it. */
const MIN_PASSWORD = 10;

/** Where the browser is; the account's days begin there until one says otherwise. */
const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

const TEXTS: Readonly<Record<OneTimeLink['kind'], { title: string; lead: string; button: string }>> = {
  setup: {
    title: 'Welcome to Steward',
    lead: 'Everything stays on this machine. First, an account for you: it runs the place.',
    button: 'Begin',
  },
  invite: {
    title: 'You are invited',
    lead: 'An account of your own. Nobody else sees what you keep in it.',
    button: 'Join',
  },
  sign_in: { title: 'Welcome back', lead: 'This link signs you in, once.', button: 'Sign in' },
};

/** Where one-time links lead: the first account, an invitation, or a way back in. */
export function Welcome() {
  const { token } = useSearch({ from: '/welcome' });
  const link = useQuery({
    queryKey: ['link', token],
    queryFn: () => readLink(token ?? ''),
    enabled: token !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  if (token === undefined || link.error) {
    return (
      <Door title="This link does not work">
        <Text size="sm">
          {link.error instanceof ApiError && link.error.status === 0
            ? link.error.message
            : 'It may have been used already, or it is too old. Ask whoever runs this server for a new one.'}
        </Text>
        <Button component="a" href="/sign-in" variant="light" mt="md">
          Go to sign in
        </Button>
      </Door>
    );
  }
  if (!link.data) {
    return (
      <Door title="One moment">
        <Skeleton height={120} aria-busy="true" aria-label="Loading" />
      </Door>
    );
  }
  return <LinkForm token={token} link={link.data} />;
}

function LinkForm({ token, link }: { token: string; link: OneTimeLink }) {
  const navigate = useNavigate();
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  const isNew = link.kind !== 'sign_in';
  const text = TEXTS[link.kind];
  const form = useForm({
    mode: 'controlled',
    initialValues: { name: '', email: link.email ?? '', password: '' },
    validate: {
      name: (name) => (isNew && name.trim() === '' ? 'How shall Steward call you?' : null),
      email: (email) =>
        isNew && !/^\S+@\S+\.\S+$/.test(email.trim()) ? 'An email address, to sign in with' : null,
      password: (password) =>
        (isNew || password !== '') && password.length < MIN_PASSWORD
          ? `At least ${MIN_PASSWORD} characters`
          : null,
    },
  });
  const submit = form.onSubmit(async (values) => {
    setBusy(true);
    setError(undefined);
    try {
      await redeemLink({
        token,
        ...(isNew ? { name: values.name.trim(), email: values.email.trim(), timezone: ZONE } : {}),
        ...(values.password === '' ? {} : { password: values.password }),
      });
      queryClient.clear();
      await navigate({ to: '/today', replace: true });
    } catch (failure) {
      setError(failure instanceof ApiError ? failure.message : 'Something unexpected happened.');
    }
    setBusy(false);
  });
  return (
    <Door title={text.title} lead={text.lead}>
      <form onSubmit={submit}>
        <Stack>
          {isNew ? (
            <>
              <TextInput label="Name" autoComplete="name" {...form.getInputProps('name')} />
              <TextInput
                label="Email"
                type="email"
                autoComplete="username"
                readOnly={link.kind === 'invite' && Boolean(link.email)}
                {...form.getInputProps('email')}
              />
            </>
          ) : (
            link.email && <Text size="sm">{link.email}</Text>
          )}
          <PasswordInput
            label={isNew ? 'Password' : 'New password, if you want one'}
            description={`At least ${MIN_PASSWORD} characters; a sentence is easiest to keep.`}
            autoComplete="new-password"
            visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
            {...form.getInputProps('password')}
          />
          {error && (
            <Alert color="clay" p="sm">
              {error}
            </Alert>
          )}
          <Button type="submit" loading={busy} fullWidth>
            {text.button}
          </Button>
        </Stack>
      </form>
    </Door>
  );
}
