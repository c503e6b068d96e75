/**
 * The browser app. It is built when its sources changed since the last build, so `npm start` after an edit or an
 * update shows the page that belongs to the code; a package that ships the page built has no sources and needs no
 * build tool.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Context, Handler } from 'hono';
import { AppError } from '../errors.ts';

/** Holds the hash of the sources that the build beside it was made of. */
const STAMP = '.sources';

export interface PreparePageOptions {
  /** The project's root, where `web/` is. */
  readonly root: string;
  readonly onProgress?: (line: string) => void;
}

/**
 * Makes sure that the built page is there and up to date.
 *
 * @returns the folder to serve
 * @throws AppError `configuration` when there is neither a built page nor anything to build it with
 */
export async function preparePage({ root, onProgress }: PreparePageOptions): Promise<{ dir: string }> {
  const web = join(root, 'web');
  const dir = join(web, 'dist');
  const built = existsSync(join(dir, 'index.html'));
  if (!existsSync(join(web, 'vite.config.ts'))) {
    if (built) return { dir };
    throw new AppError('configuration', `the page is missing: ${dir} does not exist. Install Steward again.`);
  }
  const sources = await hashSources(root, web);
  if (built && (await readStamp(dir)) === sources) return { dir };

  onProgress?.('Building the page');
  const { build } = await loadVite(root);
  // Built elsewhere and then put in the old page's place: a build that fails or is killed leaves the old one whole.
  const fresh = join(root, 'node_modules', '.cache', `page-${process.pid}`);
  try {
    await build({
      configFile: join(web, 'vite.config.ts'),
      logLevel: 'error',
      build: { outDir: fresh, emptyOutDir: true },
    });
    await writeFile(join(fresh, STAMP), sources);
    await rm(dir, { recursive: true, force: true });
    await rename(fresh, dir).catch(async (error: unknown) => {
      // Another process may have been quicker with the same page.
      if ((await readStamp(dir)) !== sources) throw error;
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  return { dir };
}

async function loadVite(root: string): Promise<typeof import('vite')> {
  try {
    return await import('vite');
  } catch (cause) {
    throw new AppError(
      'configuration',
      `the page must be built, but its build tool is not installed: run \`npm install --include=dev\` in ${root}.`,
      { cause },
    );
  }
}

async function readStamp(dir: string): Promise<string | undefined> {
  return readFile(join(dir, STAMP), 'utf8').catch(() => undefined);
}

/** Names and contents of everything the build reads: the page's files and the versions of its libraries. */
async function hashSources(root: string, web: string): Promise<string> {
  const hash = createHash('sha256');
  const entries = await readdir(web, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !/^(?:dist\b|node_modules\b)/.test(file.slice(web.length + 1)))
    .sort();
  for (const file of [...files, join(root, 'package-lock.json')]) {
    hash.update(file.slice(root.length)).update('\0');
    hash.update(await readFile(file).catch(() => '')).update('\0');
  }
  return hash.digest('hex');
}

/** What a built page consists of; anything else in the folder is not served. */
const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  ico: 'image/x-icon',
  webmanifest: 'application/manifest+json',
};

/** In index.html, where the answer's own nonce goes. */
const NONCE = '__CSP_NONCE__';

interface File {
  readonly body: Buffer<ArrayBuffer>;
  readonly type: string;
  readonly etag: string;
  readonly immutable: boolean;
  /** Made when the first browser asks for it. */
  gzipped?: Buffer<ArrayBuffer>;
}

/**
 * Serves the built page from memory: files under their names, and index.html for every other path a browser asks
 * for, because the page's own router knows those. A path with an extension that is not there is left to the next
 * handler (404), so a stale script's URL never gets HTML.
 *
 * @param dir what `preparePage` returned; read once, here
 * @throws AppError `configuration` when the folder holds no page
 */
export function servePage(dir: string): Handler {
  const files = readFiles(dir);
  const index = files.get('/index.html');
  if (!index) throw new AppError('configuration', `the page is incomplete: ${dir} has no index.html.`);
  const html = index.body.toString('utf8');

  return async (c, next) => {
    if (c.req.method !== 'GET' && c.req.method !== 'HEAD') return next();
    const path = c.req.path;
    const isDocument = path === '/index.html' || !/\.\w+$/.test(path);
    const file = isDocument ? undefined : files.get(path);
    if (file) return sendFile(c, file);
    if (!isDocument) return next();
    const nonce = randomBytes(16).toString('base64url');
    return c.body(html.replaceAll(NONCE, nonce), 200, {
      ...documentHeaders(nonce),
      'content-type': index.type,
      'cache-control': 'no-store',
    });
  };
}

function sendFile(c: Context, file: File): Response {
  const headers = {
    'content-type': file.type,
    etag: file.etag,
    // Under /assets/ the name changes with the content; everything else is asked for again.
    'cache-control': file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    'x-content-type-options': 'nosniff',
    vary: 'accept-encoding',
  };
  if (c.req.header('if-none-match') === file.etag) return c.body(null, 304, headers);
  if (!/\bgzip\b/.test(c.req.header('accept-encoding') ?? '')) return c.body(file.body, 200, headers);
  file.gzipped ??= Buffer.from(gzipSync(file.body));
  return c.body(file.gzipped, 200, { ...headers, 'content-encoding': 'gzip' });
}

/**
 * Nothing but our own origin, no inline script, no framing. Styles need the nonce: Mantine writes its colour scheme
 * as a `<style>`. Attributes named `style` in markup stay forbidden; what React sets through the DOM is not markup.
 */
function documentHeaders(nonce: string): Record<string, string> {
  return {
    'content-security-policy': [
      "default-src 'none'",
      "script-src 'self'",
      `style-src 'self' 'nonce-${nonce}'`,
      "img-src 'self' data:",
      "font-src 'self'",
      "connect-src 'self'",
      "manifest-src 'self'",
      "form-action 'self'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  };
}

function readFiles(dir: string): Map<string, File> {
  const files = new Map<string, File>();
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    const type = TYPES[entry.name.split('.').at(-1) ?? ''];
    if (!entry.isFile() || !type) continue;
    const path = join(entry.parentPath, entry.name);
    const body = readFileSync(path);
    const name = path.slice(dir.length).replaceAll('\\', '/');
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
    files.set(name, { body, type, etag, immutable: name.startsWith('/assets/') });
  }
  return files;
}
