/** docs/schema-map.json: complete against the seed documents, true against the live catalogue. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { openConfiguredDatabase } from '../src/platform/database/open.ts';
import { freshDatabase } from './harness.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

type Target = string | { replaced_by: string; why: string };
const map = JSON.parse(read('docs/schema-map.json')) as Record<string, Target>;

/** The tables of each seed, with their columns. */
const SEEDS: Record<string, Record<string, string[]>> = { '003': JSON.parse(read('test/seeds/003.json')) };

/** How each seed document writes a table and a column. */
const SYNTAX = { '003': { table: /^### `(\w+)`/, column: /^- `(\w+)`(?: |$)/ } } as const;

describe.each(Object.entries(SEEDS))('seed %s', (seed, tables) => {
  const names = Object.entries(tables).flatMap(([table, columns]) => [
    `${seed}.${table}`,
    ...columns.map((column) => `${seed}.${table}.${column}`),
  ]);

  test('every table and column is mapped, and nothing else', () => {
    expect(
      Object.keys(map)
        .filter((name) => name.startsWith(`${seed}.`))
        .sort(),
    ).toEqual([...names].sort());
  });

  test('at most one column in ten is replaced, each with a reason', () => {
    const replaced = names.map((name) => map[name]).filter((target) => typeof target === 'object');
    expect(replaced.every((target) => target.why.length > 20 && target.replaced_by !== '')).toBe(true);
    expect(replaced.length).toBeLessThanOrEqual(names.length / 10);
  });

  const shared = join(ROOT, '../shared/seeds');
  test.runIf(existsSync(shared))('the list is what the document says', () => {
    const file = readdirSync(shared).find((name) => name.startsWith(`${seed}_`))!;
    const { table, column } = SYNTAX[seed as keyof typeof SYNTAX];
    const found: Record<string, string[]> = {};
    let current: string | undefined;
    for (const line of readFileSync(join(shared, file), 'utf8').split('\n')) {
      if (line.startsWith('## ')) current = undefined;
      const begins = table.exec(line)?.[1];
      if (begins !== undefined) {
        current = begins;
        found[begins] = [];
      }
      const named = column.exec(line)?.[1];
      if (current !== undefined && named !== undefined) found[current]!.push(named);
    }
    expect(found).toEqual(tables);
  });
});

describe('the catalogue', () => {
  let columns: Set<string>;

  beforeAll(async () => {
    const databaseUrl = await freshDatabase();
    const { close } = await openConfiguredDatabase({ home: `/tmp/steward-map-${process.pid}`, databaseUrl });
    await close();
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    const { rows } = await client.query<{ name: string }>(
      `select table_name || '.' || column_name as name from information_schema.columns where table_schema = 'public'`,
    );
    await client.end();
    columns = new Set(rows.flatMap(({ name }) => [name, name.split('.')[0]!]));
  });

  test('has everything that the map names', () => {
    const missing = Object.entries(map).filter(
      ([, target]) => typeof target === 'string' && !columns.has(target),
    );
    expect(missing).toEqual([]);
  });
});
