/** Our MCP server against the official client, over both transports. */
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp, type TestUser } from './harness.ts';

let app: TestApp;
let user: TestUser;

beforeAll(async () => {
  app = await startTestApp();
  user = await app.createUser();
});
afterAll(() => app?.close());

const TRANSPORTS = {
  http: () =>
    new StreamableHTTPClientTransport(new URL(`${app.url}/mcp`), {
      requestInit: { headers: { authorization: `Bearer ${user.apiKey}` } },
    }),
  stdio: () =>
    new StdioClientTransport({
      command: process.execPath,
      args: [join(import.meta.dirname, '../bin/steward.js'), 'mcp', '--user', user.email],
      env: {
        PATH: process.env.PATH ?? '',
        HOME: process.env.HOME ?? '',
        STEWARD_HOME: app.config.home,
        DATABASE_URL: app.config.databaseUrl!,
      },
    }),
} as const;

describe.each(['http', 'stdio'] as const)('MCP over %s', (kind) => {
  let client: Client;
  beforeAll(async () => {
    client = new Client({ name: 'test', version: '1.0.0' });
    await client.connect(TRANSPORTS[kind]());
  });
  afterAll(() => client?.close());

  test('lists the operations with what they do', async () => {
    const { tools } = await client.listTools();
    const byName = new Map(tools.map((tool) => [tool.name, tool]));
    expect(byName.get('tasks_list')?.annotations).toMatchObject({ readOnlyHint: true });
    expect(byName.get('tasks_delete')?.annotations).toMatchObject({ destructiveHint: true });
    expect(byName.get('tasks_create')?.inputSchema).toMatchObject({ type: 'object', required: ['title'] });
    expect([...byName.keys()].filter((name) => /keys|invitation|users/.test(name))).toEqual([]);
  });

  test('creates a task that REST shows, and says what is wrong with bad input', async () => {
    const title = `From ${kind}`;
    const created = await client.callTool({ name: 'tasks_create', arguments: { title } });
    expect(created.isError).toBeFalsy();
    const { body } = await app.request(user, 'GET', '/v1/tasks');
    expect(body.items.map((task: { title: string }) => task.title)).toContain(title);
    const refused = await client.callTool({ name: 'tasks_create', arguments: { title: 7 } });
    expect(refused.isError).toBe(true);
    expect(JSON.stringify(refused.content)).toContain('validation_failed');
    const unknown = await client.callTool({ name: 'tasks_explode', arguments: {} });
    expect(JSON.stringify(unknown.content)).toContain('not_found');
  });
});

test('without a key there is nothing', async () => {
  const answer = await fetch(`${app.url}/mcp`, {
    method: 'POST',
    body: '{}',
    headers: { 'content-type': 'application/json' },
  });
  expect(answer.status).toBe(401);
});
