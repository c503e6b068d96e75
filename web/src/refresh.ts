/** When what is shown is fetched again: soon, but in one round for a burst of changes. */
import { queryClient } from './queries.ts';

/** Milliseconds in which a burst of events (a capture writes a dozen) becomes one round of fetching. */
const GATHER_MS = 60;

/**
 * Milliseconds at least from one fetch to the next. The server gives the plan 15 times a minute to one person, and
 * every change of a task changes it.
 */
const PACE_MS: Readonly<Record<string, number>> = { plan: 6000 };

const waiting = new Set<string>();
const lastAt = new Map<string, number>();

/** Makes the queries under this root stale, and those that are shown are fetched. */
export function refreshSoon(root: string): void {
  if (waiting.has(root)) return;
  waiting.add(root);
  const due = (lastAt.get(root) ?? Number.NEGATIVE_INFINITY) + (PACE_MS[root] ?? 0) - performance.now();
  setTimeout(
    () => {
      waiting.delete(root);
      lastAt.set(root, performance.now());
      void queryClient.invalidateQueries({ queryKey: [root] });
    },
    Math.max(GATHER_MS, due),
  );
}
