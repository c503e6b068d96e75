/** The turn: what the product adds to the time of the model, against a relay that does no more than two writes. */
import type { Request } from './clients.ts';
import type { Load, Program } from './processes.ts';
import type { Row } from './report.ts';

const CLIENTS = 8;
/** Messages of a conversation before the next is begun: history grows as it does for people. */
const MESSAGES = 8;
const AGAINST = 'a bare SSE relay with two writes';

export async function measureTurns(options: {
  load: Load;
  product: Program;
  bare: Program;
  provider: Program;
  /** Of a user with many tasks. */
  headers: Record<string, string>;
  /** Of one who has nothing yet. */
  newcomer: Record<string, string>;
  rounds: number;
  /** Turns of a single client a round. */
  turns: number;
  /** Milliseconds for which 8 clients talk at once. */
  ms: number;
}): Promise<Row[]> {
  const { load, product, bare, provider, headers, newcomer, rounds, turns, ms } = options;

  const post = async (path: string, body: object, who = headers): Promise<Response> => {
    const response = await fetch(`${product.url}${path}`, {
      method: 'POST',
      headers: { ...who, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response;
  };
  /** Conversations that are there before the clock starts, and what is said in each. */
  const script = async (conversations: number, message: string): Promise<Request[]> => {
    const says: Request[] = [];
    for (let made = 0; made < conversations; made++) {
      const { id } = (await (await post('/v1/conversations', {})).json()) as { id: string };
      const body = JSON.stringify({ conversation_id: id, message });
      says.push(...Array<Request>(MESSAGES).fill({ method: 'POST', path: '/v1/chat', headers, body }));
    }
    return says;
  };

  const longest = async (): Promise<number> => Number(await (await fetch(`${provider.url}/longest`)).text());
  await load.run({ kind: 'turns', origin: bare.url, clients: [await script(1, 'hi')], until: { count: 1 } });
  const bareBytes = await longest();
  const firstPrompt = async (who: Record<string, string>): Promise<number> => {
    await (await post('/v1/chat', { message: 'What should I do today?' }, who)).text();
    return longest();
  };
  const promptBytes = await firstPrompt(newcomer);
  const busyBytes = await firstPrompt(headers);

  const both = [bare, product] as const;
  const single = await script(Math.ceil((turns * (rounds + 1)) / MESSAGES), 'What should I do today?');
  const slow = await script(2, 'Think slow: what should I do today?');
  for (const { url } of both)
    await load.run({ kind: 'turns', origin: url, clients: [single], until: { count: turns } });
  const overhead: number[][] = [[], []];
  const firstToken: number[][] = [[], []];
  const perSecond: number[][] = [[], []];
  for (let round = 0; round < rounds; round++) {
    const fresh = await script(Math.ceil(turns / MESSAGES), 'What should I do today?');
    const crowd: Request[][] = [];
    for (let client = 0; client < CLIENTS; client++)
      crowd.push(await script(Math.ceil(ms / 150), 'What should I do today?'));
    for (const [index, { url: origin }] of both.entries()) {
      const alone = await load.run({ kind: 'turns', origin, clients: [fresh], until: { count: turns } });
      overhead[index]!.push(alone.overhead);
      const paced = await load.run({ kind: 'turns', origin, clients: [slow], until: { count: 8 } });
      firstToken[index]!.push(paced.firstToken);
      const together = await load.run({ kind: 'turns', origin, clients: crowd, until: { ms } });
      perSecond[index]!.push(together.perSecond);
    }
  }
  const row = (
    name: string,
    unit: Row['unit'],
    measured: number[][],
    target: NonNullable<Row['target']>,
    against = AGAINST,
  ): Row => ({ name, unit, product: measured[1]!, baseline: measured[0]!, against, target });
  return [
    row('turn overhead, p50', 'ms', overhead, { of: 'value', atMost: 10 }),
    row('turns, 8 clients', '/s', perSecond, { of: 'value', atLeast: 150 }),
    row('first token relayed after the provider sent it, p50', 'ms', firstToken, { of: 'value', atMost: 5 }),
    row(
      'prompt of a first turn, tools included',
      'bytes',
      [[bareBytes], [promptBytes]],
      { of: 'value', atMost: 8000 },
      'the message alone',
    ),
    {
      name: 'the same for a user with many tasks, 25 of them named',
      unit: 'bytes',
      product: [busyBytes],
      baseline: [bareBytes],
      against: 'the message alone',
    },
  ];
}
