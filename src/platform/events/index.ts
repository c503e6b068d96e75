import { and, desc, eq, lt, or } from 'drizzle-orm';
import { z } from 'zod';
import type { Database } from '../database/index.ts';
import { eventLog } from '../database/schema.ts';
import {
  decodeCursor,
  operation,
  pageInput,
  pageOutput,
  type StreamMessage,
  streamOperation,
  toPage,
} from '../operations/index.ts';

/** What happened, as a live stream tells it: enough to know what to fetch again. */
export const liveEvent = z.object({
  id: z.uuid(),
  user_id: z.uuid(),
  type: z.string(),
  entity_type: z.string().nullable(),
  entity_id: z.string().nullable(),
  created_at: z.string(),
});
type LiveEvent = z.infer<typeof liveEvent>;

/** Seconds between signs of life, so that proxies keep a quiet stream open. */
const KEEP_ALIVE_MS = 20_000;

const event = z.object({
  id: z.uuid(),
  request_id: z.string(),
  actor_kind: z.enum(['user', 'key', 'agent', 'system']),
  actor_id: z.string().nullable(),
  event_type: z.string(),
  entity_type: z.string().nullable(),
  entity_id: z.string().nullable(),
  payload_json: z.record(z.string(), z.unknown()),
  created_at: z.date(),
});

export const events = {
  list: operation({
    name: 'events.list',
    summary: 'What happened, newest first',
    http: { method: 'GET', path: '/v1/events' },
    effect: 'read',
    input: pageInput.extend({
      entity_type: z.string().max(50).optional(),
      entity_id: z.string().max(100).optional(),
      request_id: z.string().max(64).optional(),
    }),
    output: pageOutput(event),
    handler: async (ctx, input) => {
      const after = decodeCursor(input.cursor, z.tuple([z.iso.datetime(), z.uuid()]));
      const rows = await ctx.tx
        .select()
        .from(eventLog)
        .where(
          and(
            eq(eventLog.user_id, ctx.userId),
            input.entity_type === undefined ? undefined : eq(eventLog.entity_type, input.entity_type),
            input.entity_id === undefined ? undefined : eq(eventLog.entity_id, input.entity_id),
            input.request_id === undefined ? undefined : eq(eventLog.request_id, input.request_id),
            after &&
              or(
                lt(eventLog.created_at, new Date(after[0])),
                and(eq(eventLog.created_at, new Date(after[0])), lt(eventLog.id, after[1])),
              ),
          ),
        )
        .orderBy(desc(eventLog.created_at), desc(eventLog.id))
        .limit(input.limit + 1);
      return toPage(rows, input.limit, (row) => [row.created_at.toISOString(), row.id]);
    },
  }),
  stream: streamOperation({
    name: 'events.stream',
    summary: 'What happens from now on, as it happens',
    http: { method: 'GET', path: '/v1/events/stream' },
    effect: 'read',
    input: z.object({}),
    output: liveEvent,
    handler: async (ctx) => follow(ctx.db, ctx.userId, ctx.signal),
  }),
};

/** Messages wait in memory while the client is slow; one that never reads is cut off by its connection. */
async function* follow(db: Database, userId: string, signal: AbortSignal): AsyncGenerator<StreamMessage> {
  const waiting: StreamMessage[] = [];
  let wake = (): void => undefined;
  const stop = await db.listen('events', (payload) => {
    if (payload === null) {
      // The connection to the database was lost for a while: the client must fetch everything again.
      waiting.push({ data: JSON.stringify({ type: 'resync' }) });
    } else {
      const happened = JSON.parse(payload) as LiveEvent;
      if (happened.user_id !== userId) return;
      waiting.push({ id: happened.id, data: payload });
    }
    wake();
  });
  signal.addEventListener('abort', () => wake(), { once: true });
  try {
    yield { data: JSON.stringify({ type: 'ready' }) };
    while (!signal.aborted) {
      const message = waiting.shift();
      if (message) {
        yield message;
        continue;
      }
      const heard = await new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(false), KEEP_ALIVE_MS);
        wake = () => {
          clearTimeout(timer);
          resolve(true);
        };
      });
      if (!heard) yield { data: JSON.stringify({ type: 'alive' }) };
    }
  } finally {
    stop();
  }
}
