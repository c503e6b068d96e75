/**
 * What runs at work are saying. In the process that works on a run, listeners are served from memory, chunk by
 * chunk; everywhere else they follow the rows of run_chunks, which are written in batches and announced by NOTIFY.
 * Whoever comes late gets everything from the beginning, so closing a page loses nothing and a second device sees
 * the same.
 */

import type { UIMessageChunk } from 'ai';
import { and, asc, eq, gte, sql } from 'drizzle-orm';
import type { Database } from '../../platform/database/index.ts';
import { log } from '../../platform/log.ts';
import type { StreamMessage } from '../../platform/operations/index.ts';
import { replay } from './parts.ts';
import { messages, runChunks, runs } from './schema.ts';

const CHANNEL = 'run_chunks';

/** Milliseconds for which chunks are gathered before they are written for other processes. */
const BATCH_MS = 60;

/** A run that this process works on. */
class Live {
  readonly chunks: UIMessageChunk[] = [];
  ended = false;
  readonly wakers = new Set<() => void>();

  wake(): void {
    for (const waker of this.wakers) waker();
  }
}

export interface RunWriter {
  push(chunk: UIMessageChunk): void;
  /** Awaited before the run's end is committed, so that who sees the end in another process can read all before it. */
  flush(): Promise<void>;
  /** Says the last words, which other processes derive from the run's status, and lets the listeners go. */
  end(closing: readonly UIMessageChunk[]): void;
}

export class RunStreams {
  readonly #live = new Map<string, Live>();
  /** Those who wait for a run that this process has not begun yet. */
  readonly #waiting = new Map<string, Set<() => void>>();

  /** Begins to speak for a run; `first` is what an earlier attempt has already said and kept. */
  open(db: Database, userId: string, runId: string, first: readonly UIMessageChunk[]): RunWriter {
    const live = new Live();
    live.chunks.push(...first);
    this.#live.set(runId, live);
    for (const waker of this.#waiting.get(runId) ?? []) waker();
    let written = 0;
    let batch = 0;
    let writing: Promise<void> = Promise.resolve();
    let timer: NodeJS.Timeout | undefined;
    const write = async (): Promise<void> => {
      timer = undefined;
      const chunks = live.chunks.slice(written);
      if (chunks.length === 0) return;
      written = live.chunks.length;
      const seq = batch++;
      await db.asUser(userId, async (tx) => {
        if (seq === 0) await tx.delete(runChunks).where(eq(runChunks.run_id, runId));
        await tx.insert(runChunks).values({ run_id: runId, user_id: userId, seq, chunks });
        await tx.execute(sql`select pg_notify(${CHANNEL}, ${runId})`);
      });
    };
    return {
      push: (chunk) => {
        live.chunks.push(chunk);
        live.wake();
        timer ??= setTimeout(() => {
          writing = writing
            .then(write)
            .catch((error) => log.warn({ err: error, run: runId }, 'chunks were not written'));
        }, BATCH_MS);
      },
      flush: async () => {
        clearTimeout(timer);
        await writing;
        // An answer that was quicker than a batch has no row: who comes now reads the message itself.
        if (batch > 0) await write();
      },
      end: (closing) => {
        clearTimeout(timer);
        live.chunks.push(...closing);
        live.ended = true;
        this.#live.delete(runId);
        live.wake();
      },
    };
  }

  /** The run from its beginning to its end, as server-sent messages; ends early when `signal` is aborted. */
  async *follow(
    db: Database,
    userId: string,
    runId: string,
    signal: AbortSignal,
  ): AsyncGenerator<StreamMessage> {
    let wake = (): void => undefined;
    let woken = false;
    const waker = (): void => {
      woken = true;
      wake();
    };
    const sleep = async (): Promise<void> => {
      if (!woken && !signal.aborted) await new Promise<void>((resolve) => (wake = resolve));
      woken = false;
    };
    const waiting = this.#waiting.get(runId) ?? new Set();
    this.#waiting.set(runId, waiting.add(waker));
    const unlisten = await db.listen(CHANNEL, (id) => {
      if (id === null || id === runId) waker();
    });
    signal.addEventListener('abort', waker, { once: true });
    try {
      let sent = 0;
      let batch = 0;
      while (!signal.aborted) {
        const live = this.#live.get(runId);
        if (live) {
          live.wakers.add(waker);
          try {
            while (!signal.aborted) {
              while (sent < live.chunks.length) yield message(live.chunks[sent++]!);
              if (live.ended) break;
              await sleep();
            }
          } finally {
            live.wakers.delete(waker);
          }
          if (live.ended && sent > 0) break;
          continue;
        }
        const { rows, end } = await readRun(db, userId, runId, batch);
        for (const row of rows) {
          batch = row.seq + 1;
          for (const chunk of row.chunks) {
            sent += 1;
            yield message(chunk);
          }
        }
        if (end) {
          for (const chunk of sent === 0 ? [...end.answer, ...end.closing] : end.closing)
            yield message(chunk);
          break;
        }
        if (rows.length === 0 && !this.#live.has(runId)) await sleep();
      }
      if (!signal.aborted) yield { data: '[DONE]' };
    } finally {
      unlisten();
      waiting.delete(waker);
      if (waiting.size === 0) this.#waiting.delete(runId);
    }
  }
}

function message(chunk: UIMessageChunk): StreamMessage {
  return { data: JSON.stringify(chunk) };
}

/** What a run says last. */
export function closingOf(run: Pick<typeof runs.$inferSelect, 'status' | 'error_message'>): UIMessageChunk[] {
  if (run.status === 'failed') return [{ type: 'error', errorText: run.error_message ?? 'the run failed' }];
  return run.status === 'cancelled' ? [{ type: 'abort' }] : [{ type: 'finish' }];
}

async function readRun(db: Database, userId: string, runId: string, batch: number) {
  return db.asUser(userId, async (tx) => {
    // The run first: once it has ended no further row is written.
    const [run] = await tx
      .select()
      .from(runs)
      .where(and(eq(runs.user_id, userId), eq(runs.id, runId)));
    const rows = await tx
      .select({ seq: runChunks.seq, chunks: runChunks.chunks })
      .from(runChunks)
      .where(and(eq(runChunks.user_id, userId), eq(runChunks.run_id, runId), gte(runChunks.seq, batch)))
      .orderBy(asc(runChunks.seq));
    if (!run) return { rows: [], end: { answer: [], closing: [] } };
    if (run.status === 'queued' || run.status === 'running') return { rows, end: undefined };
    const [answer] = await tx
      .select({ parts: messages.parts })
      .from(messages)
      .where(and(eq(messages.user_id, userId), eq(messages.id, run.answer_id)));
    return { rows, end: { answer: replay(run.answer_id, answer?.parts ?? []), closing: closingOf(run) } };
  });
}
