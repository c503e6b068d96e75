/** The process that sends the requests of a benchmark, so that sending them does not slow down who answers. */
import { Agent, type IncomingMessage, request } from 'node:http';
import { quantile } from './report.ts';

export interface Request {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** For how long, in milliseconds, or how often. */
type Until = { readonly ms: number } | { readonly count: number };

/** Sends `requests` in turn, over and over, each connection one at a time. */
export interface RequestsJob {
  readonly kind: 'requests';
  readonly origin: string;
  readonly requests: readonly Request[];
  readonly connections: number;
  readonly until: Until;
}

/** Each client says something, hears the answer to its end, and goes on. */
export interface TurnsJob {
  readonly kind: 'turns';
  readonly origin: string;
  /** What each client says, in turn; the same again after the last. */
  readonly clients: readonly (readonly Request[])[];
  readonly until: Until;
}

export type Job = RequestsJob | TurnsJob;

interface RequestsResult {
  readonly perSecond: number;
  /** The median, in milliseconds. */
  readonly p50: number;
}

interface TurnsResult {
  readonly perSecond: number;
  /** Medians in milliseconds: the whole turn less the model's own time, and from the model's first word to ours. */
  readonly overhead: number;
  readonly firstToken: number;
}

export type JobResult<J extends Job> = J extends RequestsJob ? RequestsResult : TurnsResult;

/** Milliseconds on a clock that all processes of this machine share. */
const now = (): number => Number(process.hrtime.bigint()) / 1e6;

function send(agent: Agent, origin: URL, { method, path, headers, body }: Request): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        agent,
        host: origin.hostname,
        port: origin.port,
        method,
        path,
        headers: {
          ...headers,
          ...(body === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
        },
      },
      resolve,
    );
    sent.once('error', reject);
    sent.end(body);
  });
}

/** Runs `work` on so many connections until time or number is up. */
async function repeat(
  connections: number,
  until: Until,
  work: (connection: number, turn: number) => Promise<void>,
): Promise<{ perSecond: number }> {
  const begun = now();
  let done = 0;
  const more = (turn: number): boolean =>
    'ms' in until ? now() - begun < until.ms : turn < until.count / connections;
  await Promise.all(
    Array.from({ length: connections }, async (_, connection) => {
      for (let turn = 0; more(turn); turn++) {
        await work(connection, turn);
        done++;
      }
    }),
  );
  return { perSecond: done / ((now() - begun) / 1000) };
}

async function requests(job: RequestsJob): Promise<RequestsResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: job.connections });
  const origin = new URL(job.origin);
  const times: number[] = [];
  let next = 0;
  const { perSecond } = await repeat(job.connections, job.until, async () => {
    const wanted = job.requests[next++ % job.requests.length]!;
    const begun = now();
    const answer = await send(agent, origin, wanted);
    let text = '';
    for await (const data of answer) text += data;
    times.push(now() - begun);
    if (answer.statusCode! >= 300)
      throw new Error(`${wanted.method} ${wanted.path}: ${answer.statusCode} ${text}`);
  });
  agent.destroy();
  return { perSecond, p50: quantile(times, 0.5) };
}

/** The model says when it spoke first, and at its end how long it took; see model.ts. */
async function turns(job: TurnsJob): Promise<TurnsResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: job.clients.length });
  const origin = new URL(job.origin);
  const overheads: number[] = [];
  const firsts: number[] = [];
  const { perSecond } = await repeat(job.clients.length, job.until, async (client, turn) => {
    const says = job.clients[client]!;
    const begun = now();
    const answer = await send(agent, origin, says[turn % says.length]!);
    let text = '';
    let heard: number | undefined;
    for await (const data of answer) {
      text += data;
      if (heard === undefined && text.includes('@sent:')) heard = now();
    }
    const total = now() - begun;
    const sent = Number(/@sent:([\d.]+)@/.exec(text)?.[1]);
    const own = Number(/@own:([\d.]+)@/.exec(text)?.[1]);
    if (heard === undefined || Number.isNaN(sent + own))
      throw new Error(`a turn was not answered: ${answer.statusCode} ${text.slice(0, 500)}`);
    firsts.push(heard - sent);
    overheads.push(total - own);
  });
  agent.destroy();
  return { perSecond, overhead: quantile(overheads, 0.5), firstToken: quantile(firsts, 0.5) };
}

process.on('message', (job: Job) => {
  (job.kind === 'requests' ? requests(job) : turns(job)).then(
    (result) => process.send!({ result }),
    (error: Error) => process.send!({ error: error.message }),
  );
});
