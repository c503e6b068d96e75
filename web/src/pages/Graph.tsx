import '@xyflow/react/dist/style.css';
import { Checkbox, Group, SegmentedControl, Table, Text, Title, useComputedColorScheme } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { IconAffiliate } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import {
  Background,
  Controls,
  type Edge,
  Handle,
  MarkerType,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
} from '@xyflow/react';
import { useMemo, useState } from 'react';
import { isOver, KINDS, LINKS, statusLabel } from '../entities.ts';
import { EmptyState } from '../parts/EmptyState.tsx';
import { openEditor } from '../parts/editor.ts';
import { PageError } from '../parts/PageError.tsx';
import { ListSkeleton } from '../parts/PageSkeleton.tsx';
import { everyGoalQuery, everyLinkQuery, everyProblemQuery, everyTaskQuery } from '../queries.ts';
import type { Entity, EntityType, Link } from '../types.ts';
import classes from './Graph.module.css';
import { type Direction, layout } from './graph-layout.ts';

type EntityNode = Node<{ type: EntityType; entity: Entity; direction: Direction }, 'entity'>;

/** What is linked to what: as a picture to see it, as a list to read it. */
export function Graph() {
  const tasks = useQuery(everyTaskQuery);
  const goals = useQuery(everyGoalQuery);
  const problems = useQuery(everyProblemQuery);
  const links = useQuery(everyLinkQuery);
  const [view, setView] = useState('picture');
  const [withDone, setWithDone] = useState(false);
  const queries = [tasks, goals, problems, links];
  const error = queries.find((query) => query.error)?.error;

  const entities = useMemo(() => {
    const map = new Map<string, { type: EntityType; entity: Entity }>();
    for (const [type, rows] of [
      ['task', tasks.data],
      ['goal', goals.data],
      ['problem', problems.data],
    ] as const) {
      for (const entity of rows ?? []) {
        if (withDone ? entity.status !== 'archived' : !isOver(KINDS[type], entity))
          map.set(`${type}:${entity.id}`, { type, entity });
      }
    }
    return map;
  }, [tasks.data, goals.data, problems.data, withDone]);
  const shown = useMemo(
    () => (links.data ?? []).filter((link) => entities.has(fromKey(link)) && entities.has(toKey(link))),
    [links.data, entities],
  );

  return (
    <div className={classes.root}>
      <header className={classes.header}>
        <Title order={1}>Map</Title>
        <Group gap="md">
          <Checkbox
            size="sm"
            label="Show finished"
            checked={withDone}
            onChange={(event) => setWithDone(event.currentTarget.checked)}
          />
          <SegmentedControl
            size="xs"
            aria-label="View"
            value={view}
            onChange={setView}
            data={[
              { value: 'picture', label: 'Picture' },
              { value: 'list', label: 'List' },
            ]}
          />
        </Group>
      </header>
      {error ? (
        <PageError
          title="The map could not be drawn"
          message={error.message}
          retry={() => {
            for (const query of queries) void query.refetch();
          }}
        />
      ) : queries.some((query) => query.isPending) ? (
        <div className={classes.rest}>
          <ListSkeleton rows={6} />
        </div>
      ) : shown.length === 0 ? (
        <div className={classes.rest}>
          <EmptyState icon={IconAffiliate} title="Nothing is linked yet">
            Links say what waits for what, and what it is all for. Steward makes them when you write things
            like “first get three quotes, then order the tiles”; you can add them yourself where you edit a
            task, a goal or a problem.
          </EmptyState>
        </div>
      ) : view === 'picture' ? (
        <Picture entities={entities} links={shown} />
      ) : (
        <LinkTable entities={entities} links={shown} />
      )}
    </div>
  );
}

type Entities = ReadonlyMap<string, { type: EntityType; entity: Entity }>;

const NODE_TYPES = { entity: EntityBox };

