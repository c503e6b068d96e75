/**
 * What one can do to a task, a goal or a problem. The page shows the outcome at once; when the server refuses, what
 * it really holds is fetched again and the reason is shown.
 */
import type { InfiniteData } from '@tanstack/react-query';
import { call, type Page, randomKey } from './api.ts';
import { KINDS } from './entities.ts';
import { planQuery, queryClient } from './queries.ts';
import { refreshSoon } from './refresh.ts';
import { toastDone, toastError } from './toast.tsx';
import type { CaptureResult, Changes, Entity, EntityType, PlanItem } from './types.ts';

/** Conversations of their own have ids; what is typed into the capture box belongs to this one. */
const CAPTURE_CHAT = 'web';

type Lists = InfiniteData<Page<Entity>, string | undefined>;

/** Tries the change on what is shown, then on the server. @returns whether it held */
async function change(
  type: EntityType,
  id: string,
  seen: Partial<Entity>,
  send: () => Promise<unknown>,
): Promise<boolean> {
  const { root } = KINDS[type];
  await queryClient.cancelQueries({ queryKey: [root] });
  queryClient.setQueriesData<Lists>(
    { queryKey: [root, 'list'] },
    (lists) =>
      lists && {
        ...lists,
        pages: lists.pages.map((page) => ({
          ...page,
          items: page.items.map((row) => (row.id === id ? ({ ...row, ...seen } as Entity) : row)),
        })),
      },
  );
  try {
    await send();
    return true;
  } catch (error) {
    toastError(error);
    return false;
  } finally {
    refreshSoon(root);
    refreshSoon('plan');
  }
}

/** Takes the task out of the plan that is shown; the server's plan follows. */
function dropFromPlan(id: string): void {
  const without = <T extends PlanItem>(items: T[]) => items.filter((item) => item.id !== id);
  queryClient.setQueryData(
    planQuery.queryKey,
    (plan) =>
      plan && {
        ...plan,
        today: without(plan.today),
        next: without(plan.next),
        blocked: without(plan.blocked),
      },
  );
}

type Subject = Pick<Entity, 'id' | 'title'>;

export async function finish(type: EntityType, { id, title }: Subject): Promise<void> {
  const { root, over } = KINDS[type];
  if (type === 'task') dropFromPlan(id);
  const held = await change(type, id, { status: over } as Partial<Entity>, () =>
    type === 'task'
      ? call('POST /v1/tasks/{id}/complete', { id })
      : call(`PATCH /v1/${root}/{id}`, { id, status: over }),
  );
  if (held) toastDone(`Done: ${title}`, () => void reopen(type, { id, title }));
}

export async function reopen(type: EntityType, { id }: Subject): Promise<void> {
  const { root, fresh } = KINDS[type];
  await change(type, id, { status: fresh } as Partial<Entity>, () =>
    type === 'task'
      ? call('POST /v1/tasks/{id}/reopen', { id })
      : call(`PATCH /v1/${root}/{id}`, { id, status: fresh }),
  );
}

/** @param until the day, YYYY-MM-DD, on which the task comes back */
export async function snooze({ id, title }: Subject, until: string, label: string): Promise<void> {
  dropFromPlan(id);
  const held = await change('task', id, {}, () => call('POST /v1/tasks/{id}/snooze', { id, until }));
  if (held) toastDone(`Snoozed until ${label}: ${title}`);
}

export async function archive(type: EntityType, { id, title }: Subject): Promise<void> {
  if (type === 'task') dropFromPlan(id);
  const held = await change(type, id, { status: 'archived' } as Partial<Entity>, () =>
    call(`POST /v1/${KINDS[type].root}/{id}/archive`, { id }),
  );
  if (held) toastDone(`Archived: ${title}`, () => void restore(type, { id, title }));
}

export async function restore(type: EntityType, { id }: Subject): Promise<void> {
  await change(type, id, { status: KINDS[type].fresh } as Partial<Entity>, () =>
    call(`POST /v1/${KINDS[type].root}/{id}/restore`, { id }),
  );
}

/** @returns whether the server took it */
export function update(type: EntityType, id: string, changes: Changes): Promise<boolean> {
  return change(type, id, changes as Partial<Entity>, () =>
    call(`PATCH /v1/${KINDS[type].root}/{id}`, { id, ...changes }),
  );
}

/** @throws ApiError */
export async function create(type: EntityType, title: string): Promise<Entity> {
  const { root } = KINDS[type];
  const entity = await call(`POST /v1/${root}`, { title });
  refreshSoon(root);
  refreshSoon('plan');
  return entity;
}

/** Hands a thought to the server, which makes of it what it can. @throws ApiError */
export async function capture(message: string): Promise<CaptureResult> {
  const result = await call('POST /v1/capture/thought', {
    chat_id: CAPTURE_CHAT,
    source: 'web',
    client_msg_id: randomKey(),
    message,
  });
  for (const root of ['tasks', 'goals', 'problems', 'links', 'plan', 'inbox']) refreshSoon(root);
  return result;
}
