import { Alert, Badge, Button, Group, PasswordInput, PinInput, Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { disableTwoFactor, enableTwoFactor, type TwoFactorSetup, verifyTotp } from '../../auth.ts';
import { ListSkeleton } from '../../parts/PageSkeleton.tsx';
import { queryClient, sessionQuery } from '../../queries.ts';
import { toastDone, toastError } from '../../toast.tsx';
import { Panel } from './Panel.tsx';
import { QrCode } from './QrCode.tsx';
import { Secret } from './Secret.tsx';
import classes from './Settings.module.css';

/** A second factor from an authenticator app: password, picture to scan, first code, recovery codes. */
export function TwoFactorSettings() {
  const session = useQuery(sessionQuery);
  const [setup, setSetup] = useState<TwoFactorSetup>();
  const [codes, setCodes] = useState<string[]>();
  const isOn = session.data?.user.twoFactorEnabled === true;
  return (
    <Panel
      title="Two-factor authentication"
      lead="Besides the password, a code from an app on your phone. A stolen password alone opens nothing."
    >
      {session.isPending ? (
        <ListSkeleton rows={1} />
      ) : codes ? (
        <RecoveryCodes codes={codes} onDone={() => setCodes(undefined)} />
      ) : setup ? (
        <Confirm
          setup={setup}
          onDone={() => {
            setCodes(setup.backupCodes);
            setSetup(undefined);
            void queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey });
          }}
        />
      ) : (
        <Switch isOn={isOn} onSetup={setSetup} />
      )}
    </Panel>
  );
}

function Switch({ isOn, onSetup }: { isOn: boolean; onSetup: (setup: TwoFactorSetup) => void }) {
  const [password, setPassword] = useState('');
  const change = useMutation({
    mutationFn: async () => {
      if (!isOn) return onSetup(await enableTwoFactor(password));
      await disableTwoFactor(password);
      toastDone('Two-factor authentication is off');
    },
    onError: toastError,
    onSettled: () => {
      setPassword('');
      void queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey });
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate();
      }}
    >
      <Badge variant="light" color={isOn ? 'pine' : 'gray'} tt="none" fw={500} mb="md">
        {isOn ? 'On' : 'Off'}
      </Badge>
      <Group align="flex-end" maw={460}>
        <PasswordInput
          label="Your password"
          autoComplete="current-password"
          flex={1}
          visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Button
          type="submit"
          disabled={password === ''}
          loading={change.isPending}
          {...(isOn ? { color: 'red', variant: 'light' } : {})}
        >
          {isOn ? 'Turn off' : 'Turn on'}
        </Button>
      </Group>
    </form>
  );
}

function Confirm({ setup, onDone }: { setup: TwoFactorSetup; onDone: () => void }) {
  const [code, setCode] = useState('');
  const verify = useMutation({
    mutationFn: (value: string) => verifyTotp(value, false),
    onSuccess: onDone,
    onError: (error) => {
      setCode('');
      toastError(error);
    },
  });
  const secret = new URL(setup.totpURI).searchParams.get('secret') ?? '';
  return (
    <Stack>
      <Text size="sm">1. Scan this with your authenticator app, or type the secret into it.</Text>
      <QrCode text={setup.totpURI} label="QR code for your authenticator app" />
      <Secret value={secret} label="the secret" />
      <Text size="sm">2. Enter the six digits it shows.</Text>
      <PinInput
        length={6}
        type="number"
        oneTimeCode
        aria-label="Six digits"
        getInputProps={(index) => ({ 'aria-label': `Digit ${index + 1} of 6` })}
        value={code}
        onChange={setCode}
        onComplete={(value) => verify.mutate(value)}
        disabled={verify.isPending}
      />
    </Stack>
  );
}

function RecoveryCodes({ codes, onDone }: { codes: string[]; onDone: () => void }) {
  return (
    <Stack>
      <Alert color="pine" title="Two-factor authentication is on">
        Keep these recovery codes somewhere safe. Each lets you in once when the phone is lost; they are not
        shown again.
      </Alert>
      <div className={classes.codes}>
        {codes.map((code) => (
          <span key={code}>{code}</span>
        ))}
      </div>
      <Group>
        <Button variant="light" onClick={() => void navigator.clipboard?.writeText(codes.join('\n'))}>
          Copy
        </Button>
        <Button onClick={onDone}>I have kept them</Button>
      </Group>
    </Stack>
  );
}
