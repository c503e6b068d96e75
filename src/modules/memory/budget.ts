/** What a model is told, in a fixed order and within a budget of tokens. */

/** Tokens of a context, where the caller names no other number. */
export const DEFAULT_BUDGET = 3000;
/** The last turns and the nearest entities that are considered at all. */
export const HOT_TURNS = 8;
export const ENTITIES = 25;

export interface ContextSections {
  readonly policy: string;
  readonly summary: string;
  /** Oldest first. */
  readonly turns: readonly string[];
  /** Nearest first. */
  readonly entities: readonly string[];
  readonly query: string;
}

export interface FittedContext extends ContextSections {
  readonly estimated_used: number;
  /** The budget that was kept to. */
  readonly applied: number;
}

/** A bound from above for English text: a token is about four characters. */
export function estimateTokens(text: string): number {
  return Math.ceil(text.length / 4);
}

function measure(sections: ContextSections): number {
  const texts = [sections.policy, sections.summary, ...sections.turns, ...sections.entities, sections.query];
  return texts.reduce((sum, text) => sum + (text === '' ? 0 : estimateTokens(`${text}\n`)), 0);
}

/**
 * Trims what does not fit: the oldest turns first, then the farthest entities, then the summary; the query and the
 * policy are cut only when they alone are too long.
 *
 * @param budget tokens, at least 1
 * @returns sections whose estimate is at most the budget
 */
export function trim(sections: ContextSections, budget: number): FittedContext {
  const turns = [...sections.turns];
  const entities = [...sections.entities];
  let { policy, summary, query } = sections;
  const used = (): number => measure({ policy, summary, turns, entities, query });
  while (used() > budget && turns.length > 0) turns.shift();
  while (used() > budget && entities.length > 0) entities.pop();
  if (used() > budget) summary = cut(summary, budget - (used() - measure(only({ summary }))));
  if (used() > budget) query = cut(query, budget - (used() - measure(only({ query }))));
  if (used() > budget) policy = cut(policy, budget - (used() - measure(only({ policy }))));
  return { policy, summary, turns, entities, query, estimated_used: used(), applied: budget };
}

const EMPTY: ContextSections = { policy: '', summary: '', turns: [], entities: [], query: '' };
const only = (section: Partial<ContextSections>): ContextSections => ({ ...EMPTY, ...section });

/** The beginning of a text that, with its line end, takes `tokens` at most. */
function cut(text: string, tokens: number): string {
  return tokens < 1 ? '' : text.slice(0, tokens * 4 - 1);
}
