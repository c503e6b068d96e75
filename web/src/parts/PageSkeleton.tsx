import { Skeleton, Stack } from '@mantine/core';

/** The shape of a page while its code or its first data is on the way. */
export function PageSkeleton() {
  return (
    <div className="page" role="status" aria-busy="true" aria-label="Loading">
      <Skeleton height={30} width={220} radius="md" mb="xl" />
      <ListSkeleton rows={6} />
    </div>
  );
}

/** The shape of a list while it loads; lengths vary so that it reads as text. */
export function ListSkeleton({ rows }: { rows: number }) {
  return (
    <Stack gap="sm" aria-hidden="true">
      {Array.from({ length: rows }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows never change places
        <Skeleton key={index} height={52} radius="lg" opacity={1 - index * 0.13} />
      ))}
    </Stack>
  );
}
