/**
 * `npm run bench`: the limits of docs/architecture.md, measured. Everything is measured against a baseline in the
 * same run, in turn, so that a slow or busy machine slows both: read the ratios, not the figures.
 *
 *   npm run bench              all, in under ten minutes; written to bench/results.json
 *   npm run bench -- --quick   a short form, printed only
 *   npm run bench -- --only=start,scale   some of: serving (requests and turns), start, scale
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { startLoad, startProgram } from './processes.ts';
import { startProduct } from './product.ts';
import { machine, type Row, resultOf, table } from './report.ts';
import { measureRequests } from './requests.ts';
import { measureScale } from './scale.ts';
import { measureStart } from './start.ts';
import { measureTurns } from './turns.ts';

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: 'serving,start,scale' },
  },
});
const { quick } = flags;
const wanted = flags.only.split(',');
const rounds = quick ? 2 : 5;

const load = startLoad();
const groups: Readonly<Record<string, () => Promise<Row[]>>> = {
  serving: measureServing,
  start: () => measureStart(quick ? 1 : 3, quick ? 2000 : 6000),
  scale: () => measureScale({ load, rounds, users: quick ? 50 : 1000, requests: quick ? 5 : 10 }),
};
const begun = performance.now();
const rows: Row[] = [];
for (const [name, measure] of Object.entries(groups)) {
  if (!wanted.includes(name)) continue;
  try {
    rows.push(...(await measure()));
  } catch (error) {
    // What was measured before is shown all the same.
    console.error(`${name} could not be measured:`, error);
    process.exitCode = 1;
  }
}
await load.stop();
const results = rows.map(resultOf);
const seconds = Math.round((performance.now() - begun) / 1000);
process.stdout.write(
  `${table(results)}\n\nMedians of the rounds, with the lowest and the highest; ${seconds} s.\n`,
);
if (!quick && wanted.length === Object.keys(groups).length && process.exitCode === undefined) {
  const file = join(import.meta.dirname, 'results.json');
  await writeFile(file, `${JSON.stringify({ ...machine(), results }, null, 2)}\n`);
}

async function measureServing(): Promise<Row[]> {
  const provider = await startProgram('bench/model.ts', [], { PATH: process.env.PATH });
  const product = await startProduct({ modelUrl: provider.url }).catch(async (error: unknown) => {
    await provider.stop();
    throw error;
  });
  const { userId, headers } = await product.account();
  const newcomer = (await product.account('newcomer')).headers;
  const databaseUrl = await product.command('db', 'url', '--role', 'owner');
  const bare = await startProgram('bench/bare-server.ts', [databaseUrl, userId, provider.url], {
    PATH: process.env.PATH,
  });
  try {
    const common = { load, product, bare, headers, rounds };
    const requests = await measureRequests({ ...common, ms: quick ? 1000 : 3000 });
    await analyze(databaseUrl);
    return [
      ...requests,
      ...(await measureTurns({
        ...common,
        newcomer,
        provider,
        turns: quick ? 24 : 64,
        ms: quick ? 1000 : 3000,
      })),
    ];
  } finally {
    await Promise.all([bare.stop(), provider.stop()]);
    await product.stop();
  }
}

/** What autovacuum would do within a minute of so many writes: without statistics the turns' plans are guesses. */
async function analyze(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query('vacuum analyze');
  await client.end();
}
