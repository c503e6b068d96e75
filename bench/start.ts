/** Starting, the first time and later, and the memory of a server that has nothing to do. */
import { setTimeout as sleep } from 'node:timers/promises';
import { preparePage } from '../src/platform/faces/page.ts';
import { memoryOf, type Program, ROOT, startProgram } from './processes.ts';
import { freshHome, removeHome, startProduct } from './product.ts';
import type { Row } from './report.ts';

const AGAINST = 'the embedded database alone';

/** @param idleMs how long it has had nothing to do when its memory is read */
export async function measureStart(rounds: number, idleMs: number): Promise<Row[]> {
  await preparePage({ root: ROOT });
  const kinds = {
    alone: (home: string) => startProgram('bench/database-alone.ts', [home], { PATH: process.env.PATH }),
    pageless: (home: string) => startProduct({ home, page: false }),
    whole: (home: string) => startProduct({ home, page: true }),
  };
  type Kind = keyof typeof kinds;
  const measured = (): Record<Kind, number[]> => ({ alone: [], pageless: [], whole: [] });
  const first = measured();
  const later = measured();
  const memory = measured();
  for (let round = 0; round < rounds; round++) {
    for (const kind of Object.keys(kinds) as Kind[]) {
      const home = await freshHome();
      try {
        const begun = await timed(() => kinds[kind](home));
        first[kind].push(begun.ms);
        await begun.program.stop();
        const again = await timed(() => kinds[kind](home));
        later[kind].push(again.ms);
        await sleep(idleMs);
        if (process.platform === 'linux') memory[kind].push(memoryOf(again.program.pid));
        await again.program.stop();
      } finally {
        await removeHome(home);
      }
    }
  }
  const row = (
    name: string,
    unit: Row['unit'],
    values: Record<Kind, number[]>,
    kind: Kind,
    atMost: number,
  ): Row => ({
    name,
    unit,
    product: values[kind],
    baseline: values.alone,
    against: AGAINST,
    target: { of: 'value', atMost },
  });
  return [
    row('start to healthy, first time', 'ms', first, 'whole', 5000),
    row('start to healthy, later', 'ms', later, 'whole', 1500),
    row('start to healthy, first time, no page', 'ms', first, 'pageless', 5000),
    row('start to healthy, later, no page', 'ms', later, 'pageless', 1500),
    ...(memory.whole.length > 0
      ? [row('idle memory with the database (PSS)', 'MB', memory, 'whole', 300)]
      : []),
  ];
}

async function timed(start: () => Promise<Program>): Promise<{ ms: number; program: Program }> {
  const begun = performance.now();
  const program = await start();
  const response = await fetch(`${program.url}/health`);
  if (!response.ok) throw new Error(`not healthy: ${response.status}`);
  return { ms: performance.now() - begun, program };
}
