import fc from 'fast-check';
import { expect, test } from 'vitest';
import { normaliseTitle } from './title.ts';

test.each([
  ['Get three quotes', 'get three quotes'],
  ['  GET   three-quotes! ', 'get three quotes'],
  ['Ｆｕｌｌ width ①', 'full width 1'],
  ['Straße kehren', 'straße kehren'],
  ['Café “Central”', 'café central'],
  ['50% off', '50 off'],
  ['🎉', '🎉'],
  ['İstanbul', 'i\u0307stanbul'],
])('%j is known as %j', (title, norm) => expect(normaliseTitle(title)).toBe(norm));

test('normalising twice changes nothing, and a title never becomes nothing', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (title) => {
      const once = normaliseTitle(title);
      expect(normaliseTitle(once)).toBe(once);
      if (title.trim() !== '') expect(once).not.toBe('');
    }),
    { numRuns: 2000 },
  );
});
