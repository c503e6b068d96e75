/** Our MCP server against the official conformance suite: every scenario that needs nothing but a server of tools. */
import { execFile } from 'node:child_process';
import { createServer, request, type Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from './harness.ts';

/** The others want the resources, prompts and test tools of the suite's own example server. */
const SCENARIOS = [
  'server-initialize',
  'ping',
  'tools-list',
  'server-sse-multiple-streams',
  'dns-rebinding-protection',
];

let app: TestApp;
let proxy: Server;
let url: string;

// The suite sends no key: this stands between and adds one, and passes everything else on as it is.
beforeAll(async () => {
  app = await startTestApp();
  const { apiKey } = await app.createUser();
  const target = new URL(app.url);
  proxy = createServer((incoming, outgoing) => {
    const { host: _, ...headers } = incoming.headers;
    const forged =
      incoming.headers.host?.startsWith('127.0.0.1') || incoming.headers.host?.startsWith('localhost');
    const forwarded = request(
      {
        host: target.hostname,
        port: target.port,
        method: incoming.method,
        path: incoming.url,
        headers: {
          ...headers,
          host: forged ? target.host : incoming.headers.host,
          authorization: `Bearer ${apiKey}`,
        },
      },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(proxy.address() as { port: number }).port}/mcp`;
});
afterAll(async () => {
  proxy?.closeAllConnections();
  proxy?.close();
  await app?.close();
});

test.each(SCENARIOS)('%s', async (scenario) => {
  const program = join(
    import.meta.dirname,
    '../node_modules/@modelcontextprotocol/conformance/dist/index.js',
  );
  const { code, output } = await new Promise<{ code: number; output: string }>((resolve) => {
    execFile(
      process.execPath,
      [program, 'server', '--url', url, '--scenario', scenario],
      (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code ?? 1) : 0, output: `${stdout}\n${stderr}` }),
    );
  });
  expect(code, output).toBe(0);
});
