/**
 * Finds the date and the time of day in a sentence and turns them into the user's calendar.
 *
 * Steward's own rules come first, because a planner reads some phrases otherwise than a date parser does ("next
 * week" is its Monday, "before Christmas" the day before, a bare "Friday" is the next one and never today);
 * chrono-node reads what is left ("3rd of December", "12 Jan 2027"). All arithmetic is on calendar dates, so that
 * no change of the clocks moves a day.
 */
import * as chrono from 'chrono-node';
import { Temporal } from 'temporal-polyfill';
import { FEASTS, MONTHS, NUMBER_WORDS, SEASONS, WEEKDAYS } from './vocabulary.ts';

/** Where and when the user is. */
export interface Zone {
  readonly now: Date;
  /** IANA name. */
  readonly timezone: string;
}

/** A date in a sentence. `date` is YYYY-MM-DD, `time` HH:MM, both in the user's zone; `rest` is the sentence without them. */
export interface When {
  readonly date: string;
  readonly time?: string;
  readonly rest: string;
  /** "yesterday", "last week": nothing to plan for. */
  readonly past: boolean;
}

interface Match {
  readonly start: number;
  readonly end: number;
}
interface DateMatch extends Match {
  readonly date: Temporal.PlainDate;
  readonly time?: string;
  /** "presents for Christmas": the words belong to the title, too. */
  readonly keep: boolean;
}

interface Rule {
  readonly pattern: string;
  /** A noun such as "Friday", that can also describe another noun ("the Friday report"). */
  readonly noun?: true;
  /** "before" does not take a day off: the phrase is a limit itself, or an adverb. */
  readonly limit?: true;
  resolve(
    groups: readonly (string | undefined)[],
    today: Temporal.PlainDate,
    now: Temporal.ZonedDateTime,
  ): Resolved | undefined;
}
type Resolved = Temporal.PlainDate | { readonly date: Temporal.PlainDate; readonly time: string };

const WEEKDAY = Object.keys(WEEKDAYS)
  .sort((a, b) => b.length - a.length)
  .join('|');
const MONTH = Object.keys(MONTHS).join('|');
const SHORT_MONTH = `${MONTH}|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec`;
/** What follows "Friday" in "Friday 4 December": chrono reads the whole. */
const CALENDAR_DAY = `(?:\\d{1,2}(?:st|nd|rd|th)?,? (?:of )?(?:${SHORT_MONTH})|(?:${SHORT_MONTH})\\.? \\d)`;
const NUMBER = `\\d+|${Object.keys(NUMBER_WORDS).join('|')}`;

const number = (word: string | undefined): number =>
  NUMBER_WORDS[word?.toLowerCase() ?? ''] ?? Number(word ?? 1);
