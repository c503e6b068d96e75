import { Button, Stack, Text, Title } from '@mantine/core';

interface PageErrorProps {
  title: string;
  message: string;
  requestId?: string | undefined;
  retry?: () => void;
  /** It is all there is on the page, rather than in the place of a list. */
  isWholePage?: boolean;
}

/** In the place of a page or a list that could not be shown: what happened, and what one can do. */
export function PageError({ title, message, requestId, retry, isWholePage = false }: PageErrorProps) {
  return (
    <Stack align="center" gap="xs" py={64} px="md" role="alert" ta="center">
      <Title order={isWholePage ? 1 : 2} size="h2">
        {title}
      </Title>
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
