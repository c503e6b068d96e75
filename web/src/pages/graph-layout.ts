/**
 * Places for the nodes of the map. Things that are linked, directly or not, form an island. In an island whatever
 * comes first stands left: a task left of the task that waits for it, and of the goal or problem it is for. Rows
 * are ordered so that lines cross little; islands are packed in rows, the largest first.
 */

export interface LayoutEdge {
  /** The end that stands left. */
  from: string;
  to: string;
}

/** `across` lays columns from left to right; `down` lays them as rows from top to bottom, for a narrow screen. */
export type Direction = 'across' | 'down';

/** Pixels from one column to the next, from one member of a column to the next, and before a new row of islands. */
const STEPS: Readonly<Record<Direction, { column: number; member: number; limit: number }>> = {
  across: { column: 300, member: 92, limit: 1300 },
  down: { column: 150, member: 244, limit: 900 },
};
const GAP = 80;

/** Marks the places that lines take; no id begins so. */
const BEND = '\u0000';

/** @returns the left upper corner of each node */
export function layout(
  ids: readonly string[],
  edges: readonly LayoutEdge[],
  direction: Direction,
): Map<string, { x: number; y: number }> {
  const { column: columnStep, member: memberStep, limit } = STEPS[direction];
  const places = new Map<string, { x: number; y: number }>();
  // `along` runs as the columns follow each other, `beside` as their members do.
  let along = 0;
  let beside = 0;
  let extent = 0;
  for (const island of islands(ids, edges)) {
    const members = new Set(island);
    const columns = toColumns(
      island,
      edges.filter(({ from, to }) => members.has(from) && members.has(to)),
    );
    const longest = Math.max(...columns.map((column) => column.length));
    const length = columns.length * columnStep;
    if (along > 0 && along + length > limit) {
      along = 0;
      beside += extent + GAP;
      extent = 0;
    }
    columns.forEach((column, index) => {
      const start = beside + ((longest - column.length) * memberStep) / 2;
      column.forEach((id, position) => {
        if (id.startsWith(BEND)) return;
        const a = along + index * columnStep;
        const b = start + position * memberStep;
        places.set(id, direction === 'across' ? { x: a, y: b } : { x: b, y: a });
      });
    });
    along += length + GAP;
    extent = Math.max(extent, longest * memberStep);
  }
  return places;
}

function neighbours(edges: readonly LayoutEdge[]): Map<string, string[]> {
  const map = new Map<string, string[]>();
  const add = (a: string, b: string) => map.set(a, [...(map.get(a) ?? []), b]);
  for (const { from, to } of edges) {
    add(from, to);
    add(to, from);
  }
  return map;
}

function islands(ids: readonly string[], edges: readonly LayoutEdge[]): string[][] {
  const near = neighbours(edges);
  const seen = new Set<string>();
  const result: string[][] = [];
  for (const id of ids) {
    if (seen.has(id)) continue;
    seen.add(id);
    const island = [id];
    for (const member of island) {
      for (const next of near.get(member) ?? []) {
        if (seen.has(next)) continue;
        seen.add(next);
        island.push(next);
      }
    }
    result.push(island);
  }
  return result.sort((a, b) => b.length - a.length);
}

/** A node's column is the longest way to it from the left; `related` may close a circle, so rounds are limited. */
function toColumns(island: readonly string[], edges: readonly LayoutEdge[]): string[][] {
  const depth = new Map(island.map((id) => [id, 0]));
  for (let round = 0; round < island.length; round++) {
    let moved = false;
    for (const { from, to } of edges) {
      const wanted = depth.get(from)! + 1;
      if (depth.get(to)! >= wanted || wanted >= island.length) continue;
      depth.set(to, wanted);
      moved = true;
    }
    if (!moved) break;
  }
  const columns: string[][] = [];
  const put = (id: string, column: number) => {
    columns[column] = [...(columns[column] ?? []), id];
  };
  for (const id of island) put(id, depth.get(id)!);
  // A line that passes a column takes a place in it, so that it does not run behind a box.
  const bends: LayoutEdge[] = [];
  edges.forEach(({ from, to }, index) => {
    let last = from;
    for (let column = depth.get(from)! + 1; column < depth.get(to)!; column++) {
      const bend = `${BEND}${index}:${column}`;
      put(bend, column);
      bends.push({ from: last, to: bend });
      last = bend;
    }
    bends.push({ from: last, to });
  });
  // In a circle nothing is first: columns may be left empty.
  return untangle(
    columns.filter((column) => column !== undefined),
    neighbours(bends),
  );
}

/** A few sweeps that put each node at the mean height of its neighbours. */
function untangle(columns: string[][], near: ReadonlyMap<string, string[]>): string[][] {
  const height = new Map<string, number>();
  const measure = (column: string[]) => {
    column.forEach((id, row) => {
      height.set(id, row - column.length / 2);
    });
  };
  columns.forEach(measure);
  for (let sweep = 0; sweep < 4; sweep++) {
    for (const column of columns) {
      const mean = (id: string) => {
        const around = near.get(id) ?? [];
        return around.length === 0
          ? height.get(id)!
          : around.reduce((sum, other) => sum + height.get(other)!, 0) / around.length;
      };
      const order = new Map(column.map((id) => [id, mean(id)]));
      column.sort((a, b) => order.get(a)! - order.get(b)!);
      measure(column);
    }
  }
  return columns;
}
