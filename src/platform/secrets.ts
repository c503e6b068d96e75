import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from './errors.ts';

/** Makes the home, for its owner's eyes only. @throws AppError `home_unreadable` */
export async function prepareHome(home: string): Promise<void> {
  try {
    await mkdir(home, { recursive: true, mode: 0o700 });
    if (!(await stat(home)).isDirectory()) throw new Error('it is not a directory');
    await chmod(home, 0o700);
  } catch (cause) {
    throw new AppError(
      'home_unreadable',
      `cannot use ${home} as the home: ${(cause as Error).message}. Choose another with --home, or mend its rights.`,
      { cause },
    );
  }
}

/**
 * The installation's own secret in `<home>/secrets.json` (0600), made on first use. Other secrets are derived from
 * it or stored beside it.
 *
 * @throws AppError `home_unreadable`
 */
export async function installationSecret(home: string): Promise<string> {
  const file = join(home, 'secrets.json');
  let secrets: Record<string, string> = {};
  try {
    secrets = JSON.parse(await readFile(file, 'utf8')) as Record<string, string>;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw new AppError('home_unreadable', `cannot read ${file}: ${(cause as Error).message}`, { cause });
    }
  }
  if (secrets.installation === undefined) {
    secrets.installation = randomBytes(32).toString('base64url');
    const next = `${file}.${process.pid}`;
    await writeFile(next, JSON.stringify(secrets, null, 2), { mode: 0o600 });
    await rename(next, file);
  }
  return secrets.installation;
}
