import { expect, test } from 'vitest';
import { redact } from './redact.ts';

test.each([
  ['the key is plain-secret, sorry', 'the key is [key], sorry'],
  ['Incorrect API key provided: sk-proj-****abcd.', 'Incorrect API key provided: [key]'],
  ['sent with Authorization: Bearer abc.def.ghi', 'sent with Authorization [key]'],
  ['key AIzaSyA1234567890 is not valid', 'key [key] is not valid'],
  ['skateboarding and pkgconfiguration are words', 'skateboarding and pkgconfiguration are words'],
])('%s', (text, clean) => {
  const shown = redact(text, ['plain-secret']);
  expect(shown).not.toMatch(/plain-secret|abcd|abc\.def|AIzaSy/);
  expect(shown).toBe(clean);
});
