/**
 * What runs at work are saying. In the process that works on a run, listeners are served from memory, chunk by
 * chunk; everywhere else they follow the rows of run_chunks, which are written in batches and announced by NOTIFY.
 *
 * Whoever comes late gets everything from the beginning, so closing a page loses nothing and a second device sees
 * the same. A stream that is whole ends with `[DONE]`. One that just ends was cut, because another worker has begun
 * the run anew; who listens again hears it from the beginning.
 */

import type { UIMessageChunk } from 'ai';
import type { Database } from '../../platform/database/index.ts';
import { log } from '../../platform/log.ts';
import type { StreamMessage } from '../../platform/operations/index.ts';
import { replay } from './parts.ts';
import type { Run } from './service.ts';
import * as service from './service.ts';

/** Milliseconds after which a listener looks for himself: another process may have announced the run before he came. */
const FRESH_MS = 250;

/** Milliseconds for which chunks are gathered before they are written for other processes. */
const BATCH_MS = 60;

export class RunStreams {
  /** The runs that this process works on: who speaks for them, and how they are told to stop. */
  readonly #speaking = new Map<string, Speaker>();
  readonly #stops = new Map<string, AbortController>();
  readonly #listeners = new Map<string, Set<Bell>>();
  #hearing: Promise<unknown> | undefined;

  /** Begins to speak for a run; `said` is what an earlier attempt has already said and kept. */
  open(db: Database, run: Run, said: readonly UIMessageChunk[]): Speaker {
    const ring = (): void => this.#ring(run.id);
    const speaker = new Speaker(db, run, said, ring, () => {
      if (this.#speaking.get(run.id) === speaker) this.#speaking.delete(run.id);
    });
    this.#speaking.set(run.id, speaker);
    ring();
    return speaker;
  }

  /** Is aborted when somebody, in whatever process, asks the run to stop from now on. */
  async stopOf(db: Database, runId: string): Promise<AbortController> {
    const stop = new AbortController();
    this.#stops.set(runId, stop);
    await this.#hear(db);
    return stop;
  }

  forgetStop(runId: string, stop: AbortController): void {
    if (this.#stops.get(runId) === stop) this.#stops.delete(runId);
  }

  /**
   * The run from its beginning to its end, as server-sent messages; ends early when `signal` is aborted.
   *
   * @param fresh the run was queued just now: its first words will be announced, nothing needs to be read before
   */
  async *follow(
    db: Database,
    userId: string,
    runId: string,
    signal: AbortSignal,
    fresh = false,
  ): AsyncGenerator<StreamMessage> {
    const bell = new Bell();
    signal.addEventListener('abort', () => bell.ring(), { once: true });
    const listeners = this.#listeners.get(runId) ?? new Set();
    this.#listeners.set(runId, listeners.add(bell));
    try {
      await this.#hear(db);
      if (fresh && !this.#speaking.has(runId)) await bell.rung(FRESH_MS);
      const whole = yield* this.#from(db, userId, runId, bell, signal);
      if (whole && !signal.aborted) yield { data: '[DONE]' };
    } finally {
      listeners.delete(bell);
      if (listeners.size === 0) this.#listeners.delete(runId);
    }
  }

  /** Hears what other processes say of runs, from the first time on that it is needed. */
  #hear(db: Database): Promise<unknown> {
    this.#hearing ??= Promise.all([
      db.listen(service.CHUNKS_CHANNEL, (runId) => this.#ring(runId)),
      db.listen('events', (payload) => {
        if (payload === null) return this.#ring(null);
        const { type, entity_id } = JSON.parse(payload) as { type: string; entity_id: string };
        if (type === 'run.stop_requested') this.#stops.get(entity_id)?.abort();
        // The end of a run, and its taking over.
        else if (type.startsWith('run.') && type !== 'run.queued') this.#ring(entity_id);
      }),
    ]).catch((error: unknown) => {
      this.#hearing = undefined;
      throw error;
    });
    return this.#hearing;
  }

  /** @param runId null when something may have been missed: everybody looks for himself */
  #ring(runId: string | null): void {
    const sets = runId === null ? this.#listeners.values() : [this.#listeners.get(runId) ?? []];
    for (const bells of sets) for (const bell of bells) bell.ring();
  }

