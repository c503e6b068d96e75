import { describe, expect, it } from 'vitest';
import { addDays, ago, dateIn, daysBetween, dueLabel, nextMonday } from './dates.ts';

describe('dates', () => {
  it("are those of the person's own zone", () => {
    const at = new Date('2026-03-10T23:30:00Z');
    expect(dateIn('UTC', at)).toBe('2026-03-10');
    expect(dateIn('Europe/Vienna', at)).toBe('2026-03-11');
    expect(dateIn('America/Los_Angeles', at)).toBe('2026-03-10');
  });

  it('count days across the change to summer time', () => {
    expect(daysBetween('2026-03-28', '2026-03-30')).toBe(2);
    expect(addDays('2026-03-28', 2)).toBe('2026-03-30');
    expect(addDays('2026-12-31', 1)).toBe('2027-01-01');
  });

  it.each([
    ['2026-03-08', '2026-03-09'],
    ['2026-03-09', '2026-03-16'],
    ['2026-03-14', '2026-03-16'],
  ])('the Monday after %s is %s', (day, monday) => {
    expect(nextMonday(day)).toBe(monday);
  });

  it.each([
    ['2026-03-07', '3 days late'],
    ['2026-03-09', '1 day late'],
    ['2026-03-10', 'Today'],
    ['2026-03-11', 'Tomorrow'],
    ['2026-03-13', 'Friday'],
  ])('%s is told as %s', (date, words) => {
    expect(dueLabel(date, '2026-03-10')).toBe(words);
  });

  it('moments that are past', () => {
    const now = Date.parse('2026-03-10T12:00:00Z');
    expect(ago('2026-03-10T11:59:30Z', now)).toBe('just now');
    expect(ago('2026-03-10T11:20:00Z', now)).toBe('40 min ago');
    expect(ago('2026-03-10T02:00:00Z', now)).toBe('10 h ago');
  });
});
