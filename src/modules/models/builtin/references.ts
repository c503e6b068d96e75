/** What "it", "the second one" or "the plumber task" points at. Never a guess: two candidates are a question. */
import { ACTION_VERBS, ORDINALS, PAST_FORMS, STOP_WORDS } from './vocabulary.ts';

export type EntityType = 'task' | 'goal' | 'problem';

/** An item the user has seen. */
export interface Known {
  readonly type: EntityType;
  readonly id: string;
  readonly title: string;
}

/** What has been on the table: `recent` in the order it was shown, `focus` what the last answer was about. */
export interface Surfaced {
  readonly recent: readonly Known[];
  readonly focus: readonly Known[];
}

export type Reference =
  /** Items with known ids. */
  | { readonly kind: 'known'; readonly items: readonly Known[] }
  /** Something named, not among what was surfaced; it has to be looked up among these types. */
  | { readonly kind: 'title'; readonly title: string; readonly types: readonly EntityType[] }
  /** Not clear. No options: nothing was surfaced that it could be. */
  | { readonly kind: 'unclear'; readonly options: readonly Known[] };

const ORDINAL_WORD = Object.keys(ORDINALS).join('|');
const NOUN = '(?:one|tasks?|goals?|problems?|issues?|items?|thing|point|entry|to-?dos?)';
const ORDINAL = new RegExp(
  `^(?:the |my |our )?(?:(${ORDINAL_WORD})|(\\d{1,2})(?:st|nd|rd|th)?)(?: (${NOUN}))?$`,
  'i',
);
const NUMBERED = new RegExp(
  `^(?:the )?(?:(${NOUN}) |number |no\\.? ?|nr\\.? ?|#)(?:number |no\\.? ?|#)?(\\d{1,2}|one|two|three|four|five)$`,
  'i',
);
const NUMBERS: Readonly<Record<string, number>> = { one: 1, two: 2, three: 3, four: 4, five: 5 };
const PRONOUN = new RegExp(
  `^(?:it|that|this|(?:that|this|the)(?: (?:same|last))? (${NOUN})|that too|this too|that stuff)$`,
  'i',
);
const ALL =
  /^(?:them|these|those|both|both of them|all|all of (?:them|these|those)|them all|these all|both tasks|the lot|those (?:two|three))$/i;

/** Whether the phrase points ("it", "the second one", "both") rather than names. */
export function points(phrase: string): boolean {
  const text = clean(phrase);
  return PRONOUN.test(text) || ALL.test(text) || ordinals(text) !== undefined;
}

/** What `phrase` means. `types` are what it may be when it is only named. */
export function resolve(phrase: string, surfaced: Surfaced, types: readonly EntityType[]): Reference {
  const text = clean(phrase);
  const { recent, focus } = surfaced;
  const named = typeNamed(text);
  const candidates = named ? recent.filter((item) => item.type === named) : recent;

  const places = ordinals(text);
  if (places) {
    const items = places.map((place) => pick(recent, candidates, place));
    return items.every((item) => item !== undefined) ? known(items) : { kind: 'unclear', options: [] };
  }
  if (ALL.test(text)) {
    const count = /both|two/i.test(text) ? 2 : /three/i.test(text) ? 3 : undefined;
    // Only what the last answer showed is "all": what was seen hours ago is not what is meant.
    const shown = focus.length > 1 ? focus : recent.length === count ? recent : [];
    return shown.length > 0 && (count === undefined || shown.length === count)
      ? known(shown)
      : { kind: 'unclear', options: shown.length > 0 ? shown : recent };
  }
  if (PRONOUN.test(text)) {
    const inFocus = focus.filter((item) => (named ? item.type === named : types.includes(item.type)));
    if (inFocus.length === 1) return known(inFocus);
    const options = inFocus.length > 1 ? inFocus : candidates.filter((item) => types.includes(item.type));
    return options.length === 1 ? known(options) : { kind: 'unclear', options };
  }
  const title = unquote(text);
  const found = matchTitles(title, named ? candidates : recent.filter((item) => types.includes(item.type)));
  if (found.length === 1) return known(found);
  if (found.length > 1) return { kind: 'unclear', options: found };
  return { kind: 'title', title, types: named ? [named] : types };
}

const known = (items: readonly (Known | undefined)[]): Reference => ({
  kind: 'known',
  items: items.filter((item) => item !== undefined),
});

/** "the second task" is the second line if that is a task, else the second of the tasks. */
function pick(recent: readonly Known[], candidates: readonly Known[], place: number): Known | undefined {
  if (place === -1) return candidates.at(-1);
  const line = recent[place - 1];
  return line && candidates.includes(line) ? line : candidates[place - 1];
}

