/**
 * Makes of an extraction what can be made of it, in the caller's transaction. The model proposes, this decides:
 *
 * - What has the exact normalised title of one known thing is that thing, and is brought up to date; of several,
 *   none is guessed. What is named again after it was over is taken up again.
 * - Links are by title, between what was extracted and what is known. One that leads nowhere, to the wrong kind, to
 *   itself or into a circle is left out.
 *
 * Whatever is left out is in the result and in event_log, for a person to review.
 */
import type { OperationContext } from '../../platform/operations/index.ts';
import { cycleOf, type Link } from './cycles.ts';
import { type Changes, changeRow, findByTitles, insertRows, type NewRows } from './entities.ts';
import { type CaptureResult, type Extraction, NO_CHANGE, NOTHING } from './extraction.ts';
import { insertLinks, lockPlanner, waitingLinks } from './links.ts';
import type { Rows, Task } from './schema.ts';
import { ENTITY_TYPES, type EntityType, FRESH, OVER, TRANSITIONS, wrongEnd } from './statuses.ts';
import { normaliseTitle } from './title.ts';

export interface Origin {
  /** The message that it was extracted from, where there is one. */
  readonly inboxItemId: string | null;
  /** What was last shown in the chat: of several things with one title, it is the one that is meant. */
  readonly recent: readonly { readonly entity_type: EntityType; readonly entity_id: string }[];
}

export async function applyExtraction(
  ctx: OperationContext,
  extraction: Extraction,
  origin: Origin,
): Promise<CaptureResult> {
  await lockPlanner(ctx.tx, ctx.userId);
  const work = new Application(ctx, extraction, origin);
  await work.readKnown();
  await work.applyKind('goal', extraction.goals, (goal) => ({ title: goal.title, ...given(goal) }));
  await work.applyKind('problem', extraction.problems, (problem) => ({
    title: problem.title,
    ...given(problem),
  }));
  await work.applyKind('task', extraction.tasks, (task) => ({
    title: task.title,
    ...given(task),
    ...(task.status === 'done' ? { completed_at: ctx.now } : {}),
    source_inbox_item_id: origin.inboxItemId,
  }));
  for (const update of extraction.updates) await work.update(update);
  await work.link();
  return work.result();
}

/** Without what says nothing. */
function given<T extends object>(extracted: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const said = Object.entries(extracted).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(said) as { [K in keyof T]?: NonNullable<T[K]> };
}

type AnyRow = Rows[EntityType];
type Match = AnyRow | 'none' | 'several';

class Application {
  readonly #ctx: OperationContext;
  readonly #extraction: Extraction;
  readonly #origin: Origin;
  /** Known and new rows by kind and normalised title. */
  readonly #byTitle = new Map<string, AnyRow[]>();
  readonly #applied = { ...NOTHING };
  readonly #items: CaptureResult['items'] = [];
  readonly #skipped: CaptureResult['skipped'] = [];

  constructor(ctx: OperationContext, extraction: Extraction, origin: Origin) {
    this.#ctx = ctx;
    this.#extraction = extraction;
    this.#origin = origin;
  }

