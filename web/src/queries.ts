/** What the page reads, each with the key under which live events make it fresh again. */
import { infiniteQueryOptions, keepPreviousData, QueryClient, queryOptions } from '@tanstack/react-query';
import { ApiError, call, type Output, type Page, type Route } from './api.ts';
import { readSession } from './auth.ts';

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
  queryFn: () => call('GET /v1/me'),
  staleTime: 5 * 60_000,
});

/** Reading it also renews it: who comes back within a week stays signed in. */
export const sessionQuery = queryOptions({ queryKey: ['session'], queryFn: readSession });

export const planQuery = queryOptions({
  queryKey: ['plan'],
  queryFn: () => call('GET /v1/plan/get_today'),
});

/** Rows a list asks for at a time, and the most the interface gives at once. */
const PAGE = 50;
const MOST = 200;

/** The routes that answer in pages. */
type ListRoute = { [R in Route]: Output<R> extends Page<unknown> ? R : never }[Route];
type Row<R extends ListRoute> = Output<R>['items'][number];

/** Every list takes these two; that the rows are those of the route is beyond what a generic call can infer. */
function readPage<R extends ListRoute>(route: R, input: { limit: number; cursor?: string | undefined }) {
  return call(route as 'GET /v1/tasks', input) as Promise<unknown> as Promise<Page<Row<R>>>;
}

function listQuery<R extends ListRoute>(root: string, route: R, filter: object) {
  return infiniteQueryOptions({
    queryKey: [root, 'list', filter],
    queryFn: ({ pageParam }) => readPage(route, { ...filter, limit: PAGE, cursor: pageParam }),
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
  listQuery('tasks', 'GET /v1/tasks', filter);
export const goalsQuery = (filter: Narrow) => listQuery('goals', 'GET /v1/goals', filter);
export const problemsQuery = (filter: Narrow) => listQuery('problems', 'GET /v1/problems', filter);
export const inboxQuery = () => listQuery('inbox', 'GET /v1/inbox', {});

/** Every row of a list: what a picture of all of it, or a choice among all of it, needs. */
function everyQuery<R extends ListRoute>(root: string, route: R) {
  return queryOptions({
    queryKey: [root, 'every'],
    queryFn: async () => {
      const rows: Row<R>[] = [];
      let cursor: string | undefined;
      do {
        const page: Page<Row<R>> = await readPage(route, { limit: MOST, cursor });
        rows.push(...page.items);
        cursor = page.next_cursor ?? undefined;
      } while (cursor !== undefined && rows.length < 5 * MOST);
      return rows;
    },
  });
}

export const everyTaskQuery = everyQuery('tasks', 'GET /v1/tasks');
export const everyGoalQuery = everyQuery('goals', 'GET /v1/goals');
export const everyProblemQuery = everyQuery('problems', 'GET /v1/problems');
export const everyLinkQuery = everyQuery('links', 'GET /v1/links');
export const conversationsQuery = everyQuery('conversations', 'GET /v1/conversations');
