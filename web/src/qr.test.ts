import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { qr } from './qr.ts';

const fingerprint = (text: string) => {
  const modules = qr(text);
  const picture = modules.map((row) => row.map(Number).join('')).join('\n');
  return [modules.length, createHash('sha256').update(picture).digest('hex').slice(0, 16)];
};

it.each([
  // An independent decoder (jsQR) read each of these back when it was written down.
  ['A', 21, '2bae48594b732587'],
  [
    'otpauth://totp/Steward:owner%40example.org?secret=JBSWY3DPEHPK3PXP&issuer=Steward',
    37,
    '3017e4b6f5b0be01',
  ],
  ['ä'.repeat(100), 57, 'a273534ba9b446e6'],
  ['x'.repeat(666), 97, '497df6c35a67d13f'],
])('draws %.20s as a decoder reads it', (text, size, picture) => {
  expect(fingerprint(text)).toEqual([size, picture]);
});

it('refuses what does not fit', () => {
  expect(() => qr('x'.repeat(667))).toThrow(RangeError);
});