const plus = (today: Temporal.PlainDate, days: number) => today.add({ days });
const monday = (today: Temporal.PlainDate) => today.subtract({ days: today.dayOfWeek - 1 });
const lastOfMonth = (day: Temporal.PlainDate) => day.with({ day: day.daysInMonth });
const yearly = (today: Temporal.PlainDate, month: number, day: number) => {
  const date = Temporal.PlainDate.from({ year: today.year, month, day });
  return Temporal.PlainDate.compare(date, today) < 0 ? date.add({ years: 1 }) : date;
};
const hhmm = (hour: number, minute: number): string =>
  `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;

/** The weekday `day` (1 = Monday) strictly after today, or that of this or of next calendar week. */
function weekday(today: Temporal.PlainDate, day: number, which: string | undefined): Temporal.PlainDate {
  if (which === 'next') return plus(monday(today), 7 + day - 1);
  return plus(today, ((day - today.dayOfWeek + 6) % 7) + 1);
}

/** Gregorian Easter Sunday (Meeus, Jones, Butcher). */
function easter(year: number): Temporal.PlainDate {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const h = (19 * a + b - Math.floor(b / 4) - Math.floor((b - Math.floor((b + 8) / 25) + 1) / 3) + 15) % 30;
  const l = (32 + 2 * (b % 4) + 2 * Math.floor(c / 4) - h - (c % 4)) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const n = h + l - 7 * m + 114;
  return Temporal.PlainDate.from({ year, month: Math.floor(n / 31), day: (n % 31) + 1 });
}

const RULES: readonly Rule[] = [
  {
    pattern: '(\\d{4})-(\\d{2})-(\\d{2})',
    resolve: ([, y, m, d]) => plainDate(Number(y), Number(m), Number(d)),
  },
  { pattern: '(?:the )?day after tomorrow', resolve: (_, today) => plus(today, 2) },
  {
    pattern:
      "(?:tomorrow|tmrw|tmr|tomorow|tommorow)(?! ?'s)(?: (?:morning|afternoon|evening|night|noon|lunchtime))?",
    resolve: (_, today) => plus(today, 1),
  },
  {
    pattern:
      "(?:today(?! ?'s)|tonight|eod|end of (?:the )?day|this (?:morning|afternoon|evening)|right away|right now|immediately|asap)",
    limit: true,
    resolve: (_, today) => today,
  },
  {
    pattern: '(?:the )?(?:end of (?:next|the next) week)',
    limit: true,
    resolve: (_, today) => plus(monday(today), 11),
  },
  {
    pattern: '(?:the )?(?:end of (?:the |this )?week|eow|this week)',
    limit: true,
    resolve: (_, today) => (today.dayOfWeek <= 5 ? plus(monday(today), 4) : plus(monday(today), 6)),
  },
  {
    pattern: '(?:the )?(?:end of (?:next|the next) month)',
    limit: true,
    resolve: (_, today) => lastOfMonth(today.add({ months: 1 })),
  },
  {
    pattern: '(?:the )?(?:end of (?:the |this )?month|eom|this month|month[- ]end)',
    limit: true,
    resolve: (_, today) => lastOfMonth(today),
  },
  {
    pattern: '(?:the )?(?:end of (?:the |this )?quarter|eoq|this quarter)',
    limit: true,
    resolve: (_, today) => lastOfMonth(today.with({ month: Math.ceil(today.month / 3) * 3, day: 1 })),
  },
  {
    pattern: '(?:the )?(?:end of next year)',
    limit: true,
    resolve: (_, today) => Temporal.PlainDate.from({ year: today.year + 1, month: 12, day: 31 }),
  },
  {
    pattern: '(?:the )?(?:end of (?:the |this )?year|eoy|this year|year[- ]end)',
    limit: true,
    resolve: (_, today) => Temporal.PlainDate.from({ year: today.year, month: 12, day: 31 }),
  },
  {
    pattern: `(?:the )?end of (${MONTH})`,
    limit: true,
    resolve: ([, month], today) => lastOfMonth(monthAhead(today, month)),
  },
  { pattern: '(?:the )?week after next', resolve: (_, today) => plus(monday(today), 14) },
  { pattern: '(?:the )?next weekend', resolve: (_, today) => plus(monday(today), 12) },
  {
    pattern: '(?:this|the|the coming|this coming) weekend',
    noun: true,
    resolve: (_, today) => (today.dayOfWeek === 7 ? today : plus(monday(today), 5)),
  },
  { pattern: '(?:early |sometime )?next week', resolve: (_, today) => plus(monday(today), 7) },
  {
    pattern: '(?:early |sometime )?next month',
    resolve: (_, today) => today.add({ months: 1 }).with({ day: 1 }),
  },
  {
    pattern: '(?:early |sometime )?next year',
    resolve: (_, today) => Temporal.PlainDate.from({ year: today.year + 1, month: 1, day: 1 }),
  },
  {
    pattern: `(?:in|within) (?:the next )?(?:about )?(?:a |the )?(${NUMBER})(?: of)? (day|week|month|year)s?(?:' time)?(?: from (?:now|today))?`,
    limit: true,
    resolve: ([, n, unit], today) => later(today, number(n), unit),
  },
  {
    pattern: `(?:a |the )?(${NUMBER})(?: of)? (day|week|month|year)s? from (?:now|today)`,
    resolve: ([, n, unit], today) => later(today, number(n), unit),
  },
  { pattern: 'in a fortnight', limit: true, resolve: (_, today) => plus(today, 14) },
  {
    pattern: 'within (?:the|a) (week|month|year)',
    limit: true,
    resolve: ([, unit], today) => later(today, 1, unit),
  },
  {
    pattern: `in (?:about )?(half an|${NUMBER})(?: of)? (hours?|minutes?|mins?|hrs?)`,
    limit: true,
    resolve: ([, n, unit], _, now) => soon(now, n, unit),
  },
  {
    pattern: `a week (?:on|from) (${WEEKDAY})`,
    resolve: ([, day], today) => plus(weekday(today, WEEKDAYS[day!]!, undefined), 7),
  },
  {
    pattern: `(?:(this|next|coming|this coming) )?(${WEEKDAY})\\b(?! ?'s)(?!,? (?:the )?${CALENDAR_DAY})(?: (?:morning|afternoon|evening|night|noon))?`,
    noun: true,
    resolve: ([, which, day], today) => weekday(today, WEEKDAYS[day!]!, which),
  },
  ...FEASTS.map(
    (feast): Rule => ({
      pattern: `(?:${feast.pattern})`,
      noun: true,
      resolve: (_, today) => yearly(today, feast.month, feast.day),
    }),
  ),
  { pattern: 'easter(?: sunday)?', noun: true, resolve: (_, today) => ahead(today, easter) },
  {
    pattern: 'thanksgiving',
    noun: true,
    resolve: (_, today) =>
      ahead(today, (year) => weekday(Temporal.PlainDate.from({ year, month: 11, day: 21 }), 4, undefined)),
  },
  {
    pattern: `(?:the )?(${Object.keys(SEASONS).join('|')})`,
    noun: true,
    resolve: ([, season], today) => yearly(today, SEASONS[season!]!.month, SEASONS[season!]!.day),
  },
];

