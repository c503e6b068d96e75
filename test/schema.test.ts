/** docs/schema.sql shows the whole schema, so that a review of a migration shows what it changes. `npm run schema` writes it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { expect, test } from 'vitest';
import { openConfiguredDatabase } from '../src/platform/database/open.ts';
import { freshDatabase } from './harness.ts';

/** What each table is made of, in an order that depends on names alone. */
const DUMP = `
  with tables as (
    select c.oid, c.oid::regclass::text as name, c.relrowsecurity as rls, c.relforcerowsecurity as forced, c.relpersistence = 'u' as unlogged
    from pg_class c where relkind = 'r' and relnamespace = 'public'::regnamespace and relname <> 'steward_migrations'
  ), lines as (
    select name, 0 as part, '' as sort, format('create%s table %s', case when unlogged then ' unlogged' else '' end, name) as line from tables
    union all
    select name, 1, lpad(attnum::text, 4, '0'), format('  %s %s%s%s', attname, format_type(atttypid, atttypmod),
      case when attnotnull then ' not null' else '' end, coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), ''))
    from tables join pg_attribute a on attrelid = tables.oid and attnum > 0 and not attisdropped
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    union all
    select name, 2, contype::text || conname, '  ' || pg_get_constraintdef(k.oid) from tables join pg_constraint k on conrelid = tables.oid and contype <> 'n'
    union all
    select name, 3, indexrelid::regclass::text, '  ' || pg_get_indexdef(indexrelid) from tables join pg_index on indrelid = tables.oid
    where not exists (select from pg_constraint where conindid = indexrelid and contype in ('p', 'u'))
    union all
    select name, 4, polname, format('  policy %s to %s using %s', polname, polroles::regrole[]::text, pg_get_expr(polqual, polrelid))
    from tables join pg_policy on polrelid = tables.oid
    union all
    select name, 5, '', format('  row-level security%s', case when forced then ', forced' else '' end) from tables where rls
    union all
    select name, 6, privilege_type, format('  %s may %s', grantee, lower(privilege_type)) from tables
    join information_schema.table_privileges on table_schema = 'public' and table_name = name and grantee = 'steward_app'
    union all
    select name, 7, tgname, '  ' || pg_get_triggerdef(t.oid) from tables join pg_trigger t on tgrelid = tables.oid and not tgisinternal
  )
  select string_agg(line, E'\\n' order by name, part, sort) as text from lines`;

test('docs/schema.sql is the schema', async () => {
  const home = await mkdtemp(join(tmpdir(), 'steward-schema-'));
  const databaseUrl = await freshDatabase();
  await (await openConfiguredDatabase({ home, databaseUrl })).close();
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const { rows } = await client.query<{ text: string }>(DUMP);
  await client.end();
  await rm(home, { recursive: true });
  const text = rows[0]!.text.replaceAll(/^create/gm, '\ncreate').trimStart();
  await expect(`${text}\n`).toMatchFileSnapshot('../docs/schema.sql');
});
