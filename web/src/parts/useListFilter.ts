import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';

/** Milliseconds after the last letter until the server is asked. */
const TYPING_MS = 180;

export interface ListFilter {
  /** `all` is no filter. */
  readonly status: string;
  readonly setStatus: (status: string) => void;
  readonly search: string;
  readonly setSearch: (search: string) => void;
  /** Both, as the interface takes them. */
  readonly input: { status?: string; q?: string };
}

/** What a list is narrowed to. */
export function useListFilter(initial: string): ListFilter {
  const [status, setStatus] = useState(initial);
  const [search, setSearch] = useState('');
  const [settled] = useDebouncedValue(search.trim(), TYPING_MS);
  const input = { ...(status === 'all' ? {} : { status }), ...(settled === '' ? {} : { q: settled }) };
  return { status, setStatus, search, setSearch, input };
}
