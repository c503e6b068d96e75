import type { RefObject } from 'react';
import { useKeys } from '../keyboard.ts';

interface RowActions {
  onEdit: (id: string) => void;
  onFinish: (id: string) => void;
}

/**
 * j and k walk the rows under `list`, e opens and x finishes the one that has the focus. A row carries its id as
 * `data-row` and the element to focus as `data-row-main`; the focus is the browser's own, so that what the keys do
 * is what a screen reader says.
 */
export function useRowKeys(list: RefObject<HTMLElement | null>, { onEdit, onFinish }: RowActions): void {
  const rows = () => [...(list.current?.querySelectorAll<HTMLElement>('[data-row]') ?? [])];
  const current = () => rows().findIndex((row) => row.contains(document.activeElement));
  const focus = (index: number) => {
    const row = rows()[index];
    row?.querySelector<HTMLElement>('[data-row-main]')?.focus();
    row?.scrollIntoView({ block: 'nearest' });
  };
  const id = () => rows()[current()]?.dataset.row;
  useKeys({
    j: () => focus(Math.min(current() + 1, rows().length - 1)),
    k: () => focus(Math.max(current() - 1, 0)),
    e: () => {
      const row = id();
      if (row) onEdit(row);
    },
    x: () => {
      const row = id();
      if (!row) return;
      // The row is about to leave the list; the focus goes on to its neighbour instead of being lost.
      const index = current();
      focus(index + 1 < rows().length ? index + 1 : index - 1);
      onFinish(row);
    },
  });
}
