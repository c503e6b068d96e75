import { describe, expect, it } from 'vitest';
import { dayFromNow, describeDate, findDate } from './dates.ts';

/** A Tuesday, 10:00 in Berlin. */
const zone = { now: new Date('2026-11-24T09:00:00Z'), timezone: 'Europe/Berlin' };

describe('a date in a sentence', () => {
  it.each([
    ['today', '2026-11-24'],
    ['call tonight', '2026-11-24'],
    ['tomorrow', '2026-11-25'],
    ['the day after tomorrow', '2026-11-26'],
    ['by Friday', '2026-11-27'],
    ['by Tuesday', '2026-12-01'],
    ['this Saturday', '2026-11-28'],
    ['next Friday', '2026-12-04'],
    ['before Friday', '2026-11-26'],
    ['a week from Friday', '2026-12-04'],
    ['this week', '2026-11-27'],
    ['this weekend', '2026-11-28'],
    ['next weekend', '2026-12-05'],
    ['next week', '2026-11-30'],
    ['by the end of next week', '2026-12-04'],
    ['the week after next', '2026-12-07'],
    ['in two weeks', '2026-12-08'],
    ['in a fortnight', '2026-12-08'],
    ['within 10 days', '2026-12-04'],
    ['3 days from now', '2026-11-27'],
    ['end of month', '2026-11-30'],
    ['before the end of the month', '2026-11-30'],
    ['next month', '2026-12-01'],
    ['end of next month', '2026-12-31'],
    ['end of the quarter', '2026-12-31'],
    ['by the end of January', '2027-01-31'],
    ['this year', '2026-12-31'],
    ['next year', '2027-01-01'],
    ['before Christmas', '2026-12-24'],
    ['by Christmas', '2026-12-25'],
    ['before New Year', '2026-12-31'],
    ["on New Year's Eve", '2026-12-31'],
    ['by Easter', '2027-03-28'],
    ['by Thanksgiving', '2026-11-26'],
    ["on Valentine's Day", '2027-02-14'],
    ['by summer', '2027-06-21'],
    ['in March', '2027-03-01'],
    ['by March 2028', '2028-03-01'],
    ['on the 15th', '2026-12-15'],
    ['on the 30th', '2026-11-30'],
    ['on 2026-12-01', '2026-12-01'],
    ['on Dec 3', '2026-12-03'],
    ['the 3rd of January', '2027-01-03'],
    ['Friday 4 December', '2026-12-04'],
    ['March 5th, 2028', '2028-03-05'],
  ])('%s', (text, date) => {
    expect(findDate(text, zone)?.date).toBe(date);
  });

  it.each([
    ['tomorrow 5pm', '2026-11-25', '17:00'],
    ['tomorrow at 17:30', '2026-11-25', '17:30'],
    ['Friday at noon', '2026-11-27', '12:00'],
    ['at 5', '2026-11-24', '17:00'],
    ['at 8', '2026-11-25', '08:00'],
    ['at 9am', '2026-11-25', '09:00'],
    ['tonight at 7', '2026-11-24', '19:00'],
    ['wake up at 6 tomorrow', '2026-11-25', '06:00'],
    ['12am on Friday', '2026-11-27', '00:00'],
    ['5 pm on 12 January', '2027-01-12', '17:00'],
    ['in two hours', '2026-11-24', '12:00'],
    ['in half an hour', '2026-11-24', '10:30'],
    ['in 20 hours', '2026-11-25', '06:00'],
  ])('%s has a time', (text, date, time) => {
    expect(findDate(text, zone)).toMatchObject({ date, time });
  });

  it.each([
    'read the Friday report',
    'plan Sunday lunch',
    'buy Christmas presents',
    'buy sun cream',
    'call May about the fair',
    'read 10/10 reviews',
    'move 3.5 tons',
    'pay 1500 to the bank',
    'the year 1984',
    'room at 500',
    'on 2026-13-45',
  ])('is not in "%s"', (text) => {
    expect(findDate(text, zone)).toBeUndefined();
  });

  it('leaves the rest of the sentence', () => {
    expect(findDate('get three quotes by Friday at noon from the builders', zone)?.rest).toBe(
      'get three quotes from the builders',
    );
    expect(findDate('buy presents for Christmas', zone)).toMatchObject({
      date: '2026-12-25',
      rest: 'buy presents for Christmas',
    });
  });

  it('knows the past', () => {
    expect(findDate('I bought it yesterday', zone)?.past).toBe(true);
    expect(findDate('two weeks ago', zone)?.past).toBe(true);
  });
});

describe('the zone of the user', () => {
  it('decides which day it is', () => {
    const late = new Date('2026-11-24T23:30:00Z');
    expect(dayFromNow({ now: late, timezone: 'Europe/Berlin' })).toBe('2026-11-25');
    expect(dayFromNow({ now: late, timezone: 'America/New_York' })).toBe('2026-11-24');
  });

  it('keeps days whole when the clocks change', () => {
    const eve = { now: new Date('2027-03-27T22:30:00Z'), timezone: 'Europe/Berlin' };
    expect(findDate('tomorrow', eve)?.date).toBe('2027-03-28');
    expect(findDate('in two days', eve)?.date).toBe('2027-03-29');
    expect(findDate('in 4 hours', eve)).toMatchObject({ date: '2027-03-28', time: '04:30' });
  });

  it('reads the end of February in a leap year', () => {
    expect(findDate('end of month', { now: new Date('2028-02-10T12:00:00Z'), timezone: 'UTC' })?.date).toBe(
      '2028-02-29',
    );
  });
});

describe('a day in words', () => {
  it.each([
    ['2026-11-23', 'yesterday'],
    ['2026-11-24', 'today'],
    ['2026-11-25', 'tomorrow'],
    ['2026-11-27', 'Fri 27 Nov'],
    ['2027-01-03', 'Sun 3 Jan 2027'],
  ])('%s', (date, words) => {
    expect(describeDate(date, zone).replaceAll(',', '')).toBe(words);
  });
});
