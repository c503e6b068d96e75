/**
 * Where an embedded database lives. Usually that is the home itself; as root it may have to be elsewhere, because
 * PostgreSQL refuses to run as root and the user that it runs as instead must be able to reach its files.
 */
import { createHash, randomBytes } from 'node:crypto';
import { chmod, chown, lstat, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { AppError } from '../errors.ts';
import { readSecrets, unusable } from './embedded-home.ts';

/** The user that the server's files belong to and that it runs as. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

/** Where root keeps what the server's user could not reach inside a home such as /root/.steward. */
const STATE_DIRECTORY = '/var/lib/steward';

/** `sun_path` holds 104 bytes on macOS and 108 on Linux, the closing zero included. */
const LONGEST_SOCKET_PATH = 100;

/**
 * The user that the server of this home runs as. When that is not the home's owner, but could reach it, its group
 * may pass through from now on (0710), so that the database stays inside of the home.
 *
 * @throws AppError `home_unreadable`
 */
export async function admitServer(home: string): Promise<Identity> {
  try {
    const identity = await serverIdentity(home);
    const found = await stat(home);
    if (identity.uid !== found.uid && (await canTraverse(dirname(home), identity))) {
      if (found.gid !== identity.gid) await chown(home, found.uid, identity.gid);
      if ((found.mode & 0o777) !== 0o710) await chmod(home, 0o710);
    }
    return identity;
  } catch (cause) {
    throw unusable(home, cause);
  }
}

/** Ourselves; for root, whoever owns the database already there, or the home, or else `nobody`. */
async function serverIdentity(home: string): Promise<Identity> {
  const self = { uid: process.getuid!(), gid: process.getgid!() };
  if (self.uid !== 0) return self;
  const database = join((await recordedLocation(home)) ?? home, 'database');
  for (const path of [database, home]) {
    const found = await stat(path).catch(unlessMissing);
    if (found && found.uid !== 0) return { uid: found.uid, gid: found.gid };
  }
  const users = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const nobody = /^nobody:[^:]*:(\d+):(\d+):/m.exec(users);
  return { uid: Number(nobody?.[1] ?? 65534), gid: Number(nobody?.[2] ?? 65534) };
}

/** @returns whether `identity` may pass through `path` and all directories above it. */
async function canTraverse(path: string, { uid, gid }: Identity): Promise<boolean> {
  for (let at = path; ; at = dirname(at)) {
    const found = await stat(at);
    const bit = found.uid === uid ? 0o100 : found.gid === gid ? 0o010 : 0o001;
    if (uid !== 0 && (found.mode & bit) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

/**
 * The directory that holds `database/` and `run/` of this home. Recorded in `<home>/database-location` when it is
 * not the home itself, so that a later start finds it however it is started.
 *
 * @throws AppError `home_unreadable` when the recorded place is gone: a new, empty database would hide the loss
 */
export async function databaseLocation(home: string, identity: Identity): Promise<string> {
  const recorded = await recordedLocation(home);
  if (recorded) {
    if (await stat(join(recorded, 'database')).catch(unlessMissing)) return recorded;
    throw new AppError(
      'home_unreadable',
      `the database of ${home} was in ${recorded} and is gone. Put it back, or delete ${join(home, 'database-location')} to begin anew.`,
    );
  }
  if (await canTraverse(home, identity)) return home;
  if (await stat(join(home, 'database')).catch(unlessMissing)) {
    throw new AppError(
      'home_unreadable',
      `the database in ${home} cannot be reached by the user that it belongs to (uid ${identity.uid}). Move the home to a place that all users may pass through.`,
    );
  }
  const elsewhere = join(
    await stateDirectory(),
    createHash('sha256').update(home).digest('hex').slice(0, 16),
  );
  await ownedDirectory(elsewhere, identity);
  const leftover = await stat(join(elsewhere, 'database')).catch(unlessMissing);
  if (leftover && (await readSecrets(home)).database_password === undefined) {
    // The home was deleted and made again. What it left behind is not ours to open, nor to delete.
    await rename(elsewhere, `${elsewhere}.${Date.now()}`);
    await ownedDirectory(elsewhere, identity);
  }
  return elsewhere;
}

/** Remembers a location that is not the home itself; only once a database is there. */
export async function recordLocation(home: string, location: string): Promise<void> {
  if (location === home || (await recordedLocation(home)) === location) return;
  await writeWhole(join(home, 'database-location'), `${location}\n`);
}

async function recordedLocation(home: string): Promise<string | undefined> {
  const text = await readFile(join(home, 'database-location'), 'utf8').catch(unlessMissing);
  return text?.trim() || undefined;
}

/** A directory of root's own that every user may pass through. */
export async function stateDirectory(): Promise<string> {
  for (const path of [STATE_DIRECTORY, join(tmpdir(), 'steward')]) {
    try {
      await mkdir(path, { recursive: true, mode: 0o755 });
      const found = await lstat(path);
      if (found.isDirectory() && found.uid === 0 && (found.mode & 0o022) === 0) return path;
    } catch {
      // A read-only root file system: the next candidate may do.
    }
  }
  throw new AppError(
    'home_unreadable',
    `cannot write to ${STATE_DIRECTORY}. Choose a --home that all users may pass through, or do not run as root.`,
  );
}

/**
 * The directory of the server's socket: `run/` beside the database, or a short one in the temporary directory when
 * the path would be longer than a socket's may be. A running server's own is in its postmaster.pid.
 */
export async function socketDirectory(location: string, identity: Identity): Promise<string> {
  const beside = join(location, 'run');
  await ownedDirectory(beside, identity);
  if (Buffer.byteLength(join(beside, '.s.PGSQL.5432.lock')) <= LONGEST_SOCKET_PATH) return beside;
  const name = createHash('sha256').update(location).digest('hex').slice(0, 12);
  const short = join(tmpdir().length > 60 ? '/tmp' : tmpdir(), `steward-${name}`);
  await ownedDirectory(short, identity);
  return short;
}

/** Makes a directory that only `identity` may enter; refuses one that somebody else has put there. */
export async function ownedDirectory(path: string, identity: Identity): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
    await chown(path, identity.uid, identity.gid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unusable(path, error);
    const found = await lstat(path);
    // Root may have been stopped between making it and giving it away.
    if (found.isDirectory() && found.uid === 0 && process.getuid!() === 0) {
      await chown(path, identity.uid, identity.gid);
    } else if (!found.isDirectory() || found.uid !== identity.uid) {
      throw unusable(path, Object.assign(new Error(), { code: 'EPERM' }));
    }
    await chmod(path, 0o700);
  }
}

/** Replaces a file as a whole: after a crash it is the old one or the new one. */
async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`);
  try {
    await writeFile(temporary, text, { mode: 0o600, flush: true });
    await rename(temporary, path);
  } catch (error) {
    throw unusable(path, error);
  }
}

/** For `.catch`: a missing file is an answer, all else is an error. */
export function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}
