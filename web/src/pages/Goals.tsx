import { useInfiniteQuery } from '@tanstack/react-query';
import { isOver, KINDS, statusLabel } from '../entities.ts';
import { EntityList } from '../parts/EntityList.tsx';
import { Due, Fact } from '../parts/Meta.tsx';
import { useListFilter } from '../parts/useListFilter.ts';
import { useToday } from '../parts/useToday.ts';
import { goalsQuery } from '../queries.ts';
import type { Goal } from '../types.ts';

const kind = KINDS.goal;

export function Goals() {
  const today = useToday();
  const filter = useListFilter('active');
  const { status } = filter;
  const query = useInfiniteQuery(goalsQuery(filter.input));
  return (
    <EntityList<Goal>
      kind={kind}
      title="Goals"
      filter={filter}
      query={query}
      meta={(goal) => (
        <>
          {goal.target_date && <Due date={goal.target_date} today={today} over={isOver(kind, goal)} />}
          {goal.horizon && <Fact>{goal.horizon}</Fact>}
          {status === 'all' && goal.status !== 'active' && <Fact>{statusLabel(kind, goal.status)}</Fact>}
        </>
      )}
      placeholder="Add a goal"
      emptyTitle={status === 'active' ? 'No active goals' : 'Nothing here'}
      emptyText={
        status === 'active'
          ? 'A goal is where tasks lead. Tasks that support an active goal come sooner in the plan: “renovate both bathrooms before Christmas”.'
          : 'No goal has this status.'
      }
    />
  );
}
