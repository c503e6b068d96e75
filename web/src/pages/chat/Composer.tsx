import { ActionIcon, Textarea } from '@mantine/core';
import { IconArrowUp, IconPlayerStopFilled } from '@tabler/icons-react';
import { useEffect, useRef } from 'react';
import { useKeys } from '../../keyboard.ts';
import classes from './Chat.module.css';

interface ComposerProps {
  value: string;
  onChange: (value: string) => void;
  onSend: (text: string) => void;
  /** An answer is being written: it can be stopped, and nothing can be sent until it ends. */
  busy: boolean;
  onStop?: () => void;
}

export function Composer({ value, onChange, onSend, busy, onStop }: ComposerProps) {
  const input = useRef<HTMLTextAreaElement>(null);
  useKeys({ n: () => input.current?.focus(), '/': () => input.current?.focus() });
  useEffect(() => {
    // On a phone the focus would bring the keyboard up over what one came to read.
    if (matchMedia('(min-width: 48em)').matches) input.current?.focus();
  }, []);
  const send = () => {
    const text = value.trim();
    if (text === '' || busy) return;
    onSend(text);
  };
  return (
    <form
      className={classes.composer}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div className={`card ${classes.composerBox}`}>
        <Textarea
          ref={input}
          variant="unstyled"
          aria-label="Message"
          placeholder="Write to Steward"
          autosize
          minRows={1}
          maxRows={10}
          maxLength={20_000}
          className={classes.composerInput}
          value={value}
          onChange={(event) => onChange(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
              event.preventDefault();
              send();
            }
          }}
        />
        {busy && onStop ? (
          <ActionIcon size={38} radius="xl" variant="light" aria-label="Stop" onClick={onStop}>
            <IconPlayerStopFilled size={16} />
          </ActionIcon>
        ) : (
          <ActionIcon
            type="submit"
            size={38}
            radius="xl"
            variant="filled"
            aria-label="Send"
            loading={busy}
            disabled={value.trim() === ''}
          >
            <IconArrowUp size={19} />
          </ActionIcon>
        )}
      </div>
    </form>
  );
}