/** A month, a day of the month and a slash date are dates only behind one of these: "may" and "10/10" are other things, too. */
const GUARDED: readonly Rule[] = [
  {
    pattern: `(?:next )?(${MONTH})(?: (\\d{4}))?(?! ?\\d)`,
    resolve: ([, month, year], today) =>
      year ? plainDate(Number(year), MONTHS[month!]!, 1) : monthAhead(today, month),
  },
  { pattern: 'the (\\d{1,2})(?:st|nd|rd|th)', resolve: ([, day], today) => dayOfMonth(today, Number(day)) },
];

function plainDate(year: number, month: number, day: number): Temporal.PlainDate | undefined {
  try {
    return Temporal.PlainDate.from({ year, month, day }, { overflow: 'reject' });
  } catch {
    return undefined; // "2026-13-40" is no date, so it stays what the user wrote
  }
}
function monthAhead(today: Temporal.PlainDate, month: string | undefined): Temporal.PlainDate {
  const number = MONTHS[month ?? ''] ?? today.month;
  return Temporal.PlainDate.from({
    year: today.year + (number <= today.month ? 1 : 0),
    month: number,
    day: 1,
  });
}
function dayOfMonth(today: Temporal.PlainDate, day: number): Temporal.PlainDate | undefined {
  if (day < 1 || day > 31) return undefined;
  const month = day < today.day ? today.add({ months: 1 }) : today;
  return month.with({ day }, { overflow: 'constrain' });
}
function later(
  today: Temporal.PlainDate,
  n: number,
  unit: string | undefined,
): Temporal.PlainDate | undefined {
  if (!(n > 0 && n <= 5000)) return undefined;
  return today.add({ [`${unit}s`]: n });
}
function soon(
  now: Temporal.ZonedDateTime,
  n: string | undefined,
  unit: string | undefined,
): Resolved | undefined {
  const amount = n === 'half an' ? 0.5 : number(n);
  const minutes = Math.round(amount * (unit?.startsWith('h') ? 60 : 1));
  if (!(minutes > 0 && minutes <= 100_000)) return undefined;
  const then = now.add({ minutes });
  return { date: then.toPlainDate(), time: hhmm(then.hour, then.minute) };
}
function ahead(today: Temporal.PlainDate, inYear: (year: number) => Temporal.PlainDate): Temporal.PlainDate {
  const date = inYear(today.year);
  return Temporal.PlainDate.compare(date, today) < 0 ? inYear(today.year + 1) : date;
}

