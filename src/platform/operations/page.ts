import { z } from 'zod';
import { AppError } from '../errors.ts';

/** What every list takes. Add the filters with `.extend`. */
export const pageInput = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50).describe('How many to return, 1 to 200'),
  cursor: z.string().max(500).optional().describe('next_cursor of the page before'),
});

/** What every list answers: `next_cursor` is null on the last page. */
export function pageOutput<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), next_cursor: z.string().nullable() });
}

/** Where a page ended: the values of its last row's sort keys, opaque to the client. */
export function encodeCursor(values: readonly (string | number | null)[]): string {
  return Buffer.from(JSON.stringify(values)).toString('base64url');
}

/**
 * @param schema the tuple of sort keys that the list encoded
 * @throws AppError `bad_request` when the cursor is not one of this list's
 */
export function decodeCursor<T>(cursor: string | undefined, schema: z.ZodType<T>): T | undefined {
  if (cursor === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch {
    throw new AppError(
      'bad_request',
      'this cursor is not one of this list; leave it out to begin at the first page.',
    );
  }
}

/** Cuts the row that was read beyond `limit` and says where the next page begins. */
export function toPage<T>(
  rows: readonly T[],
  limit: number,
  key: (row: T) => readonly (string | number | null)[],
): { items: T[]; next_cursor: string | null } {
  const items = rows.slice(0, limit);
  return { items, next_cursor: rows.length > limit ? encodeCursor(key(items.at(-1)!)) : null };
}
