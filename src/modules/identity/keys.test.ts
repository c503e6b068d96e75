import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../../../test/harness.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({ concurrency: 0 });
});
afterAll(() => app?.close());

test('keys that were made in the same millisecond are all found, page by page', async () => {
  const user = await app.createUser();
  await Promise.all(
    Array.from({ length: 30 }, (_, n) => app.request(user, 'POST', '/v1/keys', { label: `key ${n}` })),
  );
  const seen: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { body } = await app.request(user, 'GET', `/v1/keys?limit=1${cursor && `&cursor=${cursor}`}`);
    seen.push(...body.items.map(({ id }: { id: string }) => id));
    cursor = body.next_cursor;
  }
  // And the key that asks.
  expect(seen).toHaveLength(31);
  expect(new Set(seen).size).toBe(31);
});
