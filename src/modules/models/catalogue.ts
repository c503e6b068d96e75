import { priceOf } from './cost.ts';
import { discover } from './discovery.ts';
import { PRICES } from './prices.ts';
import { connectionOf, type ProviderId, provider, providerIds } from './providers.ts';

/** A model that is there, or would be with a key. */
interface CatalogueEntry {
  /** `provider/model`, as settings and STEWARD_MODEL name it. */
  readonly id: string;
  readonly provider: ProviderId;
  readonly provider_name: string;
  readonly model: string;
  readonly source: 'environment' | 'discovered' | 'builtin';
  readonly available: boolean;
  /** What to set in the environment to connect it; null when it is connected or needs nothing. */
  readonly needs: string | null;
  /** US dollars a million tokens, short prompts; null when nobody here knows. */
  readonly price: { readonly input: string; readonly output: string; readonly date: string } | null;
}

/** Every model that can be chosen here, and those that a key would bring, by provider in the order of preference. */
export async function catalogue(at: Date, env: NodeJS.ProcessEnv = process.env): Promise<CatalogueEntry[]> {
  const perProvider = await Promise.all(providerIds.map((id) => entriesOf(id, at, env)));
  return perProvider.flat();
}

async function entriesOf(id: ProviderId, at: Date, env: NodeJS.ProcessEnv): Promise<CatalogueEntry[]> {
  const { name, kind, env: names } = provider(id);
  const { apiKey, baseUrl } = connectionOf(id, env);
  const connected = kind === 'key' ? apiKey !== undefined : baseUrl !== undefined;
  const needs = connected
    ? null
    : ((kind === 'key' ? names.key : kind === 'endpoint' ? names.baseUrl : undefined) ?? null);
  const models = kind === 'local' ? await discover(id, env) : knownModels(id, env);
  return models.map((model) => ({
    id: `${id}/${model}`,
    provider: id,
    provider_name: name,
    model,
    source: kind === 'local' ? 'discovered' : kind === 'builtin' ? 'builtin' : 'environment',
    available: needs === null,
    needs,
    price: shownPrice(id, model, at),
  }));
}

/** The models that the environment names, then the defaults, then all with a known price. */
function knownModels(id: ProviderId, env: NodeJS.ProcessEnv): string[] {
  const { defaults, env: names } = provider(id);
  const named = names.model === undefined ? undefined : env[names.model];
  const priced = PRICES.filter((price) => price.provider === id && price.model !== '*').map(
    (price) => price.model,
  );
  return [
    ...new Set([...(named ? [named] : []), ...(defaults ? [defaults.main, defaults.small] : []), ...priced]),
  ];
}

function shownPrice(id: ProviderId, model: string, at: Date): CatalogueEntry['price'] {
  const price = priceOf(id, model, at);
  return price ? { input: price.input, output: price.output, date: price.source.date } : null;
}
