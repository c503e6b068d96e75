/**
 * A model that answers at once, in OpenAI's format, and says in its answer when it spoke (`@sent:…@`, on the clock
 * that all processes share) and how long it took altogether (`@own:…@`), so that whoever reads the answer can tell
 * the model's time from everybody else's. Asked for something "slow", it speaks a word every 20 ms. `GET /longest` says
 * how many bytes the longest request since the last such question had.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WIRES } from '../test/provider-wires.ts';

const WORDS = 'There are three things to do today and the first of them is to get a quote'.split(' ');
const PAUSE_MS = 20;

const now = (): number => Number(process.hrtime.bigint()) / 1e6;
const { chat } = WIRES;
let longest = 0;

const server = createServer(async (request, response) => {
  const begun = now();
  if (request.method === 'GET') {
    response.end(String(longest));
    longest = 0;
    return;
  }
  let body = '';
  for await (const data of request) body += data;
  longest = Math.max(longest, Buffer.byteLength(body));
  const { messages } = JSON.parse(body) as { messages: { role: string }[] };
  const slow = JSON.stringify(messages.findLast(({ role }) => role === 'user')).includes('slow');
  const frames = chat.frames({
    pieces: ['', ...WORDS.map((word) => ` ${word}`), ''],
    reasoning: undefined,
    toolCalls: [],
    usage: { input: 100, output: WORDS.length },
    finish: 'stop',
    model: 'bench',
  });
  const pieces = frames.filter(({ piece }) => piece);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const frame of frames) {
    let data = JSON.stringify(frame.data);
    const say = (text: string): string => data.replace('"content":""', `"content":"${text}"`);
    if (frame === pieces[0]) data = say(`@sent:${now().toFixed(3)}@`);
    if (frame === pieces.at(-1)) data = say(`@own:${(now() - begun).toFixed(3)}@`);
    response.write(`data: ${data}\n\n`);
    if (slow && frame.piece && frame !== pieces.at(-1)) await sleep(PAUSE_MS);
  }
  response.end(chat.end);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
process.once('SIGTERM', () => process.exit(0));