function Picture({ entities, links }: { entities: Entities; links: Link[] }) {
  const colorMode = useComputedColorScheme('light');
  const direction = useMediaQuery('(max-width: 48em)') ? 'down' : 'across';
  const { nodes, edges } = useMemo(() => toFlow(entities, links, direction), [entities, links, direction]);
  return (
    <section className={classes.picture} aria-label="Picture of the links; the same is readable under List">
      <ReactFlow<EntityNode, Edge>
        key={direction}
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        colorMode={colorMode}
        fitView
        fitViewOptions={{ padding: 0.15, maxZoom: 1 }}
        minZoom={0.15}
        nodesDraggable={false}
        nodesConnectable={false}
        edgesFocusable={false}
        nodesFocusable={false}
        proOptions={{ hideAttribution: true }}
      >
        <Background gap={24} />
        <Controls showInteractive={false} />
      </ReactFlow>
      <ul className={`plain-list ${classes.legend}`} aria-label="Legend">
        {Object.values(KINDS).map((kind) => (
          <li key={kind.type} data-type={kind.type}>
            {kind.one}
          </li>
        ))}
      </ul>
    </section>
  );
}

function EntityBox({ data: { type, entity, direction } }: NodeProps<EntityNode>) {
  const kind = KINDS[type];
  return (
    <div className={classes.node} data-type={type} data-over={isOver(kind, entity) || undefined}>
      <Handle
        type="target"
        position={direction === 'across' ? Position.Left : Position.Top}
        className={classes.handle}
      />
      <button type="button" className="link-button nodrag" onClick={() => openEditor(type, entity.id)}>
        <span className={classes.nodeTitle}>{entity.title}</span>
        <span className={classes.nodeStatus}>
          {kind.one} · {statusLabel(kind, entity.status).toLowerCase()}
        </span>
      </button>
      <Handle
        type="source"
        position={direction === 'across' ? Position.Right : Position.Bottom}
        className={classes.handle}
      />
    </div>
  );
}

function toFlow(
  entities: Entities,
  links: Link[],
  direction: Direction,
): { nodes: EntityNode[]; edges: Edge[] } {
  const directed = links.map((link) => {
    // The one that waits stands right of the one it waits for, whichever end of the link it is.
    const isTurned = link.link_type === 'depends_on';
    const [from, to] = isTurned ? [toKey(link), fromKey(link)] : [fromKey(link), toKey(link)];
    return { link, from, to, isTurned };
  });
  const ids = [...new Set(directed.flatMap(({ from, to }) => [from, to]))];
  const places = layout(ids, directed, direction);
  const nodes = ids.map(
    (id): EntityNode => ({
      id,
      type: 'entity',
      position: places.get(id)!,
      data: { ...entities.get(id)!, direction },
    }),
  );
  const edges = directed.map(({ link, from, to, isTurned }): Edge => {
    const isPlain = link.link_type === 'related';
    const words = LINKS[link.link_type] ?? { out: link.link_type, in: link.link_type };
    return {
      id: link.id,
      source: from,
      target: to,
      label: isTurned ? words.in : words.out,
      className: classes.edge,
      data: {},
      style: isPlain ? { strokeDasharray: '4 4' } : {},
      ...(isPlain ? {} : { markerEnd: { type: MarkerType.ArrowClosed, width: 16, height: 16 } }),
    };
  });
  return { nodes, edges };
}

function LinkTable({ entities, links }: { entities: Entities; links: Link[] }) {
  const end = (key: string) => {
    const { type, entity } = entities.get(key)!;
    return (
      <button
        type="button"
        className={`link-button ${classes.end}`}
        onClick={() => openEditor(type, entity.id)}
      >
        <span>{entity.title}</span>
        <Text component="span" size="xs" c="dimmed">
          {KINDS[type].one}
        </Text>
      </button>
    );
  };
  return (
    <div className={classes.rest}>
      <Table.ScrollContainer minWidth={520}>
        <Table verticalSpacing="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>This</Table.Th>
              <Table.Th>is linked</Table.Th>
              <Table.Th>to this</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {links.map((link) => (
              <Table.Tr key={link.id}>
                <Table.Td>{end(fromKey(link))}</Table.Td>
                <Table.Td>
                  <Text size="sm" c="dimmed">
                    {LINKS[link.link_type]?.out ?? link.link_type}
                  </Text>
                </Table.Td>
                <Table.Td>{end(toKey(link))}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </div>
  );
}

function fromKey(link: Link): string {
  return `${link.from_entity_type}:${link.from_entity_id}`;
}

function toKey(link: Link): string {
  return `${link.to_entity_type}:${link.to_entity_id}`;
}
