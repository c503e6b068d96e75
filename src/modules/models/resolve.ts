/**
 * Which model is used for what. The first that says something wins:
 *
 * 1. what the agent or conversation asks for,
 * 2. the user's choice for the purpose, then the user's default,
 * 3. STEWARD_MODEL, then the first provider that the environment configures,
 * 4. a server found on this machine (Ollama, LM Studio),
 * 5. the built-in model, which is always there.
 *
 * A choice that somebody made is never silently replaced: when it cannot be used, that is an error with what to do.
 */
import type { LanguageModelV4, SharedV4ProviderOptions } from '@ai-sdk/provider';
import { AppError } from '../../platform/errors.ts';
import { discover } from './discovery.ts';
import { connectionOf, PROVIDERS, type ProviderId, provider, providerIds } from './providers.ts';
import { PURPOSES, type Purpose } from './purposes.ts';

/** Where a choice comes from. */
type ChoiceSource = 'override' | 'setting' | 'environment' | 'discovered' | 'builtin';

export interface Choice {
  readonly provider: ProviderId;
  readonly modelId: string;
  readonly source: ChoiceSource;
  /** Why this one, in a sentence for people. */
  readonly why: string;
}

/** A choice, ready to be called. */
export interface ResolvedModel extends Choice {
  readonly model: LanguageModelV4;
  readonly baseUrl: string | undefined;
  readonly providerOptions: SharedV4ProviderOptions;
  /** The JSON schema of an answer has to be said in the prompt. */
  readonly schemaInPrompt: boolean;
  /** To be removed from whatever is shown. */
  readonly secrets: readonly string[];
}

/** What a user has chosen: `provider/model` by setting key, `model.default` or `model.<purpose>`. */
export type ModelSettings = Readonly<Record<string, string>>;

/** @throws AppError `model_not_found` when what was chosen cannot be used here, saying what is missing */
export async function chooseModel(
  purpose: Purpose,
  settings: ModelSettings = {},
  override?: string | null,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Choice> {
  if (override) return usable(override, 'override', 'chosen for this conversation or agent', env);
  const own = settings[`model.${purpose}`];
  if (own) return usable(own, 'setting', `your choice for ${purpose}`, env);
  const standard = settings['model.default'];
  if (standard) return usable(standard, 'setting', 'your default', env);
  if (env.STEWARD_MODEL) return usable(env.STEWARD_MODEL, 'environment', 'STEWARD_MODEL names it', env);
  return (await configured(purpose, env)) ?? (await discovered(env)) ?? BUILTIN;
}

/** @throws AppError like `chooseModel` */
export async function resolveModel(
  purpose: Purpose,
  settings: ModelSettings = {},
  override?: string | null,
  env: NodeJS.ProcessEnv = process.env,
): Promise<ResolvedModel> {
  return connectModel(await chooseModel(purpose, settings, override, env), env);
}

/** `provider/model`, as settings, STEWARD_MODEL and the command line write it. The model's own id may hold slashes. */
function parseReference(reference: string): { provider: ProviderId; modelId: string } {
  const slash = reference.indexOf('/');
  const id = reference.slice(0, slash);
  const modelId = reference.slice(slash + 1);
  if (slash < 1 || modelId === '' || !isProvider(id)) {
    throw new AppError(
      'bad_request',
      `"${reference}" is not provider/model, with one of these providers: ${providerIds.join(', ')}.`,
    );
  }
  return { provider: id, modelId };
}

/** @throws AppError `bad_request` or `model_not_found`, like `chooseModel` */
export function usable(
  reference: string,
  source: ChoiceSource,
  why: string,
  env: NodeJS.ProcessEnv = process.env,
): Choice {
  const wanted = parseReference(reference);
  const { kind, name, env: names } = provider(wanted.provider);
  const { apiKey, baseUrl } = connectionOf(wanted.provider, env);
  const missing =
    kind === 'key' && apiKey === undefined
      ? names.key
      : kind === 'endpoint' && baseUrl === undefined
        ? names.baseUrl
        : undefined;
  if (missing !== undefined) {
    throw new AppError(
      'model_not_found',
      `${reference} is chosen, but ${name} is not connected. Set ${missing} and restart Steward, or choose another model.`,
    );
  }
  return { ...wanted, source, why };
}

const BUILTIN: Choice = {
  provider: 'builtin',
  modelId: PROVIDERS.builtin.defaults.main,
  source: 'builtin',
  why: 'no other model is connected',
};

/** What the environment configures: an account's key, or a server's address with the model to use there. */
async function configured(purpose: Purpose, env: NodeJS.ProcessEnv): Promise<Choice | undefined> {
  for (const id of providerIds) {
    const { kind, defaults, env: names } = provider(id);
    const { apiKey, baseUrl } = connectionOf(id, env);
    if (kind === 'key' && apiKey !== undefined && defaults) {
      return {
        provider: id,
        modelId: defaults[PURPOSES[purpose].size],
        source: 'environment',
        why: `${names.key} is set`,
      };
    }
    if (kind === 'endpoint' && baseUrl !== undefined && names.model && env[names.model]) {
      return {
        provider: id,
        modelId: env[names.model]!,
        source: 'environment',
        why: `${names.baseUrl} is set`,
      };
    }
  }
  return undefined;
}

async function discovered(env: NodeJS.ProcessEnv): Promise<Choice | undefined> {
  const local = providerIds.filter((id) => provider(id).kind === 'local');
  const found = await Promise.all(local.map((id) => discover(id, env)));
  for (const [index, id] of local.entries()) {
    const modelId = found[index]?.[0];
    if (modelId !== undefined) {
      return {
        provider: id,
        modelId,
        source: 'discovered',
        why: `${provider(id).name} runs on this machine`,
      };
    }
  }
  return undefined;
}

/** Models by address, key and id: made once, so that a call does not pay for the schemas that come with it. */
const models = new Map<string, Promise<LanguageModelV4>>();
/** Models at once; a user may name any. */
const MODELS_MAX = 100;

async function connectModel(choice: Choice, env: NodeJS.ProcessEnv): Promise<ResolvedModel> {
  const { connect, providerOptions = {}, schemaInPrompt = false } = provider(choice.provider);
  const connection = connectionOf(choice.provider, env);
  const key = [choice.provider, connection.baseUrl, connection.apiKey, choice.modelId].join('\n');
  const model = models.get(key) ?? connect(connection).then((client) => client(choice.modelId));
  if (models.size >= MODELS_MAX) models.clear();
  models.set(key, model);
  return {
    ...choice,
    model: await model,
    baseUrl: connection.baseUrl,
    providerOptions,
    schemaInPrompt,
    secrets: connection.apiKey === undefined ? [] : [connection.apiKey],
  };
}

function isProvider(id: string): id is ProviderId {
  return (providerIds as readonly string[]).includes(id);
}
