import {
  Alert,
  Button,
  Checkbox,
  Code,
  Divider,
  PasswordInput,
  PinInput,
  Stack,
  Text,
  TextInput,
} from '@mantine/core';
import { IconFingerprint } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { ApiError } from '../api.ts';
import { signIn, verifyBackupCode, verifyTotp } from '../auth.ts';
import { meQuery, queryClient } from '../queries.ts';
import { Door } from './Door.tsx';

export function SignIn() {
  const [step, setStep] = useState<'password' | 'totp' | 'backup'>('password');
  const { next } = useSearch({ from: '/sign-in' });
  const navigate = useNavigate();
  const enter = async () => {
    await queryClient.invalidateQueries({ queryKey: meQuery.queryKey });
    // Only an address of our own: what stands in the link may come from anywhere.
    await navigate({ href: next && /^\/(?!\/)/.test(next) ? next : '/today', replace: true });
  };
  if (step === 'password') return <PasswordStep onNext={() => setStep('totp')} onDone={enter} />;
  if (step === 'totp') return <TotpStep onBackup={() => setStep('backup')} onDone={enter} />;
  return <BackupStep onDone={enter} />;
}

/** Runs what a form asks for, and keeps what went wrong for it to show. */
function useAttempt() {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const attempt = async (work: () => Promise<void>) => {
    setBusy(true);
    setError(undefined);
    try {
      await work();
    } catch (failure) {
      setError(failure instanceof ApiError ? failure.message : 'Something unexpected happened.');
    }
    setBusy(false);
  };
  return { busy, error, attempt };
}

function Failure({ message }: { message: string | undefined }) {
  return (
    message && (
      <Alert color="clay" p="sm">
        {message}
      </Alert>
    )
  );
}

function PasswordStep({ onNext, onDone }: { onNext: () => void; onDone: () => Promise<void> }) {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const { busy, error, attempt } = useAttempt();
  const canPasskey = typeof PublicKeyCredential !== 'undefined';
  return (
    <Door title="Welcome back" lead="Sign in to Steward.">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void attempt(async () => {
            const { secondFactor } = await signIn(email.trim(), password);
            if (secondFactor) onNext();
            else await onDone();
          });
        }}
      >
        <Stack>
          <TextInput
            label="Email"
            type="email"
            autoComplete="username webauthn"
            required
            withAsterisk={false}
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <PasswordInput
            label="Password"
            autoComplete="current-password"
            required
            withAsterisk={false}
            visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <Failure message={error} />
          <Button type="submit" loading={busy} fullWidth>
            Sign in
          </Button>
          {canPasskey && (
            <>
              <Divider label="or" />
              <Button
                variant="default"
                fullWidth
                leftSection={<IconFingerprint size={18} />}
                onClick={() =>
                  void attempt(async () => {
                    const { signInWithPasskey } = await import('../passkeys.ts');
                    await signInWithPasskey();
                    await onDone();
                  })
                }
              >
                Use a passkey
              </Button>
            </>
          )}
          <Text size="xs" c="dimmed" mt={4}>
            Locked out, or here for the first time? Whoever runs this server can print a one-time link:{' '}
            <Code>npx steward users link EMAIL</Code>
          </Text>
        </Stack>
      </form>
    </Door>
  );
}

function TotpStep({ onBackup, onDone }: { onBackup: () => void; onDone: () => Promise<void> }) {
  const [code, setCode] = useState('');
  const [trust, setTrust] = useState(false);
  const { busy, error, attempt } = useAttempt();
  const verify = (value: string) =>
    void attempt(async () => {
      await verifyTotp(value, trust);
      await onDone();
    });
  return (
    <Door title="One more step" lead="Enter the six digits your authenticator app shows.">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          verify(code);
        }}
      >
        <Stack>
          <PinInput
            length={6}
            type="number"
            oneTimeCode
            autoFocus
            aria-label="Six digits"
            getInputProps={(index) => ({ 'aria-label': `Digit ${index + 1} of 6` })}
            value={code}
            onChange={setCode}
            onComplete={verify}
          />
          <Checkbox
            label="Trust this device for 30 days"
            checked={trust}
            onChange={(event) => setTrust(event.currentTarget.checked)}
          />
          <Failure message={error} />
          <Button type="submit" loading={busy} disabled={code.length < 6} fullWidth>
            Continue
          </Button>
          <Button variant="subtle" color="gray" onClick={onBackup}>
            Use a recovery code
          </Button>
        </Stack>
      </form>
    </Door>
  );
}

function BackupStep({ onDone }: { onDone: () => Promise<void> }) {
  const [code, setCode] = useState('');
  const { busy, error, attempt } = useAttempt();
  return (
    <Door
      title="Recovery code"
      lead="One of the codes you kept when you set up the second factor. Each works once."
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void attempt(async () => {
            await verifyBackupCode(code.trim());
            await onDone();
          });
        }}
      >
        <Stack>
          <TextInput
            label="Recovery code"
            autoComplete="one-time-code"
            data-autofocus
            value={code}
            onChange={(event) => setCode(event.currentTarget.value)}
          />
          <Failure message={error} />
          <Button type="submit" loading={busy} disabled={code.trim() === ''} fullWidth>
            Continue
          </Button>
        </Stack>
      </form>
    </Door>
  );
}
