import fc from 'fast-check';
import { expect, test } from 'vitest';
import { trim } from './budget.ts';

const sections = fc.record({
  policy: fc.string({ maxLength: 400 }),
  summary: fc.string({ maxLength: 2000 }),
  turns: fc.array(fc.string({ maxLength: 800 }), { maxLength: 8 }),
  entities: fc.array(fc.string({ maxLength: 200 }), { maxLength: 25 }),
  query: fc.string({ maxLength: 600 }),
});

test('a context never exceeds its budget, and what is kept is kept in order', () => {
  fc.assert(
    fc.property(sections, fc.integer({ min: 1, max: 4000 }), (given, budget) => {
      const fitted = trim(given, budget);
      expect(fitted.estimated_used).toBeLessThanOrEqual(budget);
      expect(given.turns.slice(given.turns.length - fitted.turns.length)).toEqual(fitted.turns);
      expect(given.entities.slice(0, fitted.entities.length)).toEqual(fitted.entities);
      // Entities go only after every turn has gone, the summary only after every entity.
      if (fitted.entities.length < given.entities.length) expect(fitted.turns).toEqual([]);
      if (fitted.summary !== given.summary) expect(fitted.entities).toEqual([]);
    }),
  );
});

test('what fits is left as it is', () => {
  const given = { policy: 'p', summary: 's', turns: ['a', 'b'], entities: ['e'], query: 'q' };
  expect(trim(given, 100)).toEqual({ ...given, estimated_used: 6, applied: 100 });
});
