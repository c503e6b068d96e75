/** The kinds of things a person has, the states they go through, and how they may be linked. */
import { AppError } from '../../platform/errors.ts';

export const ENTITY_TYPES = ['task', 'goal', 'problem'] as const;
export type EntityType = (typeof ENTITY_TYPES)[number];

/** What each status may become. `archived` leads back to where it came from by `restore`. */
export const TRANSITIONS = {
  task: {
    open: ['blocked', 'done', 'archived'],
    blocked: ['open', 'done', 'archived'],
    done: ['open', 'blocked', 'archived'],
    archived: ['open'],
  },
  goal: {
    active: ['paused', 'done', 'archived'],
    paused: ['active', 'done', 'archived'],
    done: ['active', 'paused', 'archived'],
    archived: ['active'],
  },
  problem: {
    active: ['monitoring', 'resolved', 'archived'],
    monitoring: ['active', 'resolved', 'archived'],
    resolved: ['active', 'monitoring', 'archived'],
    archived: ['active'],
  },
} as const satisfies Record<EntityType, Record<string, readonly string[]>>;

/** The status of a new one, and of one that is taken up again. */
export const FRESH = { task: 'open', goal: 'active', problem: 'active' } as const;
/** The status that means it is over, and done with. */
export const OVER = { task: 'done', goal: 'done', problem: 'resolved' } as const;

type StatusOf<T extends EntityType> = keyof (typeof TRANSITIONS)[T] & string;
function statusesOf<T extends EntityType>(type: T): [StatusOf<T>, ...StatusOf<T>[]] {
  return Object.keys(TRANSITIONS[type]) as [StatusOf<T>, ...StatusOf<T>[]];
}
export const TASK_STATUSES = statusesOf('task');
export const GOAL_STATUSES = statusesOf('goal');
export const PROBLEM_STATUSES = statusesOf('problem');

interface Stateful {
  readonly status: string;
  readonly archived_at: Date | null;
  readonly completed_at?: Date | null;
}

/** The columns that follow from a status. */
export interface StatusChange {
  status: string;
  archived_at: Date | null;
  completed_at?: Date | null;
}

/**
 * What becoming `to` changes: `done` sets a task's completed_at if there is none, leaving it clears it; archiving
 * keeps it, so that a restored task is done again.
 *
 * @throws AppError `conflict` when the status cannot become that, `bad_request` when the kind has no such status
 */
export function changeStatus(type: EntityType, row: Stateful, to: string, now: Date): StatusChange {
  const { status } = row;
  const known: Readonly<Record<string, readonly string[]>> = TRANSITIONS[type];
  if (!(to in known)) {
    throw new AppError(
      'bad_request',
      `a ${type} is never ${to}; it is one of ${Object.keys(known).join(', ')}.`,
    );
  }
  if (status !== to && !known[status]?.includes(to)) {
    throw new AppError('conflict', `an archived ${type} cannot become ${to}; restore it first.`);
  }
  const archived_at = to === 'archived' ? (row.archived_at ?? now) : null;
  if (type !== 'task') return { status: to, archived_at };
  const before = row.completed_at ?? null;
  const completed_at = to === 'done' ? (before ?? now) : to === 'archived' ? before : null;
  return { status: to, archived_at, completed_at };
}

/** What becomes of an archived row: a task that was done is done again, anything else is taken up afresh. */
export function restored(type: EntityType, row: Stateful): StatusChange {
  const completed_at = row.completed_at ?? null;
  const change = { status: completed_at === null ? FRESH[type] : OVER[type], archived_at: null };
  return type === 'task' ? { ...change, completed_at } : change;
}

/** How a change of status is told in event_log, by what it becomes. */
const TOLD: Readonly<Record<string, string>> = {
  done: 'completed',
  resolved: 'resolved',
  archived: 'archived',
  blocked: 'blocked',
  paused: 'paused',
  monitoring: 'monitored',
};

/** @returns the event's name, such as `task.completed`; coming back from done or the archive has its own */
export function statusEvent(type: EntityType, from: string, to: string): string {
  if (from === 'archived') return `${type}.restored`;
  if (to === FRESH[type]) return `${type}.${from === OVER[type] ? 'reopened' : 'resumed'}`;
  return `${type}.${TOLD[to]}`;
}

export const LINK_TYPES = ['depends_on', 'blocks', 'supports_goal', 'related', 'addresses_problem'] as const;
export type LinkType = (typeof LINK_TYPES)[number];

/** What a link must end at, where it is not free. */
const LINK_ENDS: Readonly<Partial<Record<LinkType, EntityType>>> = {
  supports_goal: 'goal',
  addresses_problem: 'problem',
};

/** @returns what is wrong with a link of this type to that kind, or undefined */
export function wrongEnd(link: LinkType, to: EntityType): string | undefined {
  const end = LINK_ENDS[link];
  return end === undefined || end === to ? undefined : `${link} leads to a ${end}, not to a ${to}`;
}
