import { type EntityType, type Known, points, resolve } from './references.ts';
import { understand } from './understand.ts';

/** A question about what is stored, as far as rules can read it. Dates are YYYY-MM-DD, both ends included. */
export type Question =
  | {
      readonly kind: 'list';
      readonly entity: EntityType;
      readonly statuses: readonly string[];
      readonly dueFrom?: string;
      readonly dueTo?: string;
      readonly about?: string;
    }
  | { readonly kind: 'plan' }
  | { readonly kind: 'blocking'; readonly about: string | undefined }
  /** It points at what was shown before. */
  | { readonly kind: 'about'; readonly ids: readonly Known[] }
  /** It points, but not clearly: the titles it could mean. */
  | { readonly kind: 'unclear'; readonly options: readonly string[] }
  | { readonly kind: 'words' };

/** What a list's word means for each kind. */
const STATUSES: Readonly<
  Record<EntityType, Readonly<Record<'open' | 'done' | 'blocked' | 'archived', readonly string[]>>>
> = {
  task: { open: ['open', 'blocked'], done: ['done'], blocked: ['blocked'], archived: ['archived'] },
  goal: { open: ['active', 'paused'], done: ['done'], blocked: ['paused'], archived: ['archived'] },
  problem: {
    open: ['active', 'monitoring'],
    done: ['resolved'],
    blocked: ['monitoring'],
    archived: ['archived'],
  },
};

const POINTER = /\b(?:the \w+ one|number \w+|that one|this one|it|that|those|these|them|both)\b/i;

export function readQuestion(
  text: string,
  situation: { readonly now: Date; readonly timezone: string; readonly recent: readonly Known[] },
): Question {
  const surfaced = { recent: situation.recent, focus: situation.recent.length === 1 ? situation.recent : [] };
  const intent = understand(text, { now: situation.now, timezone: situation.timezone, context: surfaced });
  switch (intent.kind) {
    case 'list': {
      const { status, dueFrom, dueTo, about } = intent.filter;
      return {
        kind: 'list',
        entity: intent.entity,
        statuses: STATUSES[intent.entity][status],
        ...(dueFrom === undefined ? {} : { dueFrom }),
        ...(dueTo === undefined ? {} : { dueTo }),
        ...(about === undefined ? {} : { about }),
      };
    }
    case 'plan_today':
      return { kind: 'plan' };
    case 'blocking':
      return { kind: 'blocking', about: intent.about };
    default: {
      const pointer = POINTER.exec(text)?.[0];
      if (pointer === undefined || !points(pointer)) return { kind: 'words' };
      const reference = resolve(pointer, surfaced, ['task', 'goal', 'problem']);
      if (reference.kind === 'known') return { kind: 'about', ids: reference.items };
      return {
        kind: 'unclear',
        options: reference.kind === 'unclear' ? reference.options.map(({ title }) => title) : [],
      };
    }
  }
}
