/** The isolation matrix, made from the catalogue: a new table is covered without anyone remembering. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { roleUrl } from '../src/platform/database/roles.ts';
import { newId } from '../src/platform/ids.ts';
import { SERVERS, startTestApp, type TestApp, type TestUser } from './harness.ts';

/** What holds no tenant's rows, and why the application's role may not read it. */
const NOT_TENANT = new Set([
  'steward_migrations',
  'workers',
  'auth_sessions',
  'auth_accounts',
  'auth_verifications',
  'auth_rate_limits',
  'two_factors',
  'passkeys',
  'sign_in_links',
  'api_keys',
  'agent_templates',
]);
/** Its rows are users, so its key is `id`. */
const KEYED_BY_ID = new Set(['users']);

/** Values for columns whose checks want a particular form. */
const PARTICULAR: Readonly<Record<string, string>> = { 'settings.key': 'model.default' };

interface Column {
  readonly name: string;
  readonly type: string;
  /** The first value of its check, where one lists them. */
  readonly allowed: string | null;
}

describe.each(SERVERS)('row-level security on the %s server', (server) => {
  let app: TestApp;
  let owner: TestUser;
  let other: TestUser;
  let asApp: pg.Client;
  let asOwner: pg.Client;
  /** The server's superuser, who may plant rows without their parents. */
  let asAdmin: pg.Client;
  let tables: string[];

  beforeAll(async () => {
    app = await startTestApp({ server, concurrency: 0 });
    owner = await app.createUser();
    other = await app.createUser();
    const url = app.config.databaseUrl!;
    asApp = new pg.Client({ connectionString: roleUrl(url, 'steward_app', '') });
    asOwner = new pg.Client({ connectionString: roleUrl(url, 'steward_owner', '') });
    asAdmin = new pg.Client({ connectionString: url });
    await Promise.all([asApp.connect(), asOwner.connect(), asAdmin.connect()]);
    await asAdmin.query(`set session_replication_role = replica`);
    const { rows } = await asOwner.query<{ name: string }>(
      `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') order by 1`,
    );
    tables = rows.map((row) => row.name).filter((name) => !NOT_TENANT.has(name));
  });

  afterAll(async () => {
    await Promise.all([asApp?.end(), asOwner?.end(), asAdmin?.end()]);
    await app?.close();
  });

  /** Runs `fn` as the application for `userId` (or for nobody) and takes everything back. */
  async function attempt<T>(
    userId: string | undefined,
    fn: () => Promise<T>,
  ): Promise<T | { error: string }> {
    await asApp.query('begin');
    if (userId) await asApp.query(`select set_config('app.user_id', $1, true)`, [userId]);
    try {
      return await fn();
    } catch (error) {
      return { error: (error as pg.DatabaseError).code ?? String(error) };
    } finally {
      await asApp.query('rollback');
    }
  }

  test('every tenant table has forced policies and leads with its user', async () => {
    const { rows } = await asOwner.query<{ name: string; forced: boolean; policies: number }>(
      `select relname as name, relrowsecurity and relforcerowsecurity as forced,
              (select count(*)::int from pg_policy where polrelid = c.oid) as policies
       from pg_class c where relnamespace = 'public'::regnamespace and relname = any($1)`,
      [tables],
    );
    expect(rows.filter((row) => !row.forced || row.policies < 1)).toEqual([]);
    expect(rows.length).toBeGreaterThan(10);
  });

  test('each operation of the matrix: owner yes, other user and nobody no', async () => {
    const failures: string[] = [];
    for (const table of tables) {
      const key = KEYED_BY_ID.has(table) ? 'id' : 'user_id';
      // Users are there already.
      if (key === 'user_id') await plant(asAdmin, table, key, owner.userId);
      const rights = await asOwner.query<{
        insert: boolean;
        update: boolean;
        delete: boolean;
        select: boolean;
      }>(
        `select has_table_privilege('steward_app', $1, 'insert') as insert,
                has_table_privilege('steward_app', $1, 'update') as update,
                has_table_privilege('steward_app', $1, 'delete') as delete,
                has_any_column_privilege('steward_app', $1, 'select') as select`,
        [table],
      );
      const may = rights.rows[0]!;
      const count = async (user: string | undefined, sql: string): Promise<number | string> => {
        const result = await attempt(user, async () => (await asApp.query(sql)).rowCount ?? 0);
        return typeof result === 'number' ? result : result.error;
      };
      const condition = `${key} = '${owner.userId}'`;
      for (const [verb, sql] of [
        ['select', `select ${key} from ${table} where ${condition}`],
        ['update', `update ${table} set ${key} = ${key} where ${condition}`],
        ['delete', `delete from ${table} where ${condition}`],
      ] as const) {
        const refused = '42501';
        for (const [who, id] of [
          ['other', other.userId],
          ['nobody', undefined],
        ] as const) {
          const seen = await count(id, sql);
          if (seen !== 0 && seen !== refused) failures.push(`${table}: ${who} may ${verb} (${seen})`);
        }
        const own = await count(owner.userId, sql);
        const allowed = may[verb];
        if (allowed ? typeof own === 'number' && own < 1 : own !== refused) {
          failures.push(`${table}: the owner's ${verb} gave ${own}`);
        }
        if (allowed && own === refused) failures.push(`${table}: the owner may not ${verb}`);
      }
      for (const [who, id] of [
        ['other', other.userId],
        ['nobody', undefined],
      ] as const) {
        const planted = await attempt(id, () => plant(asApp, table, key, owner.userId));
        if (planted === undefined) failures.push(`${table}: ${who} may insert for the owner`);
      }
      if (key === 'user_id') await asAdmin.query(`delete from ${table} where user_id = $1`, [owner.userId]);
    }
    expect(failures).toEqual([]);
  });

  test('without naming a reason even the owner of the tables sees nothing', async () => {
    for (const table of tables) {
      const { rows } = await asOwner.query(`select 1 from ${table} limit 1`);
      expect({ table, rows }).toEqual({ table, rows: [] });
    }
  });

  test('the application owns nothing, bypasses nothing and becomes nobody else', async () => {
    const { rows } = await asOwner.query(
      `select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb from pg_roles where rolname = 'steward_app'`,
    );
    expect(rows).toEqual([
      { rolsuper: false, rolbypassrls: false, rolcreaterole: false, rolcreatedb: false },
    ]);
    const owned = await asOwner.query(`select relname from pg_class where relowner = 'steward_app'::regrole`);
    expect(owned.rows).toEqual([]);
    expect(await attempt(owner.userId, () => asApp.query('set role steward_owner'))).toEqual({
      error: '42501',
    });
    expect(await attempt(owner.userId, () => asApp.query('create table mine (id int)'))).toEqual({
      error: '42501',
    });
    for (const table of NOT_TENANT) {
      const known = await asOwner.query('select to_regclass($1) is not null as there', [table]);
      if (!known.rows[0].there) continue;
      expect({
        table,
        result: await attempt(owner.userId, () => asApp.query(`select * from ${table}`)),
      }).toEqual({
        table,
        result: { error: '42501' },
      });
    }
  });

  test('a link to a parent of another user is impossible, not merely refused', async () => {
    const { rows } = await asOwner.query<{ constraint: string }>(
      `select conrelid::regclass || '.' || conname as constraint
       from pg_constraint k
       where contype = 'f' and connamespace = 'public'::regnamespace
         and conrelid::regclass::text = any($1) and confrelid::regclass::text = any($1) and confrelid <> 'users'::regclass
         and not exists (select from pg_attribute a where a.attrelid = conrelid and a.attname = 'user_id' and a.attnum = any(conkey))`,
      [tables],
    );
    expect(rows).toEqual([]);
  });
});

