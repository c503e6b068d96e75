/** The three kinds of thing a person has: their names, looks, statuses and where they live. */
import { IconAlertTriangle, IconCircleCheck, IconTarget, type TablerIcon } from '@tabler/icons-react';
import type { Changes, Entity, EntityType, LinkType } from './types.ts';

type Status = NonNullable<Changes['status']>;

export interface Kind {
  readonly type: EntityType;
  /** The root of its queries, and of its address under /v1. */
  readonly root: 'tasks' | 'goals' | 'problems';
  readonly one: string;
  readonly icon: TablerIcon;
  readonly color: string;
  readonly statuses: readonly { value: Entity['status']; label: string }[];
  /** The status of a new one, and the one that means it is over. */
  readonly fresh: Status;
  readonly over: Status;
  /** What the button that ends it says. */
  readonly finish: string;
}

export const KINDS: Readonly<Record<EntityType, Kind>> = {
  task: {
    type: 'task',
    root: 'tasks',
    one: 'task',
    icon: IconCircleCheck,
    color: 'pine',
    statuses: [
      { value: 'open', label: 'Open' },
      { value: 'blocked', label: 'Blocked' },
      { value: 'done', label: 'Done' },
      { value: 'archived', label: 'Archived' },
    ],
    fresh: 'open',
    over: 'done',
    finish: 'Mark done',
  },
  goal: {
    type: 'goal',
    root: 'goals',
    one: 'goal',
    icon: IconTarget,
    color: 'iris',
    statuses: [
      { value: 'active', label: 'Active' },
      { value: 'paused', label: 'Paused' },
      { value: 'done', label: 'Reached' },
      { value: 'archived', label: 'Archived' },
    ],
    fresh: 'active',
    over: 'done',
    finish: 'Mark reached',
  },
  problem: {
    type: 'problem',
    root: 'problems',
    one: 'problem',
    icon: IconAlertTriangle,
    color: 'clay',
    statuses: [
      { value: 'active', label: 'Active' },
      { value: 'monitoring', label: 'Watching' },
      { value: 'resolved', label: 'Resolved' },
      { value: 'archived', label: 'Archived' },
    ],
    fresh: 'active',
    over: 'resolved',
    finish: 'Mark resolved',
  },
};

/** How a link reads from its first end, and from its second. */
export const LINKS: Readonly<
  Record<LinkType, { readonly out: string; readonly in: string; readonly color: string }>
> = {
  depends_on: { out: 'depends on', in: 'is needed by', color: 'gray' },
  blocks: { out: 'blocks', in: 'is blocked by', color: 'clay' },
  supports_goal: { out: 'supports', in: 'is supported by', color: 'iris' },
  addresses_problem: { out: 'addresses', in: 'is addressed by', color: 'clay' },
  related: { out: 'is related to', in: 'is related to', color: 'gray' },
};

export const PRIORITIES = [
  { value: '1', label: 'P1 · urgent' },
  { value: '2', label: 'P2 · high' },
  { value: '3', label: 'P3 · normal' },
  { value: '4', label: 'P4 · quick win' },
] as const;

export function statusLabel(kind: Kind, status: string): string {
  return kind.statuses.find((one) => one.value === status)?.label ?? status;
}

export function isOver(kind: Kind, entity: Entity): boolean {
  return entity.status === kind.over || entity.status === 'archived';
}