/** The places a phrase names: "the first and the third" → [1, 3]. Undefined when it names none. */
function ordinals(text: string): number[] | undefined {
  const places = text
    .split(/\s*(?:,|\band\b|&)\s*/i)
    .filter(Boolean)
    .map((part) => {
      const word = ORDINAL.exec(part);
      if (word?.[1]) return ORDINALS[word[1].toLowerCase()];
      // A bare number counts, "3 quotes" does not: the pattern ends after the number or a noun of ours.
      if (word?.[2]) return Number(word[2]);
      const numbered = NUMBERED.exec(part);
      return numbered?.[2] ? (NUMBERS[numbered[2].toLowerCase()] ?? Number(numbered[2])) : undefined;
    });
  return places.length > 0 && places.every((place) => place !== undefined) ? places : undefined;
}

function typeNamed(text: string): EntityType | undefined {
  if (/\b(?:goals?)\b/i.test(text)) return 'goal';
  if (/\b(?:problems?|issues?)\b/i.test(text)) return 'problem';
  if (/\b(?:tasks?|to-?dos?)\b/i.test(text)) return 'task';
  return undefined;
}

const clean = (phrase: string): string =>
  phrase
    .trim()
    .replace(/^[,:\s]+|[\s.!?,;]+$/g, '')
    .replace(/\s+(?:too|as well|please)$/i, '');
const unquote = (phrase: string): string => phrase.replace(/^["']|["']$/g, '').trim();

/** The items that the words mean: the one of exactly that title, else those whose titles hold all the words. */
export function matchTitles<T extends { readonly title: string }>(
  phrase: string,
  items: readonly T[],
): readonly T[] {
  const exact = items.filter((item) => normTitle(item.title) === normTitle(phrase));
  if (exact.length > 0) return exact;
  const wanted = contentWords(phrase);
  if (wanted.length === 0) return [];
  return items.filter((item) => {
    const has = new Set(contentWords(item.title));
    return wanted.every((word) => has.has(word));
  });
}

/**
 * The items that a report ("I called the plumber about the leak") says are done. Stricter than `matchTitles`,
 * since nobody asked for a change: the verb and most of the title must be there.
 */
export function matchReport<T extends { readonly title: string }>(
  phrase: string,
  items: readonly T[],
): readonly T[] {
  const said = new Set(contentWords(phrase));
  return items.filter((item) => {
    const words = contentWords(item.title);
    const [verb] = words;
    if (!verb || !said.has(verb) || words.length < 2) return false;
    return words.filter((word) => said.has(word)).length / words.length > 0.6;
  });
}

/** The share of a title's words that a phrase has, 0 to 1. */
export function coverage(phrase: string, title: string): number {
  const said = new Set(contentWords(phrase));
  const words = contentWords(title);
  return words.length === 0 ? 0 : words.filter((word) => said.has(word)).length / words.length;
}

export const normTitle = (title: string): string =>
  title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();

/** The words that tell one item from another, each cut to a stem. */
export function contentWords(text: string): string[] {
  return normTitle(text.replace(/['’]s\b/g, ''))
    .split(' ')
    .filter((word) => word && !STOP_WORDS.has(word))
    .map(stem);
}

function stem(word: string): string {
  if (word.length <= 3) return PAST_FORMS[word] ?? word;
  const base = baseVerb(word);
  if (base) return base;
  return word
    .replace(/(?:ies)$/, 'y')
    .replace(/(?<=[sxz]|ch|sh)es$/, '')
    .replace(/(?<!s)s$/, '');
}

/** The base of a past or gerund form of a verb we know ("renovating" → "renovate"), else undefined. */
export function baseVerb(word: string): string | undefined {
  const lower = word.toLowerCase();
  const irregular = PAST_FORMS[lower];
  if (irregular) return irregular;
  const root = /^(\w{2,}?)(?:ed|ing)$/.exec(lower)?.[1];
  if (!root) return undefined;
  const undoubled = /([bdfglmnprt])\1$/.test(root) ? root.slice(0, -1) : root;
  const candidates = [root, `${root}e`, undoubled, root.replace(/i$/, 'y')];
  return candidates.find((candidate) => ACTION_VERBS.has(candidate) || GOAL_VERBS.has(candidate));
}
const GOAL_VERBS: ReadonlySet<string> = new Set([
  'renovate',
  'remodel',
  'redecorate',
  'quit',
  'lose',
  'gain',
  'save',
  'grow',
  'win',
]);
