/** MCP: the agent tools of the product for any MCP client, over streamable HTTP and stdio. */
import {
  type CallToolResult,
  createMcpHandler,
  type Tool as McpTool,
  Server,
} from '@modelcontextprotocol/server';
import { AppError, errorBody } from '../errors.ts';
import { newId } from '../ids.ts';
import { log } from '../log.ts';
import { type Actor, type Effect, type Runtime, runOperation } from '../operations/index.ts';
import type { Authenticate, HttpApp } from './http.ts';
import type { JsonSchema } from './json-schema.ts';
import type { Tool } from './tools.ts';

type Tools = ReadonlyMap<string, Tool>;

/** What a client is told of an operation's effect, in the protocol's words. */
const ANNOTATIONS: Readonly<Record<Effect, McpTool['annotations']>> = {
  read: { readOnlyHint: true, openWorldHint: false },
  write: { readOnlyHint: false, destructiveHint: false, openWorldHint: false },
  egress: { readOnlyHint: false, destructiveHint: false, openWorldHint: true },
  destructive: { readOnlyHint: false, destructiveHint: true, openWorldHint: false },
};

/** A server that acts for `actor`; each connection or request has one of its own. */
export function mcpServer(runtime: Runtime, tools: Tools, actor: Actor, version: string): Server {
  const server = new Server(
    { name: 'steward', version },
    {
      capabilities: { tools: {} },
      instructions: 'Tasks, goals, problems, memories and plans of the signed-in user.',
    },
  );
  const listed = [...tools.values()].filter(
    (tool) => tool.operation.access !== 'admin' || actor.role === 'admin',
  );
  server.setRequestHandler('tools/list', () => ({
    tools: listed.map((tool) => ({
      name: tool.name,
      description: tool.description,
      inputSchema: objectSchema(tool.inputSchema),
      annotations: { title: tool.operation.summary, ...ANNOTATIONS[tool.operation.effect] },
    })),
  }));
  server.setRequestHandler('tools/call', async ({ params }): Promise<CallToolResult> => {
    const requestId = newId();
    try {
      const tool = tools.get(params.name);
      if (!tool) throw new AppError('not_found', `there is no tool ${params.name}.`);
      const { body } = await runOperation(
        runtime,
        tool.operation,
        { actor, requestId },
        params.arguments ?? {},
      );
      return {
        content: [{ type: 'text', text: JSON.stringify(body) }],
        structuredContent: body as Record<string, unknown>,
      };
    } catch (error) {
      if (!(error instanceof AppError))
        log.error({ err: error, request_id: requestId, tool: params.name }, 'a defect');
      const known =
        error instanceof AppError ? error : new AppError('internal', 'something went wrong on our side.');
      return {
        isError: true,
        content: [{ type: 'text', text: JSON.stringify(errorBody(known, requestId)) }],
      };
    }
  });
  return server;
}

/** Mounts `/mcp`. The caller's key or session decides whose data it is. */
export function mountMcp(
  app: HttpApp,
  runtime: Runtime,
  tools: Tools,
  authenticate: Authenticate,
  version: string,
): void {
  app.all('/mcp', async (c) => {
    const actor = await authenticate(c.req.raw.headers);
    if (!actor) {
      c.header('www-authenticate', 'Bearer');
      throw new AppError('unauthorized', 'an MCP client needs an API key: steward keys create --label NAME.');
    }
    if (actor.kind === 'user')
      throw new AppError('forbidden', 'MCP clients sign in with an API key, not with a session.');
    return createMcpHandler(() => mcpServer(runtime, tools, actor, version)).fetch(c.req.raw);
  });
}

function objectSchema(schema: JsonSchema): McpTool['inputSchema'] {
  return { ...schema, type: 'object' } as McpTool['inputSchema'];
}
