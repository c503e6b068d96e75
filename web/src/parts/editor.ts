/** Which entity the editor shows. One editor serves every page, so a link to an entity works wherever it stands. */
import { useSyncExternalStore } from 'react';
import type { EntityType } from '../types.ts';

export interface Subject {
  type: EntityType;
  id: string;
}

let subject: Subject | undefined;
const listeners = new Set<() => void>();

function set(next: Subject | undefined): void {
  subject = next;
  for (const listener of listeners) listener();
}

export const openEditor = (type: EntityType, id: string): void => set({ type, id });
export const closeEditor = (): void => set(undefined);

export function useEditorSubject(): Subject | undefined {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => subject,
  );
}
