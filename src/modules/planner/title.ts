/**
 * Two ways to write one title are one title: Unicode's compatibility form, lower case, letters and digits with
 * single spaces between them. Signs alone ("🎉") stay as they are, so that a title is never nothing.
 */
export function normaliseTitle(title: string): string {
  // Lower case first and last: some letters gain marks by it, and marks may join.
  const plain = title.normalize('NFKC').toLowerCase().normalize('NFKC').toLowerCase();
  const words = plain
    .replaceAll(/[^\p{L}\p{N}\p{M}]+/gu, ' ')
    .trim()
    .normalize('NFKC');
  return words === '' ? plain.replaceAll(/\s+/gu, ' ').trim() : words;
}
