/**
 * The plan for today: what to do first, and why. Pure: the same tasks on the same day give the same plan. Days count
 * in the user's zone and in whole, so that the order does not drift between two looks.
 */
export interface PlanTask {
  readonly id: string;
  readonly title: string;
  readonly status: 'open' | 'blocked';
  readonly priority: number | null;
  readonly impact_score: number | null;
  /** YYYY-MM-DD */
  readonly due_date: string | null;
  readonly updated_at: Date;
  /** The day of `updated_at` in the user's zone. */
  readonly updated_on: string;
  /** Titles of the active goals that it is linked to. */
  readonly goals: readonly string[];
  /** What it waits for that is not finished. */
  readonly blockers: readonly { readonly title: string; readonly how: 'depends_on' | 'blocks' }[];
}

export interface PlanItem {
  readonly id: string;
  readonly title: string;
  readonly score: number;
  readonly reasons: string[];
}

export interface Plan {
  readonly today: PlanItem[];
  readonly next: PlanItem[];
  readonly blocked: { id: string; title: string; reasons: string[] }[];
}

export const TODAY_ITEMS = 6;
export const NEXT_ITEMS = 8;

/** Points, and the days that they hang on. */
export const WEIGHTS = {
  overdue: 8,
  dueSoon: 4,
  /** Days from today on that count as soon. */
  soonDays: 2,
  impact: 3,
  activeGoal: 2,
  stale: 1,
  /** Untouched for longer than this is stale; after twice as long it is wholly so. */
  staleDays: 7,
  quickWin: 0.5,
} as const;

const QUICK_WIN_PRIORITY = 4;

/** @param today YYYY-MM-DD in the user's zone */
export function makePlan(tasks: readonly PlanTask[], today: string): Plan {
  const blocked = tasks.filter((task) => whyBlocked(task).length > 0);
  const ordered = tasks
    .filter((task) => whyBlocked(task).length === 0)
    .map((task) => ({ task, ...score(task, today) }))
    .sort((a, b) => b.points - a.points || compareTies(a.task, b.task))
    .map(({ task, points, reasons }) => ({ id: task.id, title: task.title, score: points, reasons }));
  return {
    today: ordered.slice(0, TODAY_ITEMS),
    next: ordered.slice(TODAY_ITEMS, TODAY_ITEMS + NEXT_ITEMS),
    blocked: blocked
      .sort(compareTies)
      .map((task) => ({ id: task.id, title: task.title, reasons: whyBlocked(task) })),
  };
}

/** What keeps a task from being done, in words; none when it is free. */
function whyBlocked({ status, blockers }: PlanTask): string[] {
  const reasons = blockers.map(({ title, how }) =>
    how === 'blocks' ? `blocked by "${title}"` : `waits for "${title}"`,
  );
  return status === 'blocked' && reasons.length === 0 ? ['marked as blocked'] : reasons;
}

/** @returns a task's points, to three decimals, and what they are for. Never without a reason. */
export function score(task: PlanTask, today: string): { points: number; reasons: string[] } {
  const given: (readonly [points: number, reason: string])[] = [];
  if (task.due_date !== null) {
    const days = daysBetween(today, task.due_date);
    if (days < 0) given.push([WEIGHTS.overdue, `overdue by ${count(-days, 'day')}`]);
    else given.push([days <= WEIGHTS.soonDays ? WEIGHTS.dueSoon : 0, dueReason(days, task.due_date)]);
  }
  if (task.impact_score !== null) {
    given.push([(task.impact_score / 5) * WEIGHTS.impact, `impact ${task.impact_score} of 5`]);
  }
  if (task.goals.length > 0) given.push([WEIGHTS.activeGoal, `for the goal "${task.goals[0]}"`]);
  const untouched = daysBetween(task.updated_on, today);
  if (untouched > WEIGHTS.staleDays) {
    const part = Math.min(1, (untouched - WEIGHTS.staleDays) / WEIGHTS.staleDays);
    given.push([WEIGHTS.stale * part, `untouched for ${count(untouched, 'day')}`]);
  }
  if (task.priority === QUICK_WIN_PRIORITY) given.push([WEIGHTS.quickWin, 'a quick win']);
  else if (task.priority !== null) given.push([0, `priority ${task.priority}`]);
  const points = given.reduce((sum, [value]) => sum + value, 0);
  const reasons = given.map(([, reason]) => reason);
  return {
    points: Math.round(points * 1000) / 1000,
    reasons: reasons.length > 0 ? reasons : ['open, with no date'],
  };
}

/** Due date, priority, the longest untouched, id; what has none of a thing comes after what has. */
export function compareTies(a: PlanTask, b: PlanTask): number {
  return (
    compare(a.due_date ?? '9999-12-31', b.due_date ?? '9999-12-31') ||
    (a.priority ?? 9) - (b.priority ?? 9) ||
    a.updated_at.getTime() - b.updated_at.getTime() ||
    compare(a.id, b.id)
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function dueReason(days: number, date: string): string {
  if (days === 0) return 'due today';
  if (days === 1) return 'due tomorrow';
  return days <= WEIGHTS.soonDays ? `due in ${days} days` : `due on ${date}`;
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;

/** Whole days from one date to another; negative when `to` comes first. */
function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000);
}