  /** @returns whether that was all */
  async *#from(
    db: Database,
    userId: string,
    runId: string,
    bell: Bell,
    signal: AbortSignal,
  ): AsyncGenerator<StreamMessage, boolean> {
    /** The attempt that is heard, once its first row was; another one after that has begun to say it all anew. */
    let attempt: number | undefined;
    let seq = 0;
    while (!signal.aborted) {
      const speaker = this.#speaking.get(runId);
      if (speaker && attempt === undefined) return yield* fromMemory(speaker, bell, signal);
      const heard = await db.asUser(userId, (tx) => service.readRun(tx, userId, runId, seq));
      if (!heard) return true;
      const { run, rows, ended } = heard;
      if (attempt !== undefined && run.attempts !== attempt) return false;
      for (const row of rows) {
        attempt = run.attempts;
        seq = row.seq + 1;
        for (const chunk of row.chunks) yield message(chunk);
      }
      if (ended) {
        // An answer that was quicker than a batch has no row.
        for (const chunk of attempt === undefined ? replay(run, ended.parts) : []) yield message(chunk);
        for (const chunk of closingOf(run)) yield message(chunk);
        return true;
      }
      if (rows.length === 0) await bell.rung();
    }
    return false;
  }
}

async function* fromMemory(
  speaker: Speaker,
  bell: Bell,
  signal: AbortSignal,
): AsyncGenerator<StreamMessage, boolean> {
  for (let sent = 0; !signal.aborted; await bell.rung()) {
    while (sent < speaker.chunks.length) yield message(speaker.chunks[sent++]!);
    if (speaker.end) return speaker.end === 'whole';
  }
  return false;
}

/** Says what a run says: to the listeners here at once, to those elsewhere in batches. */
export class Speaker {
  readonly chunks: UIMessageChunk[];
  end: 'whole' | 'cut' | undefined;
  readonly #db: Database;
  readonly #run: Run;
  readonly #ring: () => void;
  readonly #onEnd: () => void;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #written = 0;
  #rows = 0;

  constructor(db: Database, run: Run, said: readonly UIMessageChunk[], ring: () => void, onEnd: () => void) {
    this.#db = db;
    this.#run = run;
    this.chunks = [...said];
    this.#ring = ring;
    this.#onEnd = onEnd;
  }

  say(...chunks: readonly UIMessageChunk[]): void {
    this.chunks.push(...chunks);
    this.#ring();
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#writing = this.#writing.then(() => this.#write());
    }, BATCH_MS);
  }

  /** Awaited before the run's end is committed, so that who sees the end elsewhere can read all before it. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#writing;
    // An answer that was quicker than a batch has no row: who comes now reads the message itself.
    if (this.#rows > 0) await this.#write();
  }

  /** Says the last words, which other processes derive from the run's status; without any, the stream is cut. */
  close(last?: readonly UIMessageChunk[]): void {
    if (this.end) return;
    clearTimeout(this.#timer);
    this.chunks.push(...(last ?? []));
    this.end = last ? 'whole' : 'cut';
    this.#onEnd();
    this.#ring();
  }

  /** A failure is made good by the next batch; the turn itself does not depend on it. */
  async #write(): Promise<void> {
    const chunks = this.chunks.slice(this.#written);
    if (chunks.length === 0) return;
    const { user_id, id: run_id, attempts: attempt } = this.#run;
    try {
      await this.#db.asUser(user_id, (tx) =>
        service.addChunks(tx, { user_id, run_id, attempt, seq: this.#rows, chunks }),
      );
      this.#written += chunks.length;
      this.#rows += 1;
    } catch (error) {
      log.warn({ err: error, run: run_id }, 'chunks were not written');
    }
  }
}

/** Wakes the one who waits for it; a ring that comes while he is awake is kept. */
class Bell {
  #rang = false;
  #wake = (): void => undefined;

  ring(): void {
    this.#rang = true;
    this.#wake();
  }

  /** @param ms how long at most */
  async rung(ms?: number): Promise<void> {
    if (!this.#rang) {
      const timer = ms === undefined ? undefined : setTimeout(() => this.#wake(), ms);
      await new Promise<void>((resolve) => (this.#wake = resolve));
      clearTimeout(timer);
    }
    this.#rang = false;
  }
}

function message(chunk: UIMessageChunk): StreamMessage {
  return { data: JSON.stringify(chunk) };
}

/** What a run says last. */
export function closingOf(run: Pick<Run, 'status' | 'error_message'>): UIMessageChunk[] {
  if (run.status === 'failed') return [{ type: 'error', errorText: run.error_message ?? 'the run failed' }];
  return run.status === 'cancelled' ? [{ type: 'abort' }] : [{ type: 'finish' }];
}