const BY =
  '(?:(?:not later than|no later than|due(?: on| by| in)?|by|before|until|till|til|on|in|at|from|starting|around|for|every|each|prior to|ahead of)\\s+)';
const PAST = new RegExp(
  `\\b(?:yesterday|last (?:night|week|month|year|weekend|${WEEKDAY})|(?:${NUMBER})(?: of)? (?:day|week|month|year)s? ago|the other day)\\b`,
  'i',
);
/** What may follow a noun of time without making it part of a longer noun ("the Friday report"). */
const AFTER =
  /^\s*(?:$|[,.;:!?)#"]|p[1-4]\b|!|(?:at|by|before|in|on|with|for|to|from|about|and|or|then|because|so|if|when|as|via|until|till|after|around|between|please|first|latest|\d{1,2}(?:[:.]\d{2}|\s?(?:am|pm)))(?:\b|$))/i;
const DETERMINER = /\b(?:the|a|an|my|our|his|her|their|your|last|previous|every other|some|after|since)\s+$/i;

const compiled = (rules: readonly Rule[], guarded: boolean) =>
  rules.map((rule) => ({
    rule,
    regex: new RegExp(`(?<![\\w-])(${BY})${guarded ? '' : '?'}(?:${rule.pattern})(?![\\w-])`, 'gi'),
  }));
const DATE_RULES = [...compiled(RULES, false), ...compiled(GUARDED, true)];

const TIME_RULES: readonly {
  readonly regex: RegExp;
  read(groups: readonly (string | undefined)[]): string | undefined;
}[] = [
  {
    regex:
      /(?<![\w:.])(?:at |by |before |from |around |@ ?)?(\d{1,2})[:.](\d{2})\s?(am|pm|a\.m\.|p\.m\.)(?!\w)/gi,
    read: ([, h, m, half]) => clock(Number(h), Number(m), half),
  },
  {
    regex:
      /(?<![\w:.€$£])(?:at |by |before |from |around |@ ?)?([01]?\d|2[0-3]):([0-5]\d)(?![\w:])(?: ?h\b)?/gi,
    read: ([, h, m]) => clock(Number(h), Number(m), undefined),
  },
  {
    regex: /(?<![\w:.€$£])(?:at |by |before |from |around |@ ?)?(\d{1,2})\s?(am|pm|a\.m\.|p\.m\.)(?!\w)/gi,
    read: ([, h, half]) => clock(Number(h), 0, half),
  },
  {
    regex:
      /(?<!\w)(?:at|by|before) half past (\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)(?!\w)/gi,
    read: ([, h]) => afternoon(number(h), 30),
  },
  {
    regex: new RegExp(
      `(?<!\\w)(?:at|@) ?(\\d{1,2})(?: o'?clock| sharp)?(?=$|[,;!?)#]|\\.(?!\\d)| (?:tomorrow|tmrw|today|tonight|on|in|for|with|and|or|then|to|about|next|this|every|each|by|because|please|p[1-4]|#|${WEEKDAY})(?![\\w-]))`,
      'gi',
    ),
    read: ([, h]) => afternoon(Number(h), 0),
  },
  {
    regex: /(?<!\w)(?:at |by |before |around )?(?:12 )?(noon|midday|lunchtime)(?!\w)/gi,
    read: () => '12:00',
  },
  { regex: /(?<!\w)(?:at |by |before |around )midnight(?!\w)/gi, read: () => '23:59' },
];

function clock(hour: number, minute: number, half: string | undefined): string | undefined {
  if (minute > 59) return undefined;
  if (half === undefined) return hour <= 23 ? hhmm(hour, minute) : undefined;
  if (hour < 1 || hour > 12) return undefined;
  return hhmm((hour % 12) + (half.toLowerCase().startsWith('p') ? 12 : 0), minute);
}
/** "at 5" is the afternoon, "at 8" the morning: the hours people are awake. */
const afternoon = (hour: number, minute: number): string | undefined =>
  hour > 23 ? undefined : hhmm(hour >= 1 && hour <= 6 ? hour + 12 : hour, minute);

/** "wake up at 6" is 06:00. */
const inTheMorning = (time: string): string =>
  time > '12:59' ? hhmm(Number(time.slice(0, 2)) - 12, Number(time.slice(3))) : time;

/** "tonight at 7" is 19:00. */
const inTheEvening = (time: string): string =>
  time < '12:00' ? hhmm(Number(time.slice(0, 2)) + 12, Number(time.slice(3))) : time;

/**
 * The date and time that `text` names, in the user's zone.
 * A time alone is today, or tomorrow when it has passed. Undefined when the text names none.
 */
export function findDate(text: string, zone: Zone): When | undefined {
  const now = Temporal.Instant.fromEpochMilliseconds(zone.now.getTime()).toZonedDateTimeISO(zone.timezone);
  const today = now.toPlainDate();
  if (PAST.test(text)) return { date: today.toString(), rest: text, past: true };
  const day = findDay(text, today, now) ?? readByChrono(text, today);
  const time = findTime(text, day);
  if (!day && !time) return undefined;

  const cuts: Match[] = [];
  if (day && !day.keep) cuts.push(day);
  if (time) cuts.push(time);
  const rest = cuts
    .sort((a, b) => b.start - a.start)
    .reduce((left, cut) => `${left.slice(0, cut.start)} ${left.slice(cut.end)}`, text)
    .replace(/\s+/g, ' ')
    .trim();
  const evening = day && /night|evening|afternoon/i.test(text.slice(day.start, day.end));
  const early = /\b(?:morning|breakfast|wake|get up|sunrise)\b/i.test(text);
  const bare = time !== undefined && !/[:.]\d|[ap]\.?m/i.test(text.slice(time.start, time.end));
  const clockTime = time
    ? evening
      ? inTheEvening(time.time)
      : early && bare
        ? inTheMorning(time.time)
        : time.time
    : day?.time;
  const passed = !day && clockTime !== undefined && clockTime <= hhmm(now.hour, now.minute);
  const date = day?.date ?? (passed ? plus(today, 1) : today);
  return { date: date.toString(), ...(clockTime && { time: clockTime }), rest, past: false };
}

/** The day's name as one reads it in a list: "today", "tomorrow", "Fri 27 Nov", with the year if it is another one. */
export function describeDate(date: string, zone: Zone): string {
  const today = Temporal.Instant.fromEpochMilliseconds(zone.now.getTime())
    .toZonedDateTimeISO(zone.timezone)
    .toPlainDate();
  const day = Temporal.PlainDate.from(date.slice(0, 10));
  const distance = today.until(day).days;
  if (distance === 0) return 'today';
  if (distance === 1) return 'tomorrow';
  if (distance === -1) return 'yesterday';
  const options: Intl.DateTimeFormatOptions = {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    ...(day.year !== today.year && { year: 'numeric' }),
  } as const;
  return day.toLocaleString('en-GB', options);
}

/** Today in the user's zone, YYYY-MM-DD, `days` later. */
export function dayFromNow(zone: Zone, days = 0): string {
  return Temporal.Instant.fromEpochMilliseconds(zone.now.getTime())
    .toZonedDateTimeISO(zone.timezone)
    .toPlainDate()
    .add({ days })
    .toString();
}

/** The day and, for "in two hours", the time; the first that the rules accept, in the rules' order of trust. */
function findDay(
  text: string,
  today: Temporal.PlainDate,
  now: Temporal.ZonedDateTime,
): DateMatch | undefined {
  let best: DateMatch | undefined;
  for (const { rule, regex } of DATE_RULES) {
    for (const match of text.matchAll(regex)) {
      const end = match.index + match[0].length;
      const preposition = match[1]?.trim().toLowerCase();
      if (rule.noun && !standsAlone(text, match.index, end, preposition)) continue;
      if (/^(?:from|starting)$/.test(preposition ?? '') && /\bto\b/.test(text.slice(end, end + 4))) continue;
      const groups = [undefined, ...match.slice(2).map((group) => group?.toLowerCase())];
      const resolved = rule.resolve(groups, today, now);
      if (!resolved) continue;
      const { date, time } =
        resolved instanceof Temporal.PlainDate ? { date: resolved, time: undefined } : resolved;
      const excluded = !rule.limit && /^(?:before|prior to|ahead of)$/.test(preposition ?? '');
      const candidate: DateMatch = {
        start: match.index,
        end,
        date: excluded ? date.subtract({ days: 1 }) : date,
        ...(time && { time }),
        keep: /^(?:for|every|each)$/.test(preposition ?? ''),
      };
      // An outer phrase wins over a part of it ("the day after tomorrow" over "tomorrow"), a deadline over an aside.
      if (
        !best ||
        candidate.end - candidate.start > best.end - best.start ||
        (candidate.end > best.end && best.keep)
      )
        best = candidate;
    }
  }
  return best;
}

/** Whether a noun of time is the date of the sentence and not part of a name: "on Friday" but not "the Friday report". */
function standsAlone(text: string, start: number, end: number, preposition: string | undefined): boolean {
  const before = text.slice(0, start);
  const after = text.slice(end);
  if (DETERMINER.test(before)) return false;
  if (preposition && preposition !== 'for')
    return AFTER.test(after) || !/^\s*(?:report|dinner|lunch|presents?|party|market)s?\b/i.test(after);
  const opening = before.trim() === '';
  return (
    AFTER.test(after) ||
    (opening && /^\s+(?:i|we|call|buy|pay|get|go|the|my|send|write|meet|clean|pick)\b/i.test(after))
  );
}

function findTime(text: string, day: DateMatch | undefined): (Match & { readonly time: string }) | undefined {
  for (const { regex, read } of TIME_RULES) {
    for (const match of text.matchAll(regex)) {
      const start = match.index;
      const end = start + match[0].length;
      if (day && start < day.end && end > day.start) continue;
      const time = read(match);
      if (time) return { start, end, time };
    }
  }
  return undefined;
}

/** Explicit calendar dates ("Dec 3", "3rd of December 2027"). A date of this year that is past is next year's. */
function readByChrono(text: string, today: Temporal.PlainDate): DateMatch | undefined {
  const reference = new Date(Date.UTC(today.year, today.month - 1, today.day, 12));
  // A time of day is read by our own rules; left in, it would stretch chrono's match over words of the title.
  const time = findTime(text, undefined);
  const dayOnly = time
    ? text.slice(0, time.start) + ' '.repeat(time.end - time.start) + text.slice(time.end)
    : text;
  for (const found of chrono.strict.parse(dayOnly, { instant: reference, timezone: 0 })) {
    const { start } = found;
    if (!start.isCertain('day') || !start.isCertain('month')) continue;
    const lead = new RegExp(`(?<![\\w-])(${BY})$`, 'i').exec(dayOnly.slice(0, found.index));
    const numeric = !/[a-z]/i.test(found.text);
    if (numeric && !lead) continue;
    const date = plainDate(start.get('year') ?? today.year, start.get('month') ?? 1, start.get('day') ?? 1);
    if (!date) continue;
    const assumed = !start.isCertain('year') && Temporal.PlainDate.compare(date, today) < 0;
    const day = assumed ? date.add({ years: 1 }) : date;
    const preposition = lead?.[1]?.trim().toLowerCase() ?? '';
    return {
      start: lead ? lead.index : found.index,
      end: found.index + found.text.trimEnd().length,
      date: /^(?:before|prior to|ahead of)$/.test(preposition) ? day.subtract({ days: 1 }) : day,
      keep: preposition === 'for',
    };
  }
  return undefined;
}
