import type { LanguageModelV4Usage } from '@ai-sdk/provider';
import { PRICES, type Price, type Rates } from './prices.ts';

/** A snapshot's date, as providers append it to a model's id: `-20251001`, `-2026-04-23`. */
const SNAPSHOT = /-(\d{8}|\d{4}-\d{2}-\d{2})$/;

/** What a call came to. `amount` is US dollars with nine decimals, as text. */
interface Cost {
  readonly amount: string;
  /** The day on which its price was read from the provider. */
  readonly priceDate: string;
}

/** @returns the price that holds at `at`, or undefined when nobody here knows it. */
export function priceOf(provider: string, modelId: string, at: Date): Price | undefined {
  const day = at.toISOString().slice(0, 10);
  const named = (model: string) =>
    PRICES.filter((price) => price.provider === provider && price.model === model && price.from <= day)
      .sort((a, b) => (a.from < b.from ? -1 : 1))
      .at(-1);
  return named(modelId) ?? named(modelId.replace(SNAPSHOT, '')) ?? named('*');
}

/**
 * What a call cost, in whole arithmetic.
 *
 * @returns null when it is not known: the model has no price here, or the provider did not say how much was used
 */
export function costOf(
  provider: string,
  modelId: string,
  usage: LanguageModelV4Usage | undefined,
  at: Date,
): Cost | null {
  const price = priceOf(provider, modelId, at);
  if (!price) return null;
  const priceDate = price.source.date;
  if (isFree(price)) return { amount: dollars(0n), priceDate };
  if (!usage) return null;
  const input = usage.inputTokens;
  const output = usage.outputTokens.total;
  if (!isCount(input.total) || !isCount(output)) return null;

  const rates: Rates = price.long && input.total > price.long.above ? price.long : price;
  const cacheRead = tokens(input.cacheRead);
  const cacheWrite = tokens(input.cacheWrite);
  const fresh =
    input.noCache === undefined ? tokens(input.total) - cacheRead - cacheWrite : tokens(input.noCache);
  const total =
    (fresh > 0n ? fresh : 0n) * perToken(rates.input) +
    cacheRead * perToken(rates.cacheRead ?? rates.input) +
    cacheWrite * perToken(rates.cacheWrite ?? rates.input) +
    tokens(output) * perToken(rates.output);
  return { amount: dollars(total), priceDate };
}

/** Nothing was used: a provider that refused a request does not charge for it. */
export const NOTHING = dollars(0n);

function isFree(price: Price): boolean {
  return perToken(price.input) === 0n && perToken(price.output) === 0n;
}

/** Whether a provider's count makes sense; a negative or broken one must not become a credit. */
function isCount(count: number | undefined): count is number {
  return count !== undefined && Number.isSafeInteger(count) && count >= 0;
}

function tokens(count: number | undefined): bigint {
  return isCount(count) ? BigInt(count) : 0n;
}

/** Dollars a million tokens, as text, to 10⁻¹² dollars a token: '2.50' is 2,500,000 of them. */
function perToken(rate: string): bigint {
  const [whole = '0', fraction = ''] = rate.split('.');
  return BigInt(whole + fraction.padEnd(6, '0'));
}

/** 10⁻¹² dollars as dollars with nine decimals, half a unit rounded up. */
function dollars(picos: bigint): string {
  const nanos = (picos + 500n) / 1000n;
  const digits = nanos.toString().padStart(10, '0');
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`;
}
