import type { Operation, OperationTree } from './operation.ts';

/** Every operation of the product by its name, in the order of the modules. */
export type Registry = ReadonlyMap<string, Operation>;

function isOperation(value: Operation | OperationTree): value is Operation {
  return typeof value.handler === 'function';
}

/** @throws Error when two operations share a name or a route: a mistake of ours, found at start. */
export function registry(trees: readonly OperationTree[]): Registry {
  const found = new Map<string, Operation>();
  const routes = new Set<string>();
  const visit = (tree: OperationTree): void => {
    for (const entry of Object.values(tree)) {
      if (!isOperation(entry)) {
        visit(entry);
        continue;
      }
      const route = `${entry.http.method} ${entry.http.path.replaceAll(/\{\w+\}/g, '{}')}`;
      if (found.has(entry.name) || routes.has(route))
        throw new Error(`defined twice: ${entry.name} (${route})`);
      found.set(entry.name, entry);
      routes.add(route);
    }
  };
  for (const tree of trees) visit(tree);
  return found;
}
