import { Badge, Button, CloseButton, Group, Text, Textarea } from '@mantine/core';
import { IconArrowUp } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import { capture } from '../actions.ts';
import { KINDS } from '../entities.ts';
import { useKeys } from '../keyboard.ts';
import { toastError } from '../toast.tsx';
import type { CaptureResult } from '../types.ts';
import { openEditor } from './editor.ts';
import classes from './QuickCapture.module.css';

interface QuickCaptureProps {
  value: string;
  onChange: (value: string) => void;
}

/** A thought goes in as it comes; what was made of it is shown underneath. `n` leads here. */
export function QuickCapture({ value, onChange }: QuickCaptureProps) {
  const input = useRef<HTMLTextAreaElement>(null);
  const [busy, setBusy] = useState(false);
  const [result, setResult] = useState<CaptureResult>();
  useKeys({ n: () => input.current?.focus() });

  const send = async () => {
    const message = value.trim();
    if (message === '' || busy) return;
    setBusy(true);
    try {
      setResult(await capture(message));
      onChange('');
    } catch (error) {
      toastError(error);
    }
    setBusy(false);
    input.current?.focus();
  };

  return (
    <section aria-label="Capture a thought" className={classes.root}>
      <form
        className={`card ${classes.box}`}
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <Textarea
          ref={input}
          variant="unstyled"
          aria-label="What is on your mind?"
          placeholder="What is on your mind?"
          autosize
          minRows={1}
          maxRows={8}
          maxLength={8000}
          className={classes.input}
          value={value}
          onChange={(event) => onChange(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
              event.preventDefault();
              void send();
            }
          }}
        />
        <Button
          type="submit"
          loading={busy}
          disabled={value.trim() === ''}
          leftSection={<IconArrowUp size={16} />}
        >
          Add
        </Button>
      </form>
      <div aria-live="polite" aria-label="What this became" role="status">
        {result && <Outcome result={result} onClose={() => setResult(undefined)} />}
      </div>
    </section>
  );
}

/** What the captured thought became. */
function Outcome({ result, onClose }: { result: CaptureResult; onClose: () => void }) {
  const { items, skipped } = result;
  const links = result.applied.links_created;
  return (
    <Group className={`rise ${classes.outcome}`} wrap="nowrap" align="flex-start" justify="space-between">
      <div>
        {items.length === 0 && (
          <Text size="sm">Kept in your inbox as it is. There was nothing in it to do or to change.</Text>
        )}
        <Group gap={8}>
          {items.map(({ id, entity_type: type, title, change }) => (
            <button
              key={id}
              type="button"
              className={`link-button ${classes.made}`}
              onClick={() => openEditor(type, id)}
            >
              <Badge size="sm" variant="light" color={KINDS[type].color}>
                {KINDS[type].one}
              </Badge>
              <span>{title}</span>
              {change === 'updated' && <em>changed</em>}
            </button>
          ))}
          {links > 0 && <Text size="sm">{links === 1 ? 'and 1 link' : `and ${links} links`}</Text>}
        </Group>
        {skipped.map(({ what, why }) => (
          <Text key={what} size="xs" mt={6}>
            Left out: {what} ({why})
          </Text>
        ))}
      </div>
      <CloseButton size="sm" aria-label="Hide what was made" onClick={onClose} />
    </Group>
  );
}
