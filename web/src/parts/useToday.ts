import { useInterval } from '@mantine/hooks';
import { useSuspenseQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { dateIn } from '../dates.ts';
import { meQuery } from '../queries.ts';

/** @returns today's date in the person's own zone, also after midnight */
export function useToday(): string {
  const { data: me } = useSuspenseQuery(meQuery);
  const [now, setNow] = useState(() => new Date());
  useInterval(() => setNow(new Date()), 60_000, { autoInvoke: true });
  return dateIn(me.timezone, now);
}
