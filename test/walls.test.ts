/** The walls of the house (docs/architecture.md): who may import whom. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

interface Import {
  readonly from: string;
  /** A path below the root, or a package's name. */
  readonly to: string;
  readonly typeOnly: boolean;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const found = text.matchAll(
    /^\s*(?:import|export)\s+(type\s+)?[^'";]*?from\s+'([^']+)'|^\s*import\s+'([^']+)'|import\('([^']+)'\)/gm,
  );
  return [...found].map((match) => {
    const specifier = (match[2] ?? match[3] ?? match[4])!;
    const to = specifier.startsWith('.')
      ? relative(ROOT, resolve(ROOT, dirname(file), specifier))
      : specifier;
    return { from: file, to, typeOnly: match[1] !== undefined };
  });
}

function sources(directory: string): string[] {
  return readdirSync(join(ROOT, directory), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !/\.test\.tsx?$/.test(entry.name))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}

const moduleOf = (path: string): string | undefined => /^src\/modules\/([^/]+)\//.exec(path)?.[1];
const isPackage = (to: string, ...names: string[]): boolean =>
  names.some((name) => to === name || to.startsWith(`${name}/`));

interface Wall {
  readonly name: string;
  readonly breaks: (edge: Import) => boolean;
}

/** Each names what is forbidden. */
const WALLS: readonly Wall[] = [
  {
    name: 'the platform knows no module, and nothing of the composition',
    breaks: ({ from, to }) => from.startsWith('src/platform/') && /^src\/(modules\/|[^/]+\.ts$)/.test(to),
  },
  {
    name: 'modules meet only at their index.ts',
    breaks: ({ from, to }) => {
      const target = moduleOf(to);
      return target !== undefined && target !== moduleOf(from) && to !== `src/modules/${target}/index.ts`;
    },
  },
  {
    name: 'only the platform and what better-auth needs open connections',
    breaks: ({ from, to }) =>
      isPackage(to, 'pg') && !from.startsWith('src/platform/database/') && from !== 'src/operator.ts',
  },
  {
    name: 'HTTP is known to faces, to identity (whose library speaks it) and to the composition',
    breaks: ({ from, to }) =>
      isPackage(to, 'hono', '@hono/node-server') &&
      !/^src\/(platform\/faces\/|modules\/identity\/|[^/]+\.ts$)/.test(from),
  },
  {
    name: 'faces touch no table but those they count',
    breaks: ({ from, to }) =>
      from.startsWith('src/platform/faces/') &&
      isPackage(to, 'drizzle-orm') &&
      from !== 'src/platform/faces/metrics.ts',
  },
  {
    name: 'the page takes types alone',
    breaks: ({ from, to, typeOnly }) => from.startsWith('web/') && to.startsWith('src/') && !typeOnly,
  },
];

const edges = [...sources('src'), ...sources('bin'), ...sources('web/src')].flatMap(importsOf);

describe('walls', () => {
  test('are looked at', () => expect(edges.length).toBeGreaterThan(100));

  test.each(WALLS)('$name', ({ breaks }) => {
    expect(edges.filter(breaks).map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });

  test('no import goes round in a circle', () => {
    const next = new Map<string, string[]>();
    for (const { from, to, typeOnly } of edges) {
      if (!typeOnly && /\.tsx?$/.test(to)) next.set(from, [...(next.get(from) ?? []), to]);
    }
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
      if (done.has(file) || path.includes(file)) return;
      for (const to of next.get(file) ?? []) visit(to, [...path, file]);
      done.add(file);
    };
    for (const file of next.keys()) visit(file, []);
    expect(cycles).toEqual([]);
  });
});
