import { describe, expect, it } from 'vitest';
import { layout } from './graph-layout.ts';

describe('layout', () => {
  const ids = ['quotes', 'tiles', 'goal', 'alone', 'friend'];
  const edges = [
    { from: 'quotes', to: 'tiles' },
    { from: 'tiles', to: 'goal' },
    { from: 'quotes', to: 'goal' },
    { from: 'alone', to: 'friend' },
  ];

  it('puts what comes first to the left, or to the top', () => {
    const across = layout(ids, edges, 'across');
    for (const { from, to } of edges) expect(across.get(from)!.x).toBeLessThan(across.get(to)!.x);
    const down = layout(ids, edges, 'down');
    for (const { from, to } of edges) expect(down.get(from)!.y).toBeLessThan(down.get(to)!.y);
  });

  it('leaves a line that passes a column a way beside the boxes in it', () => {
    const places = layout(
      ['a', 'b', 'c'],
      [
        { from: 'a', to: 'b' },
        { from: 'b', to: 'c' },
        { from: 'a', to: 'c' },
      ],
      'across',
    );
    expect(places.size).toBe(3);
    expect(places.get('b')!.y).not.toBe(places.get('a')!.y);
    expect(places.get('c')!.y).toBe(places.get('a')!.y);
  });

  it('gives every node a place of its own', () => {
    const many = Array.from({ length: 60 }, (_, index) => `n${index}`);
    const chains = many.slice(1).map((to, index) => ({ from: many[Math.floor(index / 3)]!, to }));
    for (const direction of ['across', 'down'] as const) {
      const places = layout(many, chains, direction);
      expect(new Set([...places.values()].map(({ x, y }) => `${x},${y}`)).size).toBe(many.length);
    }
  });

  it('ends although links go round in a circle', () => {
    const circle = [
      { from: 'a', to: 'b' },
      { from: 'b', to: 'c' },
      { from: 'c', to: 'a' },
    ];
    expect(layout(['a', 'b', 'c'], circle, 'across').size).toBe(3);
  });
});
