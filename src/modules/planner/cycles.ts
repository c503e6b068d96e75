/** Who waits for whom. "A depends on B" and "B blocks A" both say that A waits for B. */
import type { EntityType, LinkType } from './statuses.ts';

export interface Node {
  readonly entity_type: EntityType;
  readonly id: string;
}

export interface Link {
  readonly link_type: LinkType;
  readonly from_entity_type: EntityType;
  readonly from_entity_id: string;
  readonly to_entity_type: EntityType;
  readonly to_entity_id: string;
}

interface Waiting {
  readonly waits: Node;
  readonly on: Node;
}

const key = ({ entity_type, id }: Node): string => `${entity_type}:${id}`;

/** @returns which end waits for which, or undefined for links that hold nothing up */
export function waiting(link: Link): Waiting | undefined {
  const from: Node = { entity_type: link.from_entity_type, id: link.from_entity_id };
  const to: Node = { entity_type: link.to_entity_type, id: link.to_entity_id };
  if (link.link_type === 'depends_on') return { waits: from, on: to };
  return link.link_type === 'blocks' ? { waits: to, on: from } : undefined;
}

/**
 * The circle that `added` would close among `links`.
 *
 * @returns its members in order, each waiting for the next and the last for the first; undefined when there is none
 */
export function cycleOf(links: readonly Link[], added: Link): Node[] | undefined {
  const edge = waiting(added);
  if (!edge) return undefined;
  if (key(edge.waits) === key(edge.on)) return [edge.waits];
  const next = new Map<string, Node[]>();
  for (const link of links) {
    const known = waiting(link);
    if (!known) continue;
    const after = next.get(key(known.waits));
    if (after) after.push(known.on);
    else next.set(key(known.waits), [known.on]);
  }
  // Breadth first, so that the shortest circle is named.
  const cameFrom = new Map<string, Node | undefined>([[key(edge.on), undefined]]);
  const queue: Node[] = [edge.on];
  for (let node = queue.shift(); node; node = queue.shift()) {
    if (key(node) === key(edge.waits)) return pathTo(node, cameFrom);
    for (const after of next.get(key(node)) ?? []) {
      if (cameFrom.has(key(after))) continue;
      cameFrom.set(key(after), node);
      queue.push(after);
    }
  }
  return undefined;
}

/** The way back from the node that waits to the one that it was to wait for, told from the former on. */
function pathTo(end: Node, cameFrom: ReadonlyMap<string, Node | undefined>): Node[] {
  const path: Node[] = [];
  for (let node: Node | undefined = end; node; node = cameFrom.get(key(node))) path.unshift(node);
  return [path.pop()!, ...path];
}
