import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cycleOf, type Link, waiting } from './cycles.ts';
import type { LinkType } from './statuses.ts';

const link = (from: string, link_type: LinkType, to: string): Link => ({
  link_type,
  from_entity_type: 'task',
  from_entity_id: from,
  to_entity_type: 'task',
  to_entity_id: to,
});
const ids = (links: readonly Link[], added: Link) => cycleOf(links, added)?.map(({ id }) => id);

test('"depends on" and "blocks" are one relation, told from either end', () => {
  expect(ids([link('a', 'depends_on', 'b')], link('a', 'blocks', 'b'))).toEqual(['b', 'a']);
  expect(ids([link('b', 'blocks', 'a')], link('b', 'depends_on', 'a'))).toEqual(['b', 'a']);
  expect(ids([link('a', 'depends_on', 'b')], link('b', 'blocks', 'a'))).toBeUndefined();
});

test('a longer circle is named from the link that closes it, each waiting for the next', () => {
  const links = [link('a', 'depends_on', 'b'), link('b', 'depends_on', 'c'), link('d', 'blocks', 'c')];
  expect(ids(links, link('d', 'depends_on', 'a'))).toEqual(['d', 'a', 'b', 'c']);
});

test('what is linked to itself is a circle of one', () => {
  expect(ids([], link('a', 'blocks', 'a'))).toEqual(['a']);
});

test('other links close nothing', () => {
  expect(ids([link('a', 'depends_on', 'b')], link('b', 'related', 'a'))).toBeUndefined();
  expect(ids([link('a', 'related', 'b')], link('b', 'depends_on', 'a'))).toBeUndefined();
});

test('a graph that grows only by accepted links never has a circle, and a refused one is a real circle', () => {
  const node = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
  const any = fc
    .tuple(node, fc.constantFrom<LinkType>('depends_on', 'blocks', 'related'), node)
    .map((args) => link(...args));
  fc.assert(
    fc.property(fc.array(any, { maxLength: 30 }), (proposed) => {
      const accepted: Link[] = [];
      const waitsOn = (from: string, to: string) =>
        [...accepted].some((one) => waiting(one)?.waits.id === from && waiting(one)?.on.id === to);
      for (const one of proposed) {
        const cycle = ids(accepted, one);
        const edge = waiting(one);
        if (!cycle) {
          accepted.push(one);
          continue;
        }
        expect(cycle[0]).toBe(edge!.waits.id);
        cycle.forEach((id, index) => {
          const next = cycle[(index + 1) % cycle.length]!;
          const isAdded = id === edge!.waits.id && next === edge!.on.id;
          expect(isAdded || waitsOn(id, next)).toBe(true);
        });
      }
      // What is left can be done in some order: removing what waits for nothing empties it.
      let left = accepted.map(waiting).filter((edge) => edge !== undefined);
      for (let before = -1; before !== left.length; ) {
        before = left.length;
        left = left.filter(({ on }) => left.some(({ waits }) => waits.id === on.id));
      }
      expect(left).toEqual([]);
    }),
  );
});