  /** Everything that is named, in one read a kind. */
  async readKnown(): Promise<void> {
    const { tasks, goals, problems, links, updates } = this.#extraction;
    const named = [
      ...tasks.map(({ title }) => ({ type: 'task' as const, title })),
      ...goals.map(({ title }) => ({ type: 'goal' as const, title })),
      ...problems.map(({ title }) => ({ type: 'problem' as const, title })),
      ...links.flatMap(({ from, to }) => [from, to]),
      ...updates,
    ];
    for (const type of ENTITY_TYPES) {
      const titles = named.filter((one) => one.type === type).map(({ title }) => normaliseTitle(title));
      for (const row of await findByTitles(this.#ctx.tx, this.#ctx.userId, type, [...new Set(titles)]))
        this.#know(type, row);
    }
  }

  #know(type: EntityType, row: AnyRow): void {
    const key = `${type}:${row.title_norm}`;
    this.#byTitle.set(key, [...(this.#byTitle.get(key) ?? []), row]);
  }

  /** The one thing that a title means. */
  #match(type: EntityType, title: string): Match {
    const rows = this.#byTitle.get(`${type}:${normaliseTitle(title)}`) ?? [];
    if (rows.length <= 1) return rows[0] ?? 'none';
    const shown = rows.filter(({ id }) => this.#origin.recent.some((item) => item.entity_id === id));
    return shown.length === 1 ? shown[0]! : 'several';
  }

  async applyKind<T extends EntityType, P extends { readonly title: string }>(
    type: T,
    proposed: readonly P[],
    toRow: (one: P) => NewRows[T],
  ): Promise<void> {
    const fresh = new Map<string, NewRows[T]>();
    for (const one of proposed) {
      const match = this.#match(type, one.title);
      const row = toRow(one);
      if (match === 'none') {
        const norm = normaliseTitle(one.title);
        if (!fresh.has(norm)) fresh.set(norm, row);
      } else if (match === 'several') {
        this.#skip('several_matches', `${type} "${one.title}"`, `there are several ${type}s with this title`);
      } else {
        await this.#refresh(type, match as Rows[T], row);
      }
    }
    for (const row of await insertRows(this.#ctx, type, [...fresh.values()])) {
      this.#know(type, row);
      this.#note(type, row, 'created');
    }
  }

  /** Brings a known thing up to date with what was said of it again; what a person wrote is not replaced. */
  async #refresh<T extends EntityType>(type: T, row: Rows[T], said: NewRows[T]): Promise<void> {
    const { title: _, source_inbox_item_id: __, completed_at: ___, ...fields } = said as NewRows['task'];
    const changes: Record<string, unknown> = { ...fields };
    const before = row as Readonly<Record<string, unknown>>;
    for (const name of ['notes', 'description']) if (before[name] != null) delete changes[name];
    if (changes.tags) changes.tags = [...new Set([...(row as Task).tags, ...(changes.tags as string[])])];
    changes.status ??= row.status === OVER[type] || row.status === 'archived' ? FRESH[type] : row.status;
    // Blocked tasks are open ones that wait: saying again that it has to be done does not free them.
    if (row.status === 'blocked' && changes.status === 'open') changes.status = 'blocked';
    await this.#change(type, row, changes as Changes<T>);
  }

  async #change<T extends EntityType>(type: T, row: Rows[T], changes: Changes<T>): Promise<void> {
    const after = await changeRow(this.#ctx, type, row, changes);
    if (after === row) return;
    const rows = this.#byTitle.get(`${type}:${row.title_norm}`) ?? [];
    rows.splice(rows.indexOf(row), 1, after);
    if (!this.#items.some(({ id }) => id === row.id)) this.#note(type, after, 'updated');
  }

  #note(type: EntityType, { id, title }: AnyRow, change: 'created' | 'updated'): void {
    this.#items.push({ entity_type: type, id, title, change });
    this.#applied[`${type}s_${change}`] += 1;
  }

  async update({ type, title, set }: Extraction['updates'][number]): Promise<void> {
    const what = `change of ${type} "${title}"`;
    const match = this.#match(type, title);
    if (match === 'none') return this.#skip('no_match', what, `there is no ${type} with this title`);
    if (match === 'several')
      return this.#skip('several_matches', what, `there are several ${type}s with this title`);
    const { due_date, ...others } = given(set);
    const changes = {
      ...others,
      ...(due_date && { [type === 'goal' ? 'target_date' : 'due_date']: due_date }),
    };
    const wrong = Object.keys(changes).find((name) => !(name in match));
    if (wrong !== undefined) return this.#skip('invalid_change', what, `a ${type} has no ${wrong}`);
    const transitions: Readonly<Record<string, readonly string[]>> = TRANSITIONS[type];
    const to = changes.status;
    if (to !== undefined && to !== match.status && !transitions[match.status]?.includes(to)) {
      return this.#skip('invalid_change', what, `it is ${match.status} and cannot become ${to}`);
    }
    await this.#change(type, match as Rows[typeof type], changes as Changes<typeof type>);
  }

  async link(): Promise<void> {
    const proposed = this.#extraction.links;
    if (proposed.length === 0) return;
    const waits = await waitingLinks(this.#ctx.tx, this.#ctx.userId);
    const accepted: Link[] = [];
    for (const { from, to, link_type } of proposed) {
      const what = `link "${from.title}" ${link_type} "${to.title}"`;
      const [a, b] = [this.#match(from.type, from.title), this.#match(to.type, to.title)];
      if (typeof a === 'string' || typeof b === 'string') {
        const end = typeof a === 'string' ? from : to;
        const why = [a, b].includes('several') ? 'several things have the title' : 'nothing has the title';
        this.#skip('invalid_link', what, `${why} "${end.title}"`);
        continue;
      }
      const link: Link = {
        link_type,
        from_entity_type: from.type,
        from_entity_id: a.id,
        to_entity_type: to.type,
        to_entity_id: b.id,
      };
      const wrong = a.id === b.id ? 'it leads to itself' : wrongEnd(link_type, to.type);
      const cycle = wrong === undefined ? cycleOf(waits, link) : undefined;
      if (wrong !== undefined) this.#skip('invalid_link', what, wrong);
      else if (cycle) this.#skip('invalid_link', what, 'it would close a circle');
      else {
        accepted.push(link);
        waits.push(link);
      }
    }
    this.#applied.links_created += (await insertLinks(this.#ctx, accepted)).length;
  }

  #skip(kind: string, what: string, why: string): void {
    this.#skipped.push({ what, why });
    const { inboxItemId } = this.#origin;
    this.#ctx.event(
      'capture.review',
      inboxItemId === null ? undefined : { type: 'inbox_item', id: inboxItemId },
      { kind, what, why },
    );
  }

  result(): CaptureResult {
    const changed = Object.values(this.#applied).some((count) => count > 0);
    return {
      inbox_item_id: this.#origin.inboxItemId,
      applied: this.#applied,
      items: this.#items,
      skipped: this.#skipped,
      ...(changed ? {} : { reason: NO_CHANGE }),
    };
  }
}
