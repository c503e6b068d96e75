/**
 * What the product is measured against: the least that could answer the same requests. One HTTP handler, SQL straight
 * through `pg`, no accounts, no isolation, no validation, no ledger.
 *
 * Arguments: the owner's database URL, the user's id, the model's URL.
 */
import { randomUUID } from 'node:crypto';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';

const [databaseUrl, userId, providerUrl] = process.argv.slice(2) as [string, string, string];
// The policies let the owner see everything once it has named a reason; here for good, so that it costs nothing.
const pool = new pg.Pool({ connectionString: databaseUrl, max: 8, options: '-c app.service=bench' });
const agent = new Agent({ keepAlive: true });
const provider = new URL(providerUrl);

const LIST = `select id, user_id, title, title_norm, notes, status, priority, impact_score, due_date, due_time, tags,
  snoozed_until, source_inbox_item_id, created_at, updated_at, completed_at, archived_at
  from tasks where user_id = $1 order by id desc limit 21`;
const INSERT_TASK = `insert into tasks (id, user_id, title, title_norm, priority, tags)
  values ($1, $2, $3, lower($3), $4, '{}') returning *`;
const INSERT_EVENT = `insert into event_log (id, user_id, request_id, actor_kind, event_type, entity_type, entity_id)
  values ($1, $2, 'bench', 'key', 'task.created', 'task', $3)`;
const INSERT_MESSAGE = `insert into messages (id, user_id, conversation_id, role, parts) values ($1, $2, $3, $4, $5)`;

async function read(incoming: IncomingMessage): Promise<Record<string, string>> {
  let text = '';
  for await (const data of incoming) text += data;
  return JSON.parse(text) as Record<string, string>;
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

async function list(response: ServerResponse): Promise<void> {
  const { rows } = await pool.query(LIST, [userId]);
  answer(response, 200, { items: rows.slice(0, 20), next_cursor: rows.length > 20 ? rows[19].id : null });
}

async function create(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const { title, priority } = await read(incoming);
  const client = await pool.connect();
  try {
    const id = randomUUID();
    await client.query('begin');
    const { rows } = await client.query(INSERT_TASK, [id, userId, title, priority]);
    await client.query(INSERT_EVENT, [randomUUID(), userId, id]);
    await client.query('commit');
    answer(response, 201, rows[0]);
  } finally {
    client.release();
  }
}

/** Keeps the message, asks the model, passes on what it sends as it is, and keeps the answer. */
async function relay(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const { conversation_id, message } = await read(incoming);
  const keep = (role: string, text: string) =>
    pool.query(INSERT_MESSAGE, [
      randomUUID(),
      userId,
      conversation_id,
      role,
      JSON.stringify([{ type: 'text', text }]),
    ]);
  await keep('user', message!);
  const body = JSON.stringify({
    model: 'bench',
    stream: true,
    messages: [{ role: 'user', content: message }],
  });
  const model = await new Promise<IncomingMessage>((resolve, reject) => {
    const asked = request(
      {
        agent,
        host: provider.hostname,
        port: provider.port,
        method: 'POST',
        path: '/v1/chat/completions',
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      },
      resolve,
    );
    asked.once('error', reject);
    asked.end(body);
  });
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  let said = '';
  for await (const data of model) {
    said += data;
    response.write(data);
  }
  await keep('assistant', said);
  response.end();
}

const server = createServer((incoming, response) => {
  const work =
    incoming.method === 'GET'
      ? list(response)
      : incoming.url === '/v1/tasks'
        ? create(incoming, response)
        : relay(incoming, response);
  work.catch((error: Error) => answer(response, 500, { error: error.message }));
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
process.once('SIGTERM', () => process.exit(0));
