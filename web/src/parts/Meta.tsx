import { IconCalendar, IconFlag3 } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { daysBetween, dueLabel } from '../dates.ts';
import classes from './Meta.module.css';

/** One small fact under a row's title. */
export function Fact({ icon, tone, children }: { icon?: ReactNode; tone?: string; children: ReactNode }) {
  return (
    <span className={classes.fact} data-tone={tone}>
      {icon}
      {children}
    </span>
  );
}

/** When it is due; late ones stand out. */
export function Due({
  date,
  time,
  today,
  over,
}: {
  date: string;
  time?: string | null;
  today: string;
  over: boolean;
}) {
  const day = date.slice(0, 10);
  const days = daysBetween(today, day);
  return (
    <Fact
      icon={<IconCalendar size={14} aria-hidden="true" />}
      tone={over ? 'quiet' : days < 0 ? 'late' : days === 0 ? 'now' : 'quiet'}
    >
      {dueLabel(day, today)}
      {time && `, ${time.slice(0, 5)}`}
    </Fact>
  );
}

export function Priority({ value }: { value: number }) {
  return (
    <Fact icon={<IconFlag3 size={14} aria-hidden="true" />} tone={value === 1 ? 'late' : 'quiet'}>
      P{value}
    </Fact>
  );
}
