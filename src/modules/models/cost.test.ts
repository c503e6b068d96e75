import type { LanguageModelV4Usage } from '@ai-sdk/provider';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { costOf, priceOf } from './cost.ts';
import { PRICES } from './prices.ts';
import { provider, providerIds } from './providers.ts';

const NOW = new Date('2026-11-24T12:00:00Z');

function usage(
  input: number | undefined,
  output: number | undefined,
  cached?: number,
  written?: number,
): LanguageModelV4Usage {
  return {
    inputTokens: {
      total: input,
      noCache: input === undefined ? undefined : input - (cached ?? 0) - (written ?? 0),
      cacheRead: cached,
      cacheWrite: written,
    },
    outputTokens: { total: output, text: output, reasoning: undefined },
  };
}

describe('what a call costs', () => {
  test.each([
    ['a million in and out', 'claude-opus-5-5', usage(1_000_000, 1_000_000), '24.000000000'],
    ['cached input at its own rate', 'claude-opus-5-5', usage(1_000_000, 0, 900_000), '0.580000000'],
    [
      'input written to the cache at its own rate',
      'claude-opus-5-5',
      usage(1_000_000, 0, 0, 1_000_000),
      '5.000000000',
    ],
    ['one token, to the thousandth of a millionth', 'claude-haiku-5-5', usage(1, 0), '0.000000100'],
    ['a cached token of the cheapest model', 'claude-haiku-5-5', usage(1, 0, 1), '0.000000010'],
    ['a long prompt, all of it at the higher rate', 'claude-haiku-5-5', usage(100_001, 1000), '0.052500500'],
    ['the longest prompt at the lower rate', 'claude-haiku-5-5', usage(100_000, 1000), '0.010500000'],
    ['nothing at all', 'claude-haiku-5-5', usage(0, 0), '0.000000000'],
    [
      'a dated snapshot at the price of its model',
      'claude-opus-4-5-20251101',
      usage(1_000_000, 0),
      '5.000000000',
    ],
  ])('%s', (_what, model, used, amount) => {
    expect(costOf('anthropic', model, used, NOW)?.amount).toBe(amount);
  });

  test('an unknown price is unknown, never zero', () => {
    expect(costOf('anthropic', 'claude-of-next-year', usage(10, 10), NOW)).toBeNull();
    expect(costOf('openai-compatible', 'gpt-6-luna', usage(10, 10), NOW)).toBeNull();
  });

  test('a count that the provider did not give, or that is nonsense, makes the cost unknown', () => {
    for (const broken of [undefined, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(costOf('openai', 'gpt-6-luna', usage(broken, 1), NOW)).toBeNull();
      expect(costOf('openai', 'gpt-6-luna', usage(1, broken), NOW)).toBeNull();
    }
    expect(costOf('openai', 'gpt-6-luna', undefined, NOW)).toBeNull();
  });

  test('a model on this machine costs nothing, whatever it counts', () => {
    expect(costOf('builtin', 'steward-rules-1', undefined, NOW)?.amount).toBe('0.000000000');
    expect(costOf('ollama', 'qwen3:8b', usage(5, 5), NOW)?.amount).toBe('0.000000000');
  });

  test('the price of the day is charged, not a later one', () => {
    const at = (day: string) =>
      costOf('google', 'gemini-4-argon', usage(1_000_000, 0), new Date(day))?.amount;
    expect(at('2026-11-30T23:59:59Z')).toBe('2.000000000');
    expect(at('2026-12-01T00:00:00Z')).toBe('4.000000000');
    expect(at('2026-09-30T00:00:00Z')).toBeUndefined();
  });

  test('is the same sum in whatever portions tokens are counted, and is never rounded down to less', () => {
    const count = fc.integer({ min: 0, max: 20_000 });
    fc.assert(
      fc.property(count, count, count, (fresh, cached, output) => {
        const picos = (amount: string | undefined) => BigInt(amount!.replace('.', '')) * 1000n;
        const cost = costOf('anthropic', 'claude-opus-5-5', usage(fresh + cached, output, cached), NOW);
        const exact = BigInt(fresh) * 4_000_000n + BigInt(cached) * 200_000n + BigInt(output) * 20_000_000n;
        expect(picos(cost?.amount)).toBe(exact);
      }),
    );
  });
});

describe('the table of prices', () => {
  test.each(PRICES.map((price) => [`${price.provider}/${price.model} from ${price.from}`, price] as const))(
    '%s is well-formed',
    (_name, price) => {
      expect(providerIds).toContain(price.provider);
      expect(price.from).toMatch(/^\d{4}-\d{2}-\d{2}$/);
      expect(price.source.date).toMatch(/^\d{4}-\d{2}-\d{2}$/);
      for (const rates of [price, ...(price.long ? [price.long] : [])]) {
        for (const rate of [rates.input, rates.output, rates.cacheRead ?? '0', rates.cacheWrite ?? '0']) {
          expect(rate).toMatch(/^\d+(\.\d{1,6})?$/);
        }
      }
    },
  );

  test('knows what every default costs today', () => {
    for (const id of providerIds) {
      const { defaults } = provider(id);
      for (const model of defaults ? [defaults.main, defaults.small] : [])
        expect(priceOf(id, model, NOW), model).toBeDefined();
    }
  });
});
