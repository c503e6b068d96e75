/** What the page reads, each with the key under which live events make it fresh again. */
import { infiniteQueryOptions, keepPreviousData, QueryClient, queryOptions } from '@tanstack/react-query';
import { ApiError, call, type Page } from './api.ts';
import type { Conversation, Goal, InboxItem, Link, Me, Plan, Problem, Task } from './types.ts';

/** HTTP statuses that pass by themselves; 0 is no answer at all. */
const PASSING = new Set([0, 429, 502, 503, 504]);

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      // What the server refuses it refuses again; only "not now" and a lost connection are worth another try.
      retry: (failures, error) => failures < 3 && error instanceof ApiError && PASSING.has(error.status),
      retryDelay: (failures, error) =>
        error instanceof ApiError && error.retryAfter ? error.retryAfter * 1000 : 500 * 2 ** failures,
    },
  },
});

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: () => call<Me>('GET', '/v1/me'),
  staleTime: 5 * 60_000,
});

export const planQuery = queryOptions({
  queryKey: ['plan'],
  queryFn: () => call<Plan>('GET', '/v1/plan/get_today'),
});

/** Rows a list asks for at a time, and the most the interface gives at once. */
const PAGE = 50;
const MOST = 200;

function listQuery<T>(root: string, path: string, filter: object) {
  return infiniteQueryOptions({
    queryKey: [root, 'list', filter],
    queryFn: ({ pageParam }) => call<Page<T>>('GET', path, { ...filter, limit: PAGE, cursor: pageParam }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    // While one types or changes the filter the last answer stays, so that the page does not flicker.
    placeholderData: keepPreviousData,
  });
}

interface Narrow {
  status?: string;
  /** Words that the rows hold. */
  q?: string;
}

export const tasksQuery = (filter: Narrow & { goal_id?: string; sort?: string }) =>
  listQuery<Task>('tasks', '/v1/tasks', filter);
export const goalsQuery = (filter: Narrow) => listQuery<Goal>('goals', '/v1/goals', filter);
export const problemsQuery = (filter: Narrow) => listQuery<Problem>('problems', '/v1/problems', filter);
export const inboxQuery = () => listQuery<InboxItem>('inbox', '/v1/inbox', {});

/** Every row of a list: what a picture of all of it, or a choice among all of it, needs. */
function everyQuery<T>(root: string, path: string) {
  return queryOptions({
    queryKey: [root, 'every'],
    queryFn: async () => {
      const rows: T[] = [];
      let cursor: string | null = null;
      do {
        const page: Page<T> = await call<Page<T>>('GET', path, { limit: MOST, cursor });
        rows.push(...page.items);
        cursor = page.next_cursor;
      } while (cursor !== null && rows.length < 5 * MOST);
      return rows;
    },
  });
}

export const everyTaskQuery = everyQuery<Task>('tasks', '/v1/tasks');
export const everyGoalQuery = everyQuery<Goal>('goals', '/v1/goals');
export const everyProblemQuery = everyQuery<Problem>('problems', '/v1/problems');
export const everyLinkQuery = everyQuery<Link>('links', '/v1/links');
export const conversationsQuery = everyQuery<Conversation>('conversations', '/v1/conversations');
