/** One operation, written once, is there in every face. */

import { Client, InMemoryTransport } from '@modelcontextprotocol/client';
import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { systemClock } from '../src/platform/clock.ts';
import type { Database } from '../src/platform/database/index.ts';
import { addOperations } from '../src/platform/faces/cli.ts';
import { httpApp } from '../src/platform/faces/http.ts';
import { mcpServer } from '../src/platform/faces/mcp.ts';
import { toolsOf } from '../src/platform/faces/tools.ts';
import { newId } from '../src/platform/ids.ts';
import { type Actor, operation, type Runtime, registry } from '../src/platform/operations/index.ts';

/** The one file that a new capability needs. */
const greet = operation({
  name: 'greetings.send',
  summary: 'Greet somebody',
  http: { method: 'POST', path: '/v1/greetings/{name}', status: 201 },
  effect: 'egress',
  input: z.object({ name: z.string().min(1), loud: z.boolean().default(false) }),
  output: z.object({ greeting: z.string() }),
  handler: async (_ctx, input) => ({ greeting: input.loud ? `HELLO ${input.name}` : `hello ${input.name}` }),
});

const operations = registry([{ greet }]);
const actor: Actor = { kind: 'key', id: null, userId: newId(), role: 'user', timezone: 'UTC' };
// The operation touches no table: a database that only opens transactions is enough here, and only here.
const db = {
  asUser: (_userId: string, fn: (tx: never) => Promise<unknown>) => fn(undefined as never),
} as unknown as Database;
const runtime: Runtime = { db, clock: systemClock, rateLimitFactor: 1 };

describe('an operation that is written in one file', () => {
  const app = httpApp({
    runtime,
    registry: operations,
    authenticate: async (headers) => (headers.get('authorization') ? actor : undefined),
    version: '1.2.3',
    origins: () => [],
    hosts: undefined,
  });

  test('is a REST route', async () => {
    const answer = await app.request('/v1/greetings/Ada', {
      method: 'POST',
      headers: { authorization: 'Bearer x', 'content-type': 'application/json' },
      body: '{"loud":true}',
    });
    expect(answer.status).toBe(201);
    expect(await answer.json()).toEqual({ greeting: 'HELLO Ada' });
    const refused = await app.request('/v1/greetings/Ada', { method: 'POST' });
    expect(refused.status).toBe(401);
    expect(await refused.json()).toMatchObject({
      error: { code: 'unauthorized', request_id: expect.any(String) },
    });
  });

  test('is in the OpenAPI document, with its effect', async () => {
    // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the server sent
    const document = (await (await app.request('/openapi.json')).json()) as any;
    expect(document.openapi).toBe('3.1.1');
    expect(document.paths['/v1/greetings/{name}'].post).toMatchObject({
      operationId: 'greetings.send',
      'x-effect': 'egress',
      'x-access': 'user',
      parameters: [{ name: 'name', in: 'path', required: true }, { name: 'Idempotency-Key' }],
    });
  });

  test('is a tool for agents and of the MCP server, with its annotations', async () => {
    const tools = toolsOf(operations);
    expect([...tools.keys()]).toEqual(['greetings_send']);
    const [clientSide, serverSide] = InMemoryTransport.createLinkedPair();
    const client = new Client({ name: 'test', version: '1' });
    await mcpServer(runtime, tools, actor, '1.2.3').connect(serverSide);
    await client.connect(clientSide);
    const listed = await client.listTools();
    expect(listed.tools).toMatchObject([
      { name: 'greetings_send', annotations: { openWorldHint: true, readOnlyHint: false } },
    ]);
    const called = await client.callTool({ name: 'greetings_send', arguments: { name: 'Ada' } });
    expect(called.structuredContent).toEqual({ greeting: 'hello Ada' });
    await client.close();
  });

  test('is a command with help', async () => {
    const program = new Command('steward').exitOverride();
    let ran = 0;
    addOperations(program, operations, async (_options, _needsUser, fn) => {
      ran += 1;
      return fn({ runtime, registry: operations, actor });
    });
    const command = program.commands[0]!.commands[0]!;
    expect(program.commands[0]!.name()).toBe('greetings');
    expect(command.helpInformation()).toMatch(
      /send \[options\] <name>[\s\S]*Greet somebody[\s\S]*--loud[\s\S]*--json/,
    );
    const written: string[] = [];
    const write = process.stdout.write;
    process.stdout.write = ((text: string) => written.push(text) > 0) as typeof process.stdout.write;
    try {
      await program.parseAsync(['greetings', 'send', 'Ada', '--loud', '--json'], { from: 'user' });
    } finally {
      process.stdout.write = write;
    }
    expect(ran).toBe(1);
    expect(JSON.parse(written.join(''))).toEqual({ greeting: 'HELLO Ada' });
  });
});
