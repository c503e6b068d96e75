/**
 * The live stream of events: whatever changes on the server, in this tab or any other, is fetched again where it is
 * shown. One connection a tab; the browser reconnects by itself.
 */
import { queryClient } from './queries.ts';
import { refreshSoon } from './refresh.ts';

export interface LiveEvent {
  type: string;
  entity_type?: string | null;
  entity_id?: string | null;
}

/** An event about one of these makes these queries stale. */
const STALE: Readonly<Record<string, readonly string[]>> = {
  task: ['tasks', 'plan'],
  goal: ['goals', 'plan'],
  problem: ['problems'],
  link: ['links', 'plan'],
  entity_link: ['links', 'plan'],
  plan: ['plan'],
  inbox_item: ['inbox'],
  conversation: ['conversations'],
  message: ['conversations'],
  run: ['conversations'],
  key: ['keys'],
  api_key: ['keys'],
  user: ['me', 'users'],
  invitation: ['invitations'],
  model: ['models'],
};

type Listener = (event: LiveEvent) => void;
const listeners = new Set<Listener>();
let source: EventSource | undefined;

/** @returns the function that stops listening */
export function onLiveEvent(listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** @returns the function that closes the stream */
export function openLive(): () => void {
  let opened = 0;
  source ??= new EventSource('/v1/events/stream');
  source.onmessage = (message: MessageEvent<string>) => {
    const event = JSON.parse(message.data) as LiveEvent;
    if (event.type === 'alive') return;
    if (event.type === 'ready') {
      opened += 1;
      // After a gap nobody knows what was missed.
      if (opened > 1) void queryClient.invalidateQueries();
      return;
    }
    if (event.type === 'resync') return void queryClient.invalidateQueries();
    for (const root of STALE[event.entity_type ?? ''] ?? []) refreshSoon(root);
    for (const listener of listeners) listener(event);
  };
  return () => {
    source?.close();
    source = undefined;
  };
}
