import { log } from '../../platform/log.ts';
import { connectionOf, type ProviderId, provider } from './providers.ts';

/** How long a server on this machine may take to say what it has. */
const TIMEOUT_MS = 300;
/** How long its answer, also that it is not there, is believed. */
const FRESH_MS = 60_000;

interface Answer {
  readonly at: number;
  readonly models: Promise<string[]>;
}

/** The last answer of each server by its address; a process that starts knows nothing and asks when first needed. */
const answers = new Map<string, Answer>();

/**
 * The models that a provider on this machine has, in its own order; none when it is not there. Models that only
 * make embeddings are left out. An old answer is given at once while the next is fetched.
 */
export async function discover(id: ProviderId, env: NodeJS.ProcessEnv): Promise<string[]> {
  const { discovery } = provider(id);
  const { baseUrl } = connectionOf(id, env);
  if (!discovery || baseUrl === undefined || env.STEWARD_DISCOVERY === 'off') return [];
  const url = `${baseUrl.replace(/\/+$/, '')}${discovery.path}`;
  const known = answers.get(url);
  if (!known || Date.now() - known.at > FRESH_MS) {
    const models = ask(url, discovery.models);
    if (!known) answers.set(url, { at: Date.now(), models });
    else void models.then((found) => answers.set(url, { at: Date.now(), models: Promise.resolve(found) }));
  }
  return answers.get(url)!.models;
}

async function ask(url: string, read: (body: unknown) => string[]): Promise<string[]> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' });
    if (!response.ok) return [];
    return read(await response.json()).filter((model) => !/embed/i.test(model));
  } catch (error) {
    log.debug({ url, reason: (error as Error).message }, 'no model server here');
    return [];
  }
}
