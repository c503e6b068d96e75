/**
 * The form of a backup: a gzip'd text that an editor can open.
 *
 *   {"steward_backup":1,"version":"0.1.0","migration":5,"created_at":"…"}
 *   {"section":"table","name":"tasks","columns":["id","user_id",…]}
 *   rows, as PostgreSQL's COPY writes them, each on one line
 *   \.
 *   … further sections
 *   {"end":true,"bytes":…,"sha256":"…"}     over all that stands before this line
 */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { z } from 'zod';
import { AppError } from '../errors.ts';

/** Raised whenever an older Steward could misread what this one writes. */
export const FORMAT = 1;

const NEWLINE = 10;
const END_OF_ROWS = Buffer.from('\\.\n');

const header = z.object({
  steward_backup: z.number().int().min(1),
  version: z.string(),
  migration: z.number().int().min(0),
  created_at: z.string(),
});
const trailer = z.object({ end: z.literal(true), bytes: z.number(), sha256: z.string() });

/** The first line: what wrote the backup, and the number of the newest migration of that database. */
export type BackupHeader = z.infer<typeof header>;

/** Rows of a table, pending jobs, or where the sequences stand; the rows follow in the columns' order. */
const section = z.discriminatedUnion('section', [
  z.object({ section: z.literal('table'), name: z.string(), columns: z.array(z.string()) }),
  z.object({ section: z.literal('jobs'), columns: z.array(z.string()) }),
  z.object({ section: z.literal('sequences'), columns: z.array(z.string()) }),
]);
export type SectionHead = z.infer<typeof section>;

/** One line of JSON. */
export const jsonLine = (value: BackupHeader | SectionHead | z.infer<typeof trailer>): Buffer =>
  Buffer.from(`${JSON.stringify(value)}\n`);

export const endOfRows = (): Buffer => END_OF_ROWS;

/**
 * Writes `content` to `file` (0600), sealed with its length and hash. The file appears whole or not at all; one
 * that was there is replaced only then.
 *
 * @throws AppError `bad_request` when the file cannot be written
 */
export async function writeBackup(file: string, content: AsyncIterable<Buffer>): Promise<void> {
  const target = resolve(file);
  const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}`);
  const handle = await open(temporary, 'wx', 0o600).catch((cause: Error) => {
    throw new AppError('bad_request', `cannot write ${file}: ${cause.message}`, { cause });
  });
  try {
    const gzip = createGzip();
    await pipeline(
      Readable.from(sealed(content)),
      gzip,
      createWriteStream('', { fd: handle.fd, autoClose: false }),
    );
    await handle.sync();
    await handle.close();
    await rename(temporary, target);
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(temporary, { force: true });
    throw error;
  }
}

async function* sealed(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of content) {
    hash.update(chunk);
    bytes += chunk.length;
    yield chunk;
  }
  yield jsonLine({ end: true, bytes, sha256: hash.digest('hex') });
}

/**
 * Reads the whole file once, changing nothing.
 *
 * @throws AppError `backup_newer` when this Steward cannot know what is in it, `backup_damaged` when it is not what
 *   was written, `bad_request` when it cannot be read
 */
export async function checkBackup(file: string): Promise<BackupHeader> {
  const hash = createHash('sha256');
  let bytes = 0;
  let first: BackupHeader | undefined;
  let held: Buffer | undefined;
  for await (const lines of wholeLines(file)) {
    first ??= parseHeader(file, lines);
    if (held) {
      hash.update(held);
      bytes += held.length;
    }
    held = lines;
  }
  if (!first || !held) throw damaged(file, 'it is empty');
  const last = held.lastIndexOf(NEWLINE, held.length - 2) + 1;
  hash.update(held.subarray(0, last));
  bytes += last;
  const seal = trailer.safeParse(parseJson(held.subarray(last)));
  if (!seal.success) throw damaged(file, 'its end is missing');
  if (seal.data.bytes !== bytes || seal.data.sha256 !== hash.digest('hex'))
    throw damaged(file, 'its hash differs');
  return first;
}

function parseHeader(file: string, lines: Buffer): BackupHeader {
  const line = parseJson(lines.subarray(0, lines.indexOf(NEWLINE)));
  // Of a newer format no more than this one field is known.
  const format = z.object({ steward_backup: z.number() }).safeParse(line);
  if (!format.success) throw damaged(file, 'it is not a backup of Steward');
  if (format.data.steward_backup > FORMAT) {
    throw new AppError(
      'backup_newer',
      `${file} has format ${format.data.steward_backup}; this Steward reads up to ${FORMAT}. Install a newer Steward, then restore.`,
    );
  }
  const parsed = header.safeParse(line);
  if (!parsed.success) throw damaged(file, 'its first line is not understood');
  return parsed.data;
}

/** The sections of a backup that has been checked, in order; the rows of each must be read before the next. */
export async function* sections(
  file: string,
): AsyncGenerator<{ readonly head: SectionHead; readonly rows: AsyncIterable<Buffer> }> {
  const lines = wholeLines(file);
  let block = Buffer.alloc(0);
  let at = 0;
  const more = async (): Promise<boolean> => {
    while (at >= block.length) {
      const next = await lines.next();
      if (next.done) return false;
      block = next.value;
      at = 0;
    }
    return true;
  };
  async function* rows(): AsyncGenerator<Buffer> {
    while (await more()) {
      if (block.subarray(at, at + END_OF_ROWS.length).equals(END_OF_ROWS)) {
        at += END_OF_ROWS.length;
        return;
      }
      const end = block.indexOf('\n\\.\n', at);
      const part = block.subarray(at, end === -1 ? block.length : end + 1);
      at += part.length;
      yield part;
    }
    throw damaged(file, 'a section has no end');
  }
  for (let first = true; await more(); first = false) {
    const end = block.indexOf(NEWLINE, at) + 1;
    const line = parseJson(block.subarray(at, end));
    at = end;
    if (first) continue;
    if (trailer.safeParse(line).success) return;
    const head = section.safeParse(line);
    if (!head.success) throw damaged(file, 'a section is not understood');
    yield { head: head.data, rows: rows() };
  }
}

/** The unpacked text in pieces that end where a line ends. */
async function* wholeLines(file: string): AsyncGenerator<Buffer<ArrayBuffer>> {
  const source = createReadStream(file);
  const text = source.pipe(createGunzip());
  source.on('error', (error) => text.destroy(error));
  let rest: Buffer[] = [];
  try {
    for await (const chunk of text as AsyncIterable<Buffer>) {
      const end = chunk.lastIndexOf(NEWLINE) + 1;
      if (end === 0) {
        rest.push(chunk);
        continue;
      }
      yield Buffer.concat([...rest, chunk.subarray(0, end)]);
      rest = end === chunk.length ? [] : [chunk.subarray(end)];
    }
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException;
    if (code.startsWith('Z_')) throw damaged(file, message, cause);
    if (cause instanceof AppError || (cause as NodeJS.ErrnoException).syscall === undefined) throw cause;
    throw new AppError('bad_request', `cannot read ${file}: ${message}`, { cause });
  } finally {
    source.destroy();
  }
  if (rest.length > 0) throw damaged(file, 'its end is missing');
}

/** @returns undefined for what is no JSON, which no schema here accepts */
function parseJson(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString());
  } catch {
    return undefined;
  }
}

const damaged = (file: string, how: string, cause?: unknown): AppError =>
  new AppError('backup_damaged', `${file} is damaged: ${how}. Nothing was changed; use another backup.`, {
    cause,
  });
