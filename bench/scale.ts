/** The same requests of the same user, among few others and among many: what grows with the others is missing an index. */
import { createHash } from 'node:crypto';
import pg from 'pg';
import type { Request } from './clients.ts';
import type { Load } from './processes.ts';
import { type Product, startProduct } from './product.ts';
import type { Row } from './report.ts';

/** Every user has as many tasks in both, so that only the others differ. */
const TASKS_EACH = 1000;
const FEW = 10;
/** Users that ask in a round. */
const ASKING = 10;

const PATHS = {
  'list 20 tasks': '/v1/tasks?limit=20',
  'search tasks': '/v1/tasks?q=ceramic&limit=20',
  'plan of today': '/v1/plan/get_today',
} as const;
type Name = keyof typeof PATHS;
const NAMES = Object.keys(PATHS) as Name[];

export async function measureScale(options: {
  load: Load;
  rounds: number;
  /** Users of the large database. */
  users: number;
  /** Requests of each user, kind and round. */
  requests: number;
}): Promise<Row[]> {
  const { load, rounds, users, requests } = options;
  const small = await startProduct();
  const large = await startProduct().catch(async (error: unknown) => {
    await small.stop();
    throw error;
  });
  try {
    await fill(small, FEW);
    await fill(large, users);
    const measured = Object.fromEntries(NAMES.map((name) => [name, [[], []]])) as unknown as Record<
      Name,
      [number[], number[]]
    >;
    for (let round = 0; round <= rounds; round++) {
      for (const [index, { product, among }] of [
        { product: small, among: FEW },
        { product: large, among: users },
      ].entries()) {
        // Others ask in each round, so that the large database does not answer from what it has just read.
        const asking = Array.from({ length: ASKING }, (_, user) => (round * ASKING + user * 97) % among);
        const ask = (path: string): Request[] =>
          asking.map((user) => ({
            method: 'GET',
            path,
            headers: { authorization: `Bearer ${keyOf(user)}` },
          }));
        const run = (path: string, count: number) =>
          load.run({
            kind: 'requests',
            origin: product.url,
            requests: ask(path),
            connections: 1,
            until: { count },
          });
        // Who a key belongs to is looked up once, and is not what is measured.
        await run('/v1/me', ASKING);
        for (const name of NAMES) {
          const { p50 } = await run(PATHS[name], ASKING * requests);
          // The first round warms the code.
          if (round > 0) measured[name][index]!.push(p50);
        }
      }
    }
    return NAMES.map((name) => ({
      name: `${name}, ${(users * TASKS_EACH).toLocaleString('en')} rows of ${users.toLocaleString('en')} users, p50`,
      unit: 'ms',
      product: measured[name][1],
      baseline: measured[name][0],
      against: `${(FEW * TASKS_EACH).toLocaleString('en')} rows of ${FEW} users`,
      target: { of: 'ratio', atMost: 1.5 },
    }));
  } finally {
    await Promise.all([small.stop(), large.stop()]);
  }
}

function keyOf(user: number): string {
  return `bench-${user}`;
}

/** The id of the n-th user, in SQL. */
const USER = `('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid`;

/**
 * Users with a key, 10 goals and 1,000 tasks each: a third unfinished, a twentieth linked to a goal. Tasks of all
 * users come in turn, as they do in life, so that one user's rows lie apart.
 */
async function fill(product: Product, users: number): Promise<void> {
  const client = new pg.Client({
    connectionString: await product.command('db', 'url', '--role', 'owner'),
    options: '-c app.service=bench -c synchronous_commit=off',
  });
  await client.connect();
  try {
    await client.query(
      `insert into users (id, email, name) select ${USER}, n || '@example.test', 'User ' || n
       from generate_series(0, $1::int - 1) n`,
      [users],
    );
    const hashes = Array.from({ length: users }, (_, user) =>
      createHash('sha256').update(keyOf(user)).digest('hex'),
    );
    // Used just now, so that no request has to say that it was.
    await client.query(
      `insert into api_keys (key_hash, id, user_id, label, last_used)
       select hash, uuidv7(), ${USER}, 'bench', now() + interval '1 hour'
       from (select hash, position - 1 as n from unnest($1::text[]) with ordinality as keys (hash, position)) k`,
      [hashes],
    );
    await client.query(
      `insert into goals (id, user_id, title, title_norm)
       select uuidv7(), ${USER}, 'Goal ' || goal, 'goal ' || goal
       from generate_series(0, $1::int - 1) n, generate_series(1, 10) goal`,
      [users],
    );
    const batch = 100;
    for (let from = 0; from < TASKS_EACH; from += batch) {
      await client.query(
        `insert into tasks (id, user_id, title, title_norm, notes, status, priority, due_date, tags, completed_at)
         select uuidv7(), ${USER}, title, lower(title), 'Ask for the price, the date and the guarantee.',
                case when task % 3 = 0 then 'open' else 'done' end, 1 + task % 4,
                case when task % 2 = 0 then current_date + task % 60 - 20 end, array['home'],
                case when task % 3 = 0 then null else now() end
         from (select task, n from generate_series($2::int, $2::int + $3::int - 1) task, generate_series(0, $1::int - 1) n
               order by task, n) as turns,
              lateral (select 'Order part ' || task || case when task % 50 = 0 then ' of the ceramic tiles' else ' of the pump' end as title) t`,
        [users, from, batch],
      );
    }
    await client.query(
      `insert into entity_links (id, user_id, from_entity_type, from_entity_id, to_entity_type, to_entity_id, link_type)
       select uuidv7(), t.user_id, 'task', t.id, 'goal', g.id, 'supports_goal'
       from (select *, split_part(title_norm, ' ', 3)::int as n from tasks) t
       join goals g on g.user_id = t.user_id and g.title_norm = 'goal ' || (n % 10 + 1)
       where n % 20 = 0`,
    );
    await client.query('vacuum analyze');
  } finally {
    await client.end();
  }
}
