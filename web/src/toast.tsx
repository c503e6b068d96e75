/** Short messages at the edge of the page. */
import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { ApiError } from './api.ts';

const CLOSE = { 'aria-label': 'Dismiss' };

export function toastDone(message: string, undo?: () => void): void {
  const id = notifications.show({
    message: undo ? (
      <Group justify="space-between" wrap="nowrap" gap="sm">
        <Text size="sm" lineClamp={2}>
          {message}
        </Text>
        <Button
          size="compact-sm"
          variant="subtle"
          onClick={() => {
            notifications.hide(id);
            undo();
          }}
        >
          Undo
        </Button>
      </Group>
    ) : (
      message
    ),
    closeButtonProps: CLOSE,
    autoClose: undo ? 8000 : 4000,
  });
}

/** Says what went wrong and, for a failure on the server's side, the number to ask about. */
export function toastError(error: unknown): void {
  const known = error instanceof ApiError ? error : undefined;
  notifications.show({
    color: 'clay',
    title: known?.status === 429 ? 'One moment' : 'That did not work',
    message: (
      <>
        {known?.message ?? 'Something unexpected happened in the page.'}
        {known?.requestId && known.status >= 500 && (
          <Text size="xs" c="dimmed" ff="monospace" mt={4}>
            Request {known.requestId}
          </Text>
        )}
      </>
    ),
    closeButtonProps: CLOSE,
    autoClose: 8000,
  });
}
