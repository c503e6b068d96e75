/**
 * A model provider for tests: a real HTTP server that speaks the formats of OpenAI (chat completions, responses),
 * Anthropic (messages) and Google, streamed and not, and answers what it was told to, in order. It can also refuse,
 * fall silent, send nonsense and hang up in the middle.
 *
 * @example
 * const provider = await startProviderServer();
 * provider.script({ text: 'Hello' }, { toolCalls: [{ name: 'tasks_list', input: {} }] }, { status: 429, retryAfter: 1 });
 * process.env.STEWARD_OPENAI_BASE_URL = provider.url;   // chat completions; OPENAI_BASE_URL for responses
 * ...
 * expect(provider.requests[0].body.messages).toEqual(…);
 * await provider.close();
 */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Answer,
  type Failure,
  type Frame,
  type ScriptedUsage,
  WIRES,
  type Wire,
  type WireName,
} from './provider-wires.ts';

export interface Reply {
  /** The answer's text, streamed a word at a time; a list is streamed an item at a time. */
  readonly text?: string | readonly string[];
  /** An answer of JSON, as text. */
  readonly json?: unknown;
  readonly reasoning?: string;
  /** `input` as text is sent as it is, also when it is not JSON. */
  readonly toolCalls?: readonly { readonly name: string; readonly input: unknown; readonly id?: string }[];
  /** 10 in, 5 out unless told; null leaves it out where the format allows that. */
  readonly usage?: ScriptedUsage | null;
  readonly finish?: 'stop' | 'length';

  /** Anything but 200 is a refusal, with `error` as the provider's words. */
  readonly status?: number;
  /** Seconds; becomes the header. */
  readonly retryAfter?: number | string;
  readonly error?: string;
  /** The provider's own code for the error, such as `insufficient_quota`. */
  readonly code?: string;

  /** Milliseconds before anything is sent. */
  readonly delayMs?: number;
  /** Milliseconds between the pieces of the text. */
  readonly pieceMs?: number;
  /** Says nothing after so many pieces (0: nothing at all) and keeps the connection. */
  readonly hangAfter?: number;
  /** Cuts the connection after so many pieces. */
  readonly disconnectAfter?: number;
  /** Sends an event that is not JSON after so many pieces. */
  readonly nonsenseAfter?: number;
}

interface RecordedRequest {
  readonly wire: WireName;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
  /** The client went away before the answer was complete. */
  aborted: boolean;
}

type Script = Reply | ((request: RecordedRequest) => Reply);

export interface ProviderServer {
  /** `http://127.0.0.1:port`, without a path: any path that ends like a provider's is answered. */
  readonly url: string;
  readonly requests: RecordedRequest[];
  /** Appends replies; each answers one request. */
  script(...replies: Script[]): void;
  /** Answers every request for which there is no scripted reply; without it those are refused with 500. */
  otherwise(reply: Script | undefined): void;
  /** The models it has, for those who ask. */
  models(...names: string[]): void;
  /** Forgets requests and replies. */
  reset(): void;
  close(): Promise<void>;
}

export async function startProviderServer(): Promise<ProviderServer> {
  const requests: RecordedRequest[] = [];
  let queue: Script[] = [];
  let fallback: Script | undefined;
  let names: string[] = [];

  const server = createServer(async (incoming, response) => {
    try {
      const path = incoming.url!.split('?', 1)[0]!;
      let raw = '';
      for await (const data of incoming) raw += data;
      if (incoming.method === 'GET') {
        send(response, 200, {
          object: 'list',
          data: names.map((id) => ({ id })),
          models: names.map((name) => ({ name })),
        });
        return;
      }
      const wire = (Object.keys(WIRES) as WireName[]).find((name) => WIRES[name].path.test(path));
      if (!wire) {
        send(response, 404, { error: { message: `no such endpoint: ${path}` } });
        return;
      }
      const request: RecordedRequest = {
        wire,
        path,
        headers: incoming.headers,
        body: JSON.parse(raw),
        aborted: false,
      };
      requests.push(request);
      response.on('close', () => {
        if (!response.writableFinished) request.aborted = true;
      });
      const script = queue.shift() ??
        fallback ?? { status: 500, error: 'the test has no reply for this request' };
      await answer(WIRES[wire], request, typeof script === 'function' ? script(request) : script, response);
    } catch (error) {
      if (!response.headersSent) send(response, 500, { error: { message: (error as Error).message } });
      else response.destroy();
    }
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    script: (...replies) => void queue.push(...replies),
    otherwise: (reply) => {
      fallback = reply;
    },
    models: (...given) => {
      names = given;
    },
    reset: () => {
      requests.length = 0;
      queue = [];
      fallback = undefined;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  wire: Wire,
  request: RecordedRequest,
  reply: Reply,
  response: ServerResponse,
): Promise<void> {
  if (reply.delayMs) await sleep(reply.delayMs);
  if (reply.hangAfter === 0) return;
  if (reply.disconnectAfter === 0) {
    response.destroy();
    return;
  }
  if (reply.status !== undefined && reply.status !== 200) {
    const failure: Failure = {
      status: reply.status,
      message: reply.error ?? `refused with ${reply.status}`,
      code: reply.code,
    };
    if (reply.retryAfter !== undefined) response.setHeader('retry-after', String(reply.retryAfter));
    send(response, reply.status, wire.failure(failure));
    return;
  }
  const scripted = toAnswer(reply, request);
  if (!wire.streams(request)) {
    send(response, 200, wire.body(scripted));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  let pieces = 0;
  if (reply.nonsenseAfter === 0) response.write('data: {"this is not\n\n');
  for (const frame of wire.frames(scripted)) {
    if (frame.piece && pieces > 0 && reply.pieceMs) await sleep(reply.pieceMs);
    response.write(event(frame));
    if (!frame.piece) continue;
    pieces++;
    if (pieces === reply.nonsenseAfter) response.write('data: {"this is not\n\n');
    if (pieces === reply.hangAfter) return;
    if (pieces === reply.disconnectAfter) {
      // Lets what was written leave first.
      await sleep(20);
      response.destroy();
      return;
    }
  }
  response.end(wire.end);
}

function toAnswer(reply: Reply, request: RecordedRequest): Answer {
  const toolCalls = (reply.toolCalls ?? []).map(({ name, input, id }, index) => ({
    id: id ?? `call_${index + 1}`,
    name,
    input: typeof input === 'string' ? input : JSON.stringify(input),
  }));
  const text = reply.json === undefined ? (reply.text ?? '') : JSON.stringify(reply.json);
  return {
    pieces: typeof text === 'string' ? (text.match(/\s*\S+\s*$|\s*\S+/g) ?? []) : text,
    reasoning: reply.reasoning,
    toolCalls,
    usage: reply.usage === null ? undefined : (reply.usage ?? { input: 10, output: 5 }),
    finish: reply.finish ?? (toolCalls.length > 0 ? 'tool-calls' : 'stop'),
    model: typeof request.body.model === 'string' ? request.body.model : 'scripted',
  };
}

function event(frame: Frame): string {
  return `${frame.event ? `event: ${frame.event}\n` : ''}data: ${JSON.stringify(frame.data)}\n\n`;
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
