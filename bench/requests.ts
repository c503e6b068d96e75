/** A list and a write of one user through REST, against the same SQL behind a bare HTTP server. */

import type { Request } from './clients.ts';
import type { Load, Program } from './processes.ts';
import type { Row } from './report.ts';

const CONNECTIONS = 8;

export async function measureRequests(options: {
  load: Load;
  product: Program;
  bare: Program;
  headers: Record<string, string>;
  rounds: number;
  /** Milliseconds of each measurement. */
  ms: number;
}): Promise<Row[]> {
  const { load, product, bare, headers, rounds, ms } = options;
  const list: Request = { method: 'GET', path: '/v1/tasks?limit=20', headers };
  const create: Request = {
    method: 'POST',
    path: '/v1/tasks',
    headers,
    body: JSON.stringify({ title: 'Get three quotes for the bathroom', priority: 2 }),
  };
  const measure = async (origin: string, request: Request, duration = ms): Promise<number> => {
    const { perSecond } = await load.run({
      kind: 'requests',
      origin,
      requests: [request],
      connections: CONNECTIONS,
      until: { ms: duration },
    });
    return perSecond;
  };
  const rows: Row[] = [];
  for (const [name, request, target] of [
    ['write a task, 8 connections', create, undefined],
    ['list 20 tasks, 8 connections', list, { of: 'ratio', atLeast: 0.5 }],
  ] as const) {
    const ours: number[] = [];
    const theirs: number[] = [];
    for (const { url } of [bare, product]) await measure(url, request, 1500);
    for (let round = 0; round < rounds; round++) {
      theirs.push(await measure(bare.url, request));
      ours.push(await measure(product.url, request));
    }
    rows.push({
      name,
      unit: '/s',
      product: ours,
      baseline: theirs,
      against: 'the same SQL through pg behind node:http',
      ...(target ? { target } : {}),
    });
  }
  return rows.reverse();
}
