import { Button, Stack, Text, Title } from '@mantine/core';

interface PageErrorProps {
  title: string;
  message: string;
  requestId?: string | undefined;
  retry?: () => void;
}

/** In the place of a page or a list that could not be shown: what happened, and what one can do. */
export function PageError({ title, message, requestId, retry }: PageErrorProps) {
  return (
    <Stack align="center" gap="xs" py={64} px="md" role="alert" ta="center">
      <Title order={2}>{title}</Title>
      <Text c="dimmed" maw={420}>
        {message}
      </Text>
      {requestId && (
        <Text size="xs" c="dimmed" ff="monospace">
          Request {requestId}
        </Text>
      )}
      {retry && (
        <Button variant="light" mt="sm" onClick={retry}>
          Try again
        </Button>
      )}
    </Stack>
  );
}
