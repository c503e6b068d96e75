import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../errors.ts';
import { preparePage, servePage } from './page.ts';

const root = mkdtempSync(join(tmpdir(), 'steward-page-'));
const dist = join(root, 'web', 'dist');
const script = 'console.log("page");\n';

beforeAll(() => {
  mkdirSync(join(dist, 'assets'), { recursive: true });
  writeFileSync(
    join(dist, 'index.html'),
    '<meta name="csp-nonce" content="__CSP_NONCE__" /><div id="root"></div>',
  );
  writeFileSync(join(dist, 'start.js'), script);
  writeFileSync(join(dist, 'assets', 'index-abc123.js'), script);
  writeFileSync(join(dist, '.sources'), 'not for anybody');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('preparePage', () => {
  it('takes a built page that came without its sources as it is', async () => {
    expect(await preparePage({ root })).toEqual({ dir: dist });
  });

  it('says what is missing when there is neither a page nor its sources', async () => {
    await expect(preparePage({ root: join(root, 'nowhere') })).rejects.toThrow(AppError);
  });
});

describe('servePage', () => {
  const app = () => new Hono().get('*', servePage(dist)).notFound((c) => c.text('nothing', 404));

  it('answers every address of the page with the document, and a nonce of its own each time', async () => {
    const answers = await Promise.all(
      ['/', '/today', '/chat/0190', '/index.html'].map((path) => app().request(path)),
    );
    const nonces = await Promise.all(
      answers.map(async (answer) => {
        expect(answer.status).toBe(200);
        expect(answer.headers.get('content-type')).toContain('text/html');
        expect(answer.headers.get('cache-control')).toBe('no-store');
        const nonce = /content="([^"]+)"/.exec(await answer.text())?.[1] ?? '';
        expect(answer.headers.get('content-security-policy')).toContain(`'nonce-${nonce}'`);
        return nonce;
      }),
    );
    expect(new Set(nonces).size).toBe(nonces.length);
  });

  it('allows nothing from elsewhere, no inline script and no frame around it', async () => {
    const { headers } = await app().request('/');
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(policy).not.toContain('http');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('same-origin');
  });

  it('lets a browser keep what carries its hash in its name, and asks it to come back for the rest', async () => {
    const hashed = await app().request('/assets/index-abc123.js');
    expect(hashed.headers.get('cache-control')).toContain('immutable');
    const named = await app().request('/start.js');
    expect(named.headers.get('cache-control')).toBe('no-cache');
    const again = await app().request('/start.js', {
      headers: { 'if-none-match': named.headers.get('etag') ?? '' },
    });
    expect(again.status).toBe(304);
  });

  it('compresses for those who can read it', async () => {
    const plain = await app().request('/start.js');
    expect(await plain.text()).toBe(script);
    const packed = await app().request('/start.js', { headers: { 'accept-encoding': 'br, gzip' } });
    expect(packed.headers.get('content-encoding')).toBe('gzip');
    expect(gunzipSync(await packed.arrayBuffer()).toString()).toBe(script);
  });

  it('leaves a file that is not there, and what the build keeps for itself, to be not found', async () => {
    for (const path of [
      '/assets/index-old.js',
      '/.sources',
      '/../package.json',
      '/assets/..%2f..%2fpackage.json',
    ]) {
      const answer = await app().request(path);
      expect([path, answer.headers.get('content-type')?.includes('html') ? 'html' : answer.status]).toEqual([
        path,
        404,
      ]);
    }
  });

  it('refuses a folder without a page', () => {
    expect(() => servePage(join(dist, 'assets'))).toThrow(AppError);
  });
});
