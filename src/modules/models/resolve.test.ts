import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type ProviderServer, startProviderServer } from '../../../test/provider-server.ts';
import { catalogue } from './catalogue.ts';
import { chooseModel, resolveModel } from './resolve.ts';

const NOTHING = { STEWARD_DISCOVERY: 'off' };
let local: ProviderServer;

beforeAll(async () => {
  local = await startProviderServer();
});
afterAll(() => local.close());
beforeEach(() => local.reset());

async function chosen(env: NodeJS.ProcessEnv, settings: Record<string, string> = {}, override?: string) {
  const { provider, modelId, source } = await chooseModel('chat', settings, override, env);
  return `${provider}/${modelId} by ${source}`;
}

describe('which model is used', () => {
  test('the built-in one when nothing else is there', async () => {
    expect(await chosen(NOTHING)).toBe('builtin/steward-rules-1 by builtin');
  });

  test('the built-in one is what it says it is', async () => {
    const { model, modelId } = await resolveModel('chat', {}, null, NOTHING);
    expect([model.provider, model.modelId]).toEqual(['builtin', modelId]);
  });

  test.each([
    [{ ANTHROPIC_API_KEY: 'k' }, 'anthropic/claude-sonnet-5-5'],
    [{ OPENAI_API_KEY: 'k' }, 'openai/gpt-6.1-terra'],
    [{ GOOGLE_GENERATIVE_AI_API_KEY: 'k' }, 'google/gemini-3.8-flash'],
    [
      { STEWARD_OPENAI_BASE_URL: 'http://127.0.0.1:9/v1', STEWARD_OPENAI_MODEL: 'org/some-model' },
      'openai-compatible/org/some-model',
    ],
    [{ ANTHROPIC_API_KEY: 'k', OPENAI_API_KEY: 'k' }, 'anthropic/claude-sonnet-5-5'],
    [{ OPENAI_API_KEY: 'k', STEWARD_MODEL: 'openai/gpt-6.1-sol' }, 'openai/gpt-6.1-sol'],
  ])('%j configures %s', async (env, model) => {
    expect(await chosen({ ...NOTHING, ...env })).toBe(`${model} by environment`);
  });

  test('an empty key is no key, and a server without a model is not configured', async () => {
    expect(await chosen({ ...NOTHING, ANTHROPIC_API_KEY: '' })).toBe('builtin/steward-rules-1 by builtin');
    expect(await chosen({ ...NOTHING, STEWARD_OPENAI_BASE_URL: 'http://127.0.0.1:9' })).toBe(
      'builtin/steward-rules-1 by builtin',
    );
  });

  test('titles get the cheaper default', async () => {
    const { modelId } = await chooseModel('title', {}, null, { ...NOTHING, ANTHROPIC_API_KEY: 'k' });
    expect(modelId).toBe('claude-haiku-5-5');
  });

  test('override, then purpose, then default, then the environment', async () => {
    const env = { ...NOTHING, ANTHROPIC_API_KEY: 'k', STEWARD_MODEL: 'anthropic/claude-opus-5-5' };
    const settings = {
      'model.chat': 'anthropic/claude-opus-5',
      'model.default': 'anthropic/claude-sonnet-5',
    };
    expect(await chosen(env, settings, 'anthropic/claude-fable-5')).toBe(
      'anthropic/claude-fable-5 by override',
    );
    expect(await chosen(env, settings)).toBe('anthropic/claude-opus-5 by setting');
    expect(await chosen(env, { 'model.default': 'anthropic/claude-sonnet-5' })).toBe(
      'anthropic/claude-sonnet-5 by setting',
    );
    expect(await chosen(env)).toBe('anthropic/claude-opus-5-5 by environment');
  });

  test('what was chosen is never silently replaced', async () => {
    await expect(chosen(NOTHING, { 'model.default': 'openai/gpt-6-sol' })).rejects.toMatchObject({
      code: 'model_not_found',
      message: expect.stringContaining('OPENAI_API_KEY'),
    });
    await expect(chosen(NOTHING, {}, 'nobody/model')).rejects.toMatchObject({ code: 'bad_request' });
    await expect(chosen(NOTHING, {}, 'openai')).rejects.toMatchObject({ code: 'bad_request' });
  });

  test('a server on this machine is found; embeddings are not for talking', async () => {
    local.models('nomic-embed-text:latest', 'qwen3:8b');
    expect(await chosen({ OLLAMA_BASE_URL: local.url, LMSTUDIO_BASE_URL: 'http://127.0.0.1:9' })).toBe(
      'ollama/qwen3:8b by discovered',
    );
    expect(await chosen({ OLLAMA_BASE_URL: 'http://127.0.0.1:9', LMSTUDIO_BASE_URL: local.url })).toBe(
      'lmstudio/qwen3:8b by discovered',
    );
    expect(await chosen({ OLLAMA_BASE_URL: local.url, STEWARD_DISCOVERY: 'off' })).toBe(
      'builtin/steward-rules-1 by builtin',
    );
  });

  test('a server that is silent costs no more than the time-out, once', async () => {
    const silent = await startProviderServer();
    const env = { OLLAMA_BASE_URL: `${silent.url}/`, LMSTUDIO_BASE_URL: 'http://127.0.0.1:9' };
    await silent.close();
    const started = performance.now();
    expect(await chosen(env)).toBe('builtin/steward-rules-1 by builtin');
    expect(performance.now() - started).toBeLessThan(1000);
    const again = performance.now();
    await chosen(env);
    expect(performance.now() - again).toBeLessThan(20);
  });

  test('a client is made once, and its key is known so that it can be removed from what is shown', async () => {
    const env = { ...NOTHING, OPENAI_API_KEY: 'a-secret-of-the-test' };
    const resolved = await resolveModel('chat', {}, null, env);
    expect(resolved.secrets).toEqual(['a-secret-of-the-test']);
    expect(resolved.model.modelId).toBe('gpt-6.1-terra');
  });
});

test('the catalogue tells what is there, what it costs and what is missing', async () => {
  const entries = await catalogue(new Date('2026-11-24'), { ...NOTHING, ANTHROPIC_API_KEY: 'k' });
  const find = (id: string) => entries.find((entry) => entry.id === id);
  expect(find('anthropic/claude-opus-5-5')).toMatchObject({
    available: true,
    needs: null,
    price: { input: '4', output: '20' },
  });
  expect(find('openai/gpt-6-sol')).toMatchObject({ available: false, needs: 'OPENAI_API_KEY' });
  expect(find('builtin/steward-rules-1')).toMatchObject({
    available: true,
    source: 'builtin',
    price: { input: '0' },
  });
  expect(new Set(entries.map((entry) => entry.id)).size).toBe(entries.length);
});
