import { createHmac } from 'node:crypto';
import pg from 'pg';
import { AppError } from '../errors.ts';

export type Role = 'steward_owner' | 'steward_app';
const ROLES: readonly Role[] = ['steward_owner', 'steward_app'];

/**
 * The password of a role, derived from the administrator's: every node that may administer the database arrives at
 * the same one without sharing a file, and nobody else can.
 */
function rolePassword(admin: URL, role: Role, fallbackSecret: string): string {
  const secret = admin.password === '' ? fallbackSecret : decodeURIComponent(admin.password);
  return createHmac('sha256', secret).update(`steward role ${role}`).digest('base64url');
}

/** @returns the URL with which `role` logs in to the database that `adminUrl` names. */
export function roleUrl(adminUrl: string, role: Role, fallbackSecret: string): string {
  const url = new URL(adminUrl);
  const password = rolePassword(url, role, fallbackSecret);
  url.username = role;
  url.password = password;
  return url.toString();
}

/**
 * Makes the two login roles and gives them what they need in this database; harmless when all is there already.
 *
 * @param adminUrl a role that may create roles, on PostgreSQL 15 or newer
 * @throws AppError `database_unreachable`, `database_version` or `configuration`
 */
export async function prepareRoles(adminUrl: string, fallbackSecret: string): Promise<void> {
  const admin = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 10_000 });
  admin.on('error', () => undefined);
  try {
    await admin.connect();
  } catch (cause) {
    throw new AppError(
      'database_unreachable',
      `cannot log in to the database: ${(cause as Error).message}. Check DATABASE_URL, and that the server is running.`,
      { cause },
    );
  }
  try {
    const { rows } = await admin.query<{ version: number; name: string }>(
      `select current_setting('server_version_num')::int as version, current_database() as name`,
    );
    const { version, name } = rows[0]!;
    if (version < 150_000) {
      throw new AppError(
        'database_version',
        `the database server is PostgreSQL ${Math.floor(version / 10_000)}; Steward needs 15 or newer.`,
      );
    }
    await admin.query('select pg_advisory_lock(4747, 0)');
    for (const role of ROLES) {
      const password = pg.escapeLiteral(rolePassword(new URL(adminUrl), role, fallbackSecret));
      const exists = await admin.query('select from pg_roles where rolname = $1', [role]);
      const created = exists.rowCount === 0 && (await createRole(admin, role, password));
      if (!created && !(await canLogIn(roleUrl(adminUrl, role, fallbackSecret)))) {
        await admin.query(`alter role ${role} login password ${password}`);
      }
    }
    const database = pg.escapeIdentifier(name);
    await admin.query(`
      revoke create on schema public from public;
      grant connect, create on database ${database} to steward_owner;
      grant connect on database ${database} to steward_app;
      grant usage, create on schema public to steward_owner;
      grant usage on schema public to steward_app;
    `);
  } catch (cause) {
    if ((cause as pg.DatabaseError).code !== '42501') throw cause;
    throw new AppError(
      'configuration',
      `the role in DATABASE_URL may not do enough: ${(cause as Error).message}. It must be one that may create roles, and own the database.`,
      { cause },
    );
  } finally {
    await admin.end();
  }
}

/** SQLSTATEs of a role that is there already, or is being made at this moment. */
const EXISTS = new Set(['42710', '23505']);

/**
 * Roles belong to the whole cluster, the advisory lock to one database: two installations that start together may
 * both come here.
 *
 * @returns false when somebody else was faster
 */
async function createRole(admin: pg.Client, role: string, password: string): Promise<boolean> {
  try {
    await admin.query(
      `create role ${role} login nosuperuser nobypassrls nocreatedb nocreaterole password ${password}`,
    );
    return true;
  } catch (error) {
    if (EXISTS.has((error as pg.DatabaseError).code ?? '')) return false;
    throw error;
  }
}

async function canLogIn(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end();
  }
}
