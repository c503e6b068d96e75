/** When what is shown is fetched again: soon, but in one round for a burst of changes. */
import { queryClient } from './queries.ts';

/** Milliseconds in which a burst of events (a capture writes a dozen) becomes one round of fetching. */
const GATHER_MS = 60;

/**
 * A few fetches at once, then one in so many milliseconds. The server gives the plan 15 times a minute to one person,
 * and every change of a task changes it.
 */
const PACE: Readonly<Record<string, { readonly burst: number; readonly ms: number }>> = {
  plan: { burst: 5, ms: 6000 },
};

const waiting = new Set<string>();
/** When a fetch would be due if each had waited for its turn; those of a burst are ahead of it. */
const turn = new Map<string, number>();

/** Makes the queries under this root stale, and those that are shown are fetched. */
export function refreshSoon(root: string): void {
  if (waiting.has(root)) return;
  waiting.add(root);
  const { burst, ms } = PACE[root] ?? { burst: 1, ms: 0 };
  const own = Math.max(performance.now(), (turn.get(root) ?? 0) + ms);
  const due = own - (burst - 1) * ms - performance.now();
  setTimeout(
    () => {
      waiting.delete(root);
      turn.set(root, own);
      void queryClient.invalidateQueries({ queryKey: [root] });
    },
    Math.max(GATHER_MS, due),
  );
}
