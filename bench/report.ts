/** What was measured, against what, and whether that is good enough. */
import { cpus } from 'node:os';

export interface Row {
  readonly name: string;
  readonly unit: '/s' | 'ms' | 'bytes' | 'MB';
  /** One value a round, of the product and of the baseline of the same round; the baseline may be missing. */
  readonly product: readonly number[];
  readonly baseline: readonly number[];
  /** What the baseline is. */
  readonly against: string;
  /** `ratio` is product / baseline; `value` is the product's own. DESIGN 8 has those with a target. */
  readonly target?: { readonly of: 'ratio' | 'value'; readonly atLeast?: number; readonly atMost?: number };
}

export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export interface Result extends Omit<Row, 'product' | 'baseline'> {
  readonly product: Summary;
  readonly baseline: Summary | null;
  readonly ratio: number | null;
  /** null: there is no target. */
  readonly met: boolean | null;
}

/** @param share 0.5 is the median */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function summary(values: readonly number[]): Summary {
  return { median: quantile(values, 0.5), min: Math.min(...values), max: Math.max(...values) };
}

export function resultOf({ product, baseline, ...row }: Row): Result {
  const ours = summary(product);
  const theirs = baseline.length === 0 ? null : summary(baseline);
  const ratio = theirs && ours.median / theirs.median;
  const { of, atLeast = 0, atMost = Number.POSITIVE_INFINITY } = row.target ?? { of: 'value' };
  const judged = of === 'ratio' ? ratio : ours.median;
  const met = row.target && judged !== null ? judged >= atLeast && judged <= atMost : null;
  return { ...row, product: ours, baseline: theirs, ratio, met };
}

function number(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en') : value.toFixed(value >= 100 ? 0 : 1);
}

function shown(values: Summary | null): string {
  return values ? `${number(values.median)} (${number(values.min)}–${number(values.max)})` : '–';
}

function target({ target: wanted, unit }: Result): string {
  if (!wanted) return '–';
  const limit = wanted.atLeast === undefined ? `≤ ${number(wanted.atMost!)}` : `≥ ${number(wanted.atLeast)}`;
  return wanted.of === 'ratio' ? `${limit} ×` : `${limit} ${unit}`;
}

/** The results as a table of text: medians, with the lowest and the highest round in brackets. */
export function table(results: readonly Result[]): string {
  const head = ['what', 'unit', 'product', 'baseline', 'ratio', 'target', '', 'against'];
  const lines = results.map((result) => [
    result.name,
    result.unit,
    shown(result.product),
    shown(result.baseline),
    result.ratio === null ? '–' : result.ratio.toFixed(2),
    target(result),
    result.met === null ? '' : result.met ? 'met' : 'MISSED',
    result.against,
  ]);
  const widths = head.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => line[column]!.length)),
  );
  return [head, widths.map((width) => '─'.repeat(width)), ...lines]
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Where the figures come from; two files of different machines must not be compared. */
export function machine(): Record<string, unknown> {
  return {
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model,
    cores: cpus().length,
  };
}
