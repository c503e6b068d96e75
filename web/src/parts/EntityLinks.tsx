import { ActionIcon, Badge, Button, Group, Select, Stack, Text, Title } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../api.ts';
import { KINDS, LINKS } from '../entities.ts';
import { everyGoalQuery, everyLinkQuery, everyProblemQuery, everyTaskQuery } from '../queries.ts';
import { refreshSoon } from '../refresh.ts';
import { toastError } from '../toast.tsx';
import type { EntityType, Link, LinkType } from '../types.ts';
import classes from './EntityLinks.module.css';
import { openEditor } from './editor.ts';

interface End {
  type: EntityType;
  id: string;
  title: string;
}

/** Everything that can stand at the end of a link. */
function useEnds(): Map<string, End> {
  const lists = [
    ['task', useQuery(everyTaskQuery).data],
    ['goal', useQuery(everyGoalQuery).data],
    ['problem', useQuery(everyProblemQuery).data],
  ] as const;
  const ends = new Map<string, End>();
  for (const [type, rows] of lists) {
    for (const { id, title, status } of rows ?? [])
      if (status !== 'archived') ends.set(`${type}:${id}`, { type, id, title });
  }
  return ends;
}

/** What one thing is connected to, and the means to connect it further. */
export function EntityLinks({ type, id }: { type: EntityType; id: string }) {
  const links = useQuery(everyLinkQuery);
  const ends = useEnds();
  const [adding, setAdding] = useState(false);
  const mine = (links.data ?? []).filter(
    (link) => isEnd(link, 'from', type, id) || isEnd(link, 'to', type, id),
  );

  const remove = async (link: Link) => {
    try {
      await call('DELETE /v1/links/{id}', { id: link.id });
    } catch (error) {
      toastError(error);
    }
    refresh();
  };

  return (
    <section aria-label="Links">
      <Group justify="space-between" mb="xs">
        <Title order={3}>Links</Title>
        {!adding && (
          <Button
            size="compact-sm"
            variant="subtle"
            leftSection={<IconPlus size={14} />}
            onClick={() => setAdding(true)}
          >
            Add a link
          </Button>
        )}
      </Group>
      {adding && <AddLink type={type} id={id} ends={ends} onDone={() => setAdding(false)} />}
      {mine.length === 0 && !adding && (
        <Text size="sm" c="dimmed">
          Nothing yet. A link says what this waits for, or what it is good for.
        </Text>
      )}
      <ul className="plain-list">
        {mine.map((link) => {
          const out = isEnd(link, 'from', type, id);
          const other = out
            ? ends.get(`${link.to_entity_type}:${link.to_entity_id}`)
            : ends.get(`${link.from_entity_type}:${link.from_entity_id}`);
          if (!other) return null;
          const phrase = LINKS[link.link_type]?.[out ? 'out' : 'in'] ?? link.link_type;
          return (
            <li key={link.id} className={classes.link}>
              <Text size="xs" c="dimmed" className={classes.phrase}>
                {phrase}
              </Text>
              <button
                type="button"
                className={`link-button ${classes.end}`}
                onClick={() => openEditor(other.type, other.id)}
              >
                <Badge size="xs" variant="light" color={KINDS[other.type].color} mr={6}>
                  {KINDS[other.type].one}
                </Badge>
                {other.title}
              </button>
              <ActionIcon
                variant="subtle"
                color="gray"
                size="sm"
                aria-label={`Remove: ${phrase} ${other.title}`}
                onClick={() => void remove(link)}
              >
                <IconX size={14} />
              </ActionIcon>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** The links one can make from each kind. */
const MAKES: Readonly<Record<EntityType, readonly LinkType[]>> = {
  task: ['depends_on', 'blocks', 'supports_goal', 'addresses_problem', 'related'],
  goal: ['related', 'addresses_problem'],
  problem: ['blocks', 'related'],
};

function AddLink({
  type,
  id,
  ends,
  onDone,
}: {
  type: EntityType;
  id: string;
  ends: Map<string, End>;
  onDone: () => void;
}) {
  const [linkType, setLinkType] = useState<LinkType>(MAKES[type][0]!);
  const [target, setTarget] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const candidates = [...ends.entries()].filter(
    ([key, end]) => key !== `${type}:${id}` && fits(linkType, end.type),
  );

  const add = async () => {
    const end = target === null ? undefined : ends.get(target);
    if (!end) return;
    setBusy(true);
    try {
      await call('POST /v1/links', {
        from_entity_type: type,
        from_entity_id: id,
        to_entity_type: end.type,
        to_entity_id: end.id,
        link_type: linkType,
      });
      onDone();
    } catch (error) {
      toastError(error);
    }
    setBusy(false);
    refresh();
  };

  return (
    <Stack gap="xs" mb="md" className={classes.add}>
      <Select
        label="This"
        size="sm"
        data={MAKES[type].map((value) => ({ value, label: LINKS[value].out }))}
        value={linkType}
        onChange={(value) => {
          setLinkType(value as LinkType);
          setTarget(null);
        }}
      />
      <Select
        label="What"
        size="sm"
        searchable
        limit={30}
        placeholder="Search by title"
        nothingFoundMessage="Nothing with that title"
        data={candidates.map(([value, end]) => ({ value, label: end.title }))}
        value={target}
        onChange={setTarget}
      />
      <Group gap="xs">
        <Button size="compact-sm" disabled={target === null} loading={busy} onClick={() => void add()}>
          Add
        </Button>
        <Button size="compact-sm" variant="subtle" color="gray" onClick={onDone}>
          Cancel
        </Button>
      </Group>
    </Stack>
  );
}

function fits(link: LinkType, target: EntityType): boolean {
  if (link === 'supports_goal') return target === 'goal';
  if (link === 'addresses_problem') return target === 'problem';
  if (link === 'depends_on' || link === 'blocks') return target === 'task';
  return true;
}

function isEnd(link: Link, end: 'from' | 'to', type: EntityType, id: string): boolean {
  return link[`${end}_entity_type`] === type && link[`${end}_entity_id`] === id;
}

function refresh(): void {
  for (const root of ['links', 'plan', 'tasks']) refreshSoon(root);
}
