import { ActionIcon, Badge, Group, Text, Title, Tooltip } from '@mantine/core';
import { IconLock, IconRefresh, IconSunrise } from '@tabler/icons-react';
import { useMutation, useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { finish } from '../actions.ts';
import { call } from '../api.ts';
import { ago, format } from '../dates.ts';
import { CheckButton } from '../parts/CheckButton.tsx';
import { EmptyState } from '../parts/EmptyState.tsx';
import { openEditor } from '../parts/editor.ts';
import { PageError } from '../parts/PageError.tsx';
import { ListSkeleton } from '../parts/PageSkeleton.tsx';
import { QuickCapture } from '../parts/QuickCapture.tsx';
import { SnoozeMenu } from '../parts/SnoozeMenu.tsx';
import { useRowKeys } from '../parts/useRowKeys.ts';
import { useToday } from '../parts/useToday.ts';
import { meQuery, planQuery, queryClient } from '../queries.ts';
import { toastError } from '../toast.tsx';
import type { Plan, PlanItem } from '../types.ts';
import classes from './Today.module.css';

/** One click on one of these and the box above holds it. */
const EXAMPLES = [
  'We need to renovate both bathrooms before Christmas, the budget is a problem, first get three quotes by Friday',
  'Call the dentist tomorrow at 9, p1',
  'Renew the passport before the end of next month #travel',
];

/** The plan for today, and why. */
export function Today() {
  const today = useToday();
  const { data: me } = useSuspenseQuery(meQuery);
  const plan = useQuery(planQuery);
  const [draft, setDraft] = useState('');
  const list = useRef<HTMLDivElement>(null);
  const titles = new Map(
    [...(plan.data?.today ?? []), ...(plan.data?.next ?? [])].map((item) => [item.id, item.title]),
  );
  useRowKeys(list, {
    onEdit: (id) => openEditor('task', id),
    onFinish: (id) => void finish('task', { id, title: titles.get(id) ?? '' }),
  });

  return (
    <div className="page">
      <header className={classes.header}>
        <div>
          <Text c="dimmed" size="sm">
            {format(today, { weekday: 'long', day: 'numeric', month: 'long' })}
            {plan.data && ` · planned ${ago(plan.data.generated_at)}`}
          </Text>
          <Title order={1}>{greeting(me.timezone, me.name)}</Title>
        </div>
        <PlanAnew />
      </header>
      <QuickCapture value={draft} onChange={setDraft} />
      <div ref={list}>
        {plan.data ? (
          <PlanSections plan={plan.data} onExample={setDraft} />
        ) : plan.error ? (
          <PageError
            title="The plan could not be read"
            message={plan.error.message}
            retry={() => void plan.refetch()}
          />
        ) : (
          <ListSkeleton rows={5} />
        )}
      </div>
    </div>
  );
}

function PlanAnew() {
  const refresh = useMutation({
    mutationFn: () => call('POST /v1/plan/refresh'),
    onError: toastError,
    onSettled: () => queryClient.invalidateQueries({ queryKey: planQuery.queryKey }),
  });
  return (
    <Tooltip label="Plan anew">
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        aria-label="Plan anew"
        loading={refresh.isPending}
        onClick={() => refresh.mutate()}
      >
        <IconRefresh size={18} stroke={1.7} />
      </ActionIcon>
    </Tooltip>
  );
}

function PlanSections({ plan, onExample }: { plan: Plan; onExample: (text: string) => void }) {
  if (plan.today.length + plan.next.length + plan.blocked.length === 0)
    return <NothingYet onExample={onExample} />;
  return (
    <>
      <section aria-labelledby="plan-today">
        <Title order={2} id="plan-today" className={classes.heading}>
          For today
        </Title>
        {plan.today.length === 0 ? (
          <Text c="dimmed">Nothing that can be done now. What is blocked is below.</Text>
        ) : (
          <ol className={`plain-list card ${classes.list}`}>
            {plan.today.map((item) => (
              <PlanRow key={item.id} item={item} />
            ))}
          </ol>
        )}
      </section>
      {plan.next.length > 0 && (
        <section aria-labelledby="plan-next">
          <Title order={2} id="plan-next" className={classes.heading}>
            Next
          </Title>
          <ol className={`plain-list ${classes.quiet}`}>
            {plan.next.map((item) => (
              <PlanRow key={item.id} item={item} />
            ))}
          </ol>
        </section>
      )}
      {plan.blocked.length > 0 && (
        <section aria-labelledby="plan-blocked">
          <Title order={2} id="plan-blocked" className={classes.heading}>
            Blocked
          </Title>
          <ul className={`plain-list ${classes.quiet}`}>
            {plan.blocked.map((item) => (
              <li key={item.id} className={classes.row} data-row={item.id}>
                <span className={classes.lock}>
                  <IconLock size={17} stroke={1.7} aria-hidden="true" />
                </span>
                <RowBody item={item} />
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function PlanRow({ item }: { item: PlanItem }) {
  return (
    <li className={classes.row} data-row={item.id}>
      <CheckButton
        checked={false}
        color="pine"
        label={`Mark done: ${item.title}`}
        onClick={() => void finish('task', item)}
      />
      <RowBody item={item} />
      <SnoozeMenu id={item.id} title={item.title} />
    </li>
  );
}

function RowBody({ item }: { item: PlanItem }) {
  return (
    <div className={classes.body}>
      <button
        type="button"
        className={`link-button ${classes.title}`}
        data-row-main
        onClick={() => openEditor('task', item.id)}
      >
        {item.title}
      </button>
      <ul className={`plain-list ${classes.reasons}`} aria-label="Why it is here">
        {item.reasons.map((reason) => (
          <li key={reason}>
            <Badge variant="light" size="sm" color={tone(reason)} className={classes.reason}>
              {withDates(reason)}
            </Badge>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** A date within a reason, as people write dates. */
function withDates(reason: string): string {
  return reason.replace(/\b\d{4}-\d{2}-\d{2}\b/, (date) => format(date, { day: 'numeric', month: 'short' }));
}

/** Late is the one reason that is told by colour too. */
function tone(reason: string): string {
  if (/overdue|late/i.test(reason)) return 'clay';
  if (/goal|support/i.test(reason)) return 'iris';
  return 'gray';
}

function NothingYet({ onExample }: { onExample: (text: string) => void }) {
  return (
    <EmptyState
      icon={IconSunrise}
      title="Nothing planned yet"
      action={
        <Group justify="center" gap="xs">
          {EXAMPLES.map((text) => (
            <button
              key={text}
              type="button"
              className={`link-button ${classes.example}`}
              onClick={() => onExample(text)}
            >
              {text}
            </button>
          ))}
        </Group>
      }
    >
      Write what is on your mind in the box above, in your own words. Steward finds the tasks, goals and
      problems in it, and makes a plan for today that says why. Take one of these to try:
    </EmptyState>
  );
}

function greeting(zone: string, name: string): string {
  const hour = Number(
    new Intl.DateTimeFormat('en-GB', { hour: '2-digit', hourCycle: 'h23', timeZone: zone }).format(),
  );
  const part =
    hour < 5 ? 'Good night' : hour < 12 ? 'Good morning' : hour < 18 ? 'Good afternoon' : 'Good evening';
  const first = name.trim().split(/\s+/)[0];
  return first ? `${part}, ${first}` : part;
}
