import { Drawer, Group, Skeleton, Stack, Text } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { call } from '../api.ts';
import { KINDS } from '../entities.ts';
import type { EntityType } from '../types.ts';
import { closeEditor, type Subject, useEditorSubject } from './editor.ts';
import { PageError } from './PageError.tsx';

const EntityForm = lazy(() => import('./EntityForm.tsx'));

const entityQuery = (type: EntityType, id: string) =>
  queryOptions({
    queryKey: [KINDS[type].root, 'one', id],
    queryFn: () => call(`GET /v1/${KINDS[type].root}/{id}`, { id }),
  });

/** Everything about one task, goal or problem, to read and to change. */
export function EntityEditor() {
  const subject = useEditorSubject();
  const isPhone = useMediaQuery('(max-width: 48em)') ?? false;
  return (
    <Drawer
      opened={subject !== undefined}
      onClose={closeEditor}
      position={isPhone ? 'bottom' : 'right'}
      size={isPhone ? '92%' : 460}
      radius={isPhone ? 'lg' : 0}
      title={subject && <EditorTitle subject={subject} />}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {subject && <EditorBody key={subject.id} subject={subject} />}
    </Drawer>
  );
}

function EditorTitle({ subject }: { subject: Subject }) {
  const kind = KINDS[subject.type];
  return (
    <Group gap={8}>
      <kind.icon size={18} color={`var(--mantine-color-${kind.color}-6)`} aria-hidden="true" />
      <Text fw={600} tt="capitalize">
        {kind.one}
      </Text>
    </Group>
  );
}

function EditorBody({ subject }: { subject: Subject }) {
  const query = useQuery(entityQuery(subject.type, subject.id));
  if (query.error) {
    return (
      <PageError
        title="This could not be opened"
        message={query.error.message}
        retry={() => void query.refetch()}
      />
    );
  }
  if (!query.data) return <EditorSkeleton />;
  return (
    <Suspense fallback={<EditorSkeleton />}>
      <EntityForm type={subject.type} entity={query.data} onClose={closeEditor} />
    </Suspense>
  );
}

function EditorSkeleton() {
  return (
    <Stack aria-busy="true" aria-label="Loading">
      <Skeleton height={36} />
      <Skeleton height={90} />
      <Skeleton height={36} />
      <Skeleton height={36} />
    </Stack>
  );
}
