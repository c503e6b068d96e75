import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../errors.ts';

/** Longer than anybody needs to write a small file. Who has held the lock for longer is dead. */
const LOCK_TIMEOUT = 2_000;

/**
 * Makes the home, for its owner's eyes only: 0700, or 0710 where the embedded database, under a user of its own,
 * must pass through.
 *
 * @throws AppError `home_unreadable`
 */
export async function prepareHome(home: string): Promise<void> {
  try {
    await mkdir(dirname(home), { recursive: true });
    await mkdir(home, { mode: 0o700 }).catch(unlessThere);
    const found = await stat(home);
    if (!found.isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' });
    // Closing a directory such as /tmp to all others would damage the machine.
    if (found.mode & 0o1002) throw new Error('anybody may write to it');
    const self = process.getuid?.() ?? 0;
    if (self !== 0 && found.uid !== self) throw Object.assign(new Error(), { code: 'EPERM' });
    if (found.mode & 0o067) await chmod(home, 0o700);
  } catch (cause) {
    throw unusable(home, cause);
  }
}

/**
 * The secret called `name` in `<home>/secrets.json` (0600), made of 32 random bytes when it is not there yet.
 *
 * @throws AppError `home_unreadable`
 */
export async function homeSecret(home: string, name: string): Promise<string> {
  return (await readSecrets(home))[name] ?? addSecret(home, name);
}

/** The secrets of this home, by name; empty when there are none yet. @throws AppError `home_unreadable` */
export async function readSecrets(home: string): Promise<Record<string, string>> {
  const file = join(home, 'secrets.json');
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Record<string, string>;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return {};
    if (!(cause instanceof SyntaxError)) throw unusable(file, cause);
    throw new AppError('home_unreadable', `${file} is damaged. Put back a copy of it.`, { cause });
  }
}

/** Two processes that start together must end up with the same secret, so that only one at a time adds any. */
async function addSecret(home: string, name: string): Promise<string> {
  const file = join(home, 'secrets.json');
  const lock = `${file}.lock`;
  for (;;) {
    try {
      await (await open(lock, 'wx', 0o600)).close();
      break;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw unusable(file, cause);
      const held = await stat(lock).catch(() => undefined);
      if (held && Date.now() - held.mtimeMs > LOCK_TIMEOUT) await rm(lock, { force: true });
      await sleep(5);
    }
  }
  try {
    const secrets = await readSecrets(home);
    if (secrets[name] !== undefined) return secrets[name];
    const secret = randomBytes(32).toString('base64url');
    const next = `${file}.next`;
    await writeFile(next, `${JSON.stringify({ ...secrets, [name]: secret }, null, 2)}\n`, {
      mode: 0o600,
      flush: true,
    });
    await rename(next, file);
    return secret;
  } finally {
    await rm(lock, { force: true });
  }
}

function unlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

/** What the file system says of a path that cannot be used, in words. */
export function unusable(path: string, cause: unknown): AppError {
  const reasons: Record<string, string> = {
    EACCES: 'permission denied',
    EPERM: 'it belongs to another user',
    EROFS: 'the file system is read-only',
    ENOTDIR: 'it is not a directory',
    EEXIST: 'it is not a directory',
    ENOSPC: 'the disk is full',
  };
  const { code = '', message } = cause as NodeJS.ErrnoException;
  return new AppError(
    'home_unreadable',
    `cannot use ${path}: ${reasons[code] ?? message}. Mend that, or choose another home with --home.`,
    { cause },
  );
}
