import type { LanguageModelV4, SharedV4ProviderOptions } from '@ai-sdk/provider';
import { z } from 'zod';

/** How to reach a provider: where it is and with which key. */
interface Connection {
  readonly baseUrl: string | undefined;
  readonly apiKey: string | undefined;
}

interface Provider {
  readonly name: string;
  /**
   * - `key`: an account elsewhere, configured by the environment
   * - `endpoint`: any server that speaks OpenAI's chat completions, configured by the environment
   * - `local`: a server on this machine, found by asking
   * - `builtin`: this program itself
   */
  readonly kind: 'key' | 'endpoint' | 'local' | 'builtin';
  /** The environment variables that configure it. */
  readonly env: { readonly key?: string; readonly baseUrl?: string; readonly model?: string };
  /** Where it is when the environment does not say; undefined leaves it to the provider's own client. */
  readonly baseUrl?: string;
  /** What is used when nobody chose: the better one, and a cheaper one for titles and summaries. */
  readonly defaults?: { readonly main: string; readonly small: string };
  /** How to ask it which models it has. */
  readonly discovery?: { readonly path: string; readonly models: (body: unknown) => string[] };
  /** It cannot be held to a JSON schema, so the schema has to be said in the prompt. */
  readonly schemaInPrompt?: true;
  readonly providerOptions?: SharedV4ProviderOptions;
  /** Its client is loaded when it is first used: an installation pays memory only for what it has configured. */
  readonly connect: (connection: Connection) => Promise<(modelId: string) => LanguageModelV4>;
}

/** In the order in which they are preferred when several are configured and nobody has chosen. */
export const PROVIDERS = {
  anthropic: {
    name: 'Anthropic',
    kind: 'key',
    env: { key: 'ANTHROPIC_API_KEY', baseUrl: 'ANTHROPIC_BASE_URL' },
    defaults: { main: 'claude-sonnet-5-5', small: 'claude-haiku-5-5' },
    connect: async ({ baseUrl, apiKey }) => {
      const { createAnthropic } = await import('@ai-sdk/anthropic');
      return createAnthropic(client(baseUrl, apiKey));
    },
  },
  openai: {
    name: 'OpenAI',
    kind: 'key',
    env: { key: 'OPENAI_API_KEY', baseUrl: 'OPENAI_BASE_URL' },
    defaults: { main: 'gpt-6.1-terra', small: 'gpt-6-luna' },
    // Nothing of a conversation is kept at OpenAI; and a schema with optional fields is not an error.
    providerOptions: { openai: { store: false, strictJsonSchema: false } },
    connect: async ({ baseUrl, apiKey }) => {
      const { createOpenAI } = await import('@ai-sdk/openai');
      return createOpenAI(client(baseUrl, apiKey));
    },
  },
  google: {
    name: 'Google',
    kind: 'key',
    env: { key: 'GOOGLE_GENERATIVE_AI_API_KEY', baseUrl: 'GOOGLE_GENERATIVE_AI_BASE_URL' },
    defaults: { main: 'gemini-3.8-flash', small: 'gemini-3.5-flash-lite' },
    connect: async ({ baseUrl, apiKey }) => {
      const { createGoogle } = await import('@ai-sdk/google');
      return createGoogle(client(baseUrl, apiKey));
    },
  },
  'openai-compatible': {
    name: 'OpenAI-compatible server',
    kind: 'endpoint',
    env: { key: 'STEWARD_OPENAI_API_KEY', baseUrl: 'STEWARD_OPENAI_BASE_URL', model: 'STEWARD_OPENAI_MODEL' },
    schemaInPrompt: true,
    connect: (connection) => connectCompatible('openaiCompatible', connection, '', false),
  },
  ollama: {
    name: 'Ollama',
    kind: 'local',
    env: { baseUrl: 'OLLAMA_BASE_URL' },
    baseUrl: 'http://127.0.0.1:11434',
    discovery: {
      path: '/api/tags',
      models: (body) =>
        z
          .object({ models: z.array(z.object({ name: z.string() })) })
          .parse(body)
          .models.map((model) => model.name),
    },
    connect: (connection) => connectCompatible('ollama', connection, '/v1', true),
  },
  lmstudio: {
    name: 'LM Studio',
    kind: 'local',
    env: { baseUrl: 'LMSTUDIO_BASE_URL' },
    baseUrl: 'http://127.0.0.1:1234',
    discovery: {
      path: '/v1/models',
      models: (body) =>
        z
          .object({ data: z.array(z.object({ id: z.string() })) })
          .parse(body)
          .data.map((model) => model.id),
    },
    connect: (connection) => connectCompatible('lmstudio', connection, '/v1', true),
  },
  builtin: {
    name: 'Built-in',
    kind: 'builtin',
    env: {},
    defaults: { main: 'steward-rules-1', small: 'steward-rules-1' },
    connect: async () => {
      const { createBuiltinModel } = await import('./builtin/model.ts');
      const model = createBuiltinModel();
      return () => model;
    },
  },
} as const satisfies Record<string, Provider>;

export type ProviderId = keyof typeof PROVIDERS;

export const providerIds = Object.keys(PROVIDERS) as [ProviderId, ...ProviderId[]];

export function provider(id: ProviderId): Provider {
  return PROVIDERS[id];
}

/** @returns how the environment says to reach a provider. Empty variables count as unset. */
export function connectionOf(id: ProviderId, env: NodeJS.ProcessEnv): Connection {
  const { env: names, baseUrl } = provider(id);
  const read = (name: string | undefined) => (name === undefined ? undefined : env[name] || undefined);
  return { baseUrl: read(names.baseUrl) ?? baseUrl, apiKey: read(names.key) };
}

/** What the clients of the three big providers take; a missing base URL must be absent, not undefined. */
function client(baseUrl: string | undefined, apiKey: string | undefined) {
  return {
    ...(baseUrl === undefined ? {} : { baseURL: baseUrl }),
    ...(apiKey === undefined ? {} : { apiKey }),
  };
}

async function connectCompatible(
  name: string,
  { baseUrl, apiKey }: Connection,
  path: string,
  structured: boolean,
) {
  const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible');
  return createOpenAICompatible({
    name,
    baseURL: `${baseUrl?.replace(/\/+$/, '')}${path}`,
    includeUsage: true,
    supportsStructuredOutputs: structured,
    ...(apiKey === undefined ? {} : { apiKey }),
  });
}
