/** Single keys do things, unless one is typing or a dialog is open. */
import { useEffect, useEffectEvent } from 'react';

/** Every key, as the help shows it. */
export const SHORTCUTS: readonly {
  group: string;
  keys: readonly { keys: readonly string[]; does: string }[];
}[] = [
  {
    group: 'In a list',
    keys: [
      { keys: ['j', 'k'], does: 'next and previous row' },
      { keys: ['e'], does: 'edit the row' },
      { keys: ['x'], does: 'mark it done, or open again' },
      { keys: ['n'], does: 'new' },
      { keys: ['/'], does: 'filter' },
    ],
  },
  {
    group: 'Go to',
    keys: [
      { keys: ['g', 't'], does: 'Today' },
      { keys: ['g', 'c'], does: 'Chat' },
      { keys: ['g', 'i'], does: 'Inbox' },
      { keys: ['g', 'l'], does: 'Tasks' },
      { keys: ['g', 'g'], does: 'Goals' },
      { keys: ['g', 'p'], does: 'Problems' },
      { keys: ['g', 'm'], does: 'Map of links' },
      { keys: ['g', 's'], does: 'Settings' },
    ],
  },
  { group: 'Everywhere', keys: [{ keys: ['?'], does: 'this help' }] },
];

/** Milliseconds in which the second key of a pair must follow. */
const PAIR_MS = 1200;

let leader: { key: string; at: number } | undefined;

/**
 * @param bindings from a key (`j`, `?`) or a pair (`g t`) to what it does
 */
export function useKeys(bindings: Readonly<Record<string, () => void>>, enabled = true): void {
  const press = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target))
      return;
    const isSecond =
      leader !== undefined && event.timeStamp > leader.at && event.timeStamp - leader.at < PAIR_MS;
    const name = isSecond ? `${leader?.key} ${event.key}` : event.key;
    const action = bindings[name];
    if (!action) return;
    event.preventDefault();
    leader = undefined;
    action();
  });
  useEffect(() => {
    if (!enabled) return;
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, [enabled]);
}

/** Remembers the first key of a pair; mounted once, by the shell, after everything else has seen the key. */
export function useLeaderKey(key: string): void {
  useEffect(() => {
    const remember = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      leader = event.key === key && !event.defaultPrevented ? { key, at: event.timeStamp } : undefined;
    };
    window.addEventListener('keydown', remember);
    return () => window.removeEventListener('keydown', remember);
  }, [key]);
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return (
    target.isContentEditable ||
    target.closest(
      'input:not([type=checkbox]):not([type=radio]), textarea, select, [role=dialog], [role=menu], [role=listbox]',
    ) !== null
  );
}
