import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { z } from 'zod';
import { AppError } from './errors.ts';

/** What the operator decides. Flags win over the environment, the environment over the defaults. */
export interface Config {
  /** Where everything of this installation lives, as an absolute path. */
  readonly home: string;
  readonly host: string;
  /** 0 lets the system choose a free port. */
  readonly port: number;
  /** An external PostgreSQL, as a role that may create roles; undefined means the embedded server. */
  readonly databaseUrl: string | undefined;
  /** Where browsers reach the server, when that is not `http://host:port` (behind a proxy). */
  readonly publicUrl: string | undefined;
  /** Jobs that one process works on at a time; 0 leaves them to `steward worker`. */
  readonly concurrency: number;
  /** Multiplies every rate limit; 0 switches them off. */
  readonly rateLimitFactor: number;
  /** Whether the web page is built and served. */
  readonly page: boolean;
}

export interface Flags {
  home?: string;
  port?: string;
  host?: string;
  databaseUrl?: string;
}

const schema = z.object({
  home: z.string().min(1),
  host: z.string().min(1),
  port: z.coerce.number().int().min(0).max(65535),
  databaseUrl: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must begin with postgres:// or postgresql://')
    .optional(),
  publicUrl: z.url().optional(),
  concurrency: z.coerce.number().int().min(0).max(200),
  rateLimitFactor: z.coerce.number().min(0).max(1_000_000),
  page: z.stringbool(),
});

/** Where each setting comes from; the error messages name these. */
const SOURCES: Record<keyof Config, string> = {
  home: '--home or STEWARD_HOME',
  host: '--host or STEWARD_HOST',
  port: '--port or STEWARD_PORT',
  databaseUrl: '--database-url or DATABASE_URL',
  publicUrl: 'STEWARD_PUBLIC_URL',
  concurrency: 'STEWARD_CONCURRENCY',
  rateLimitFactor: 'STEWARD_RATE_LIMIT_FACTOR',
  page: 'STEWARD_PAGE',
};

/** @throws AppError `configuration`, naming the setting, when one cannot be understood. */
export function loadConfig(flags: Flags = {}, env: NodeJS.ProcessEnv = process.env): Config {
  const parsed = schema.safeParse({
    home: flags.home ?? (env.STEWARD_HOME || resolve(homedir(), '.steward')),
    host: flags.host ?? (env.STEWARD_HOST || '127.0.0.1'),
    port: flags.port ?? (env.STEWARD_PORT || 4747),
    databaseUrl: flags.databaseUrl ?? (env.DATABASE_URL || undefined),
    publicUrl: env.STEWARD_PUBLIC_URL || undefined,
    concurrency: env.STEWARD_CONCURRENCY || 8,
    rateLimitFactor: env.STEWARD_RATE_LIMIT_FACTOR || 1,
    page: env.STEWARD_PAGE || 'on',
  });
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const name = issue.path[0] as keyof Config;
    throw new AppError('configuration', `${SOURCES[name]}: ${issue.message}`);
  }
  return {
    ...parsed.data,
    home: resolve(parsed.data.home),
    databaseUrl: parsed.data.databaseUrl,
    publicUrl: parsed.data.publicUrl,
  };
}
