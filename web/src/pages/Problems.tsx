import { useInfiniteQuery } from '@tanstack/react-query';
import { KINDS, statusLabel } from '../entities.ts';
import { EntityList } from '../parts/EntityList.tsx';
import { Fact } from '../parts/Meta.tsx';
import { useListFilter } from '../parts/useListFilter.ts';
import { problemsQuery } from '../queries.ts';
import type { Problem } from '../types.ts';

const kind = KINDS.problem;

export function Problems() {
  const filter = useListFilter('active');
  const { status } = filter;
  const query = useInfiniteQuery(problemsQuery(filter.input));
  return (
    <EntityList<Problem>
      kind={kind}
      title="Problems"
      filter={filter}
      query={query}
      meta={(problem) => (
        <>
          {problem.severity !== null && (
            <Fact tone={problem.severity >= 4 ? 'late' : 'quiet'}>Severity {problem.severity} of 5</Fact>
          )}
          {problem.horizon && <Fact>{problem.horizon}</Fact>}
          {status === 'all' && problem.status !== 'active' && (
            <Fact>{statusLabel(kind, problem.status)}</Fact>
          )}
        </>
      )}
      placeholder="Add a problem"
      emptyTitle={status === 'active' ? 'No active problems' : 'Nothing here'}
      emptyText={
        status === 'active'
          ? 'A problem is what stands in the way. Name it, and tasks can be linked to it: “the budget is a problem”.'
          : 'No problem has this status.'
      }
    />
  );
}