/** Puts a row of the plainest values that the columns' checks allow into `table`. */
async function plant(client: pg.Client, table: string, key: string, userId: string): Promise<void> {
  const { rows: columns } = await client.query<Column>(
    `select attname as name, format_type(atttypid, null) as type,
            (select substring(pg_get_constraintdef(k.oid) from $2) from pg_constraint k
             where k.conrelid = a.attrelid and k.contype = 'c' and k.conkey = array[a.attnum]
               and pg_get_constraintdef(k.oid) ~ '(ARRAY\\[|= )''' limit 1) as allowed
     from pg_attribute a
     where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''
       and attnotnull and not atthasdef and attidentity = ''`,
    [table, "'([^']*)'::text"],
  );
  const values: Record<string, string> = { [key]: userId };
  for (const { name, type, allowed } of columns)
    if (name !== key) values[name] = PARTICULAR[`${table}.${name}`] ?? allowed ?? plain(type);
  const names = Object.keys(values);
  const places = names.map((_name, index) => `$${index + 1}`);
  await client.query(
    `insert into ${table} (${names.join(', ')}) values (${places.join(', ')})`,
    Object.values(values),
  );
}

function plain(type: string): string {
  switch (type) {
    case 'uuid':
      return newId();
    case 'integer':
    case 'smallint':
    case 'bigint':
    case 'numeric':
      return '1';
    case 'boolean':
      return 'true';
    case 'jsonb':
    case 'json':
      return '{}';
    case 'date':
      return '2026-01-01';
    case 'timestamp with time zone':
      return '2026-01-01T00:00:00Z';
    case 'text[]':
      return '{}';
    default:
      return 'x';
  }
}
