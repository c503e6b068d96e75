import { Select } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { addDays, dueLabel } from '../dates.ts';
import { isOver, KINDS, statusLabel } from '../entities.ts';
import { EntityList } from '../parts/EntityList.tsx';
import { Due, Fact, Priority } from '../parts/Meta.tsx';
import { SnoozeMenu } from '../parts/SnoozeMenu.tsx';
import { useListFilter } from '../parts/useListFilter.ts';
import { useToday } from '../parts/useToday.ts';
import { everyGoalQuery, tasksQuery } from '../queries.ts';
import type { Task } from '../types.ts';

const kind = KINDS.task;

export function Tasks() {
  const today = useToday();
  const filter = useListFilter('open');
  const { status } = filter;
  const isToDo = status === 'open' || status === 'blocked';
  const [goal, setGoal] = useState<string | null>(null);
  const goals = useQuery(everyGoalQuery);
  const query = useInfiniteQuery(
    tasksQuery({
      ...filter.input,
      ...(goal === null ? {} : { goal_id: goal }),
      ...(isToDo ? { sort: 'due' } : {}),
    }),
  );
  return (
    <EntityList<Task>
      kind={kind}
      title="Tasks"
      filter={filter}
      query={query}
      filters={
        <Select
          size="xs"
          aria-label="Goal"
          placeholder="Any goal"
          clearable
          searchable
          data={(goals.data ?? []).map(({ id, title }) => ({ value: id, label: title }))}
          value={goal}
          onChange={setGoal}
        />
      }
      group={isToDo ? (rows) => byDue(rows, today) : undefined}
      meta={(task) => (
        <>
          {task.due_date && (
            <Due date={task.due_date} time={task.due_time} today={today} over={isOver(kind, task)} />
          )}
          {task.priority !== null && <Priority value={task.priority} />}
          {(status === 'all' || task.status === 'blocked') && task.status !== 'open' && (
            <Fact>{statusLabel(kind, task.status)}</Fact>
          )}
          {task.snoozed_until && task.snoozed_until > today && (
            <Fact>Snoozed until {dueLabel(task.snoozed_until, today)}</Fact>
          )}
          {task.tags?.map((tag) => (
            <Fact key={tag}>#{tag}</Fact>
          ))}
        </>
      )}
      actions={(task) => !isOver(kind, task) && <SnoozeMenu id={task.id} title={task.title} />}
      placeholder="Add a task"
      emptyTitle={status === 'open' ? 'Nothing open' : 'Nothing here'}
      emptyText={
        status === 'open'
          ? 'A task is something one can do and be done with. Add one above, or tell Steward in Today or in a chat: “get three quotes by Friday”.'
          : 'No task has this status.'
      }
    />
  );
}

function byDue(rows: Task[], today: string): { heading: string; rows: Task[] }[] {
  const week = addDays(today, 7);
  const due = (task: Task) => task.due_date?.slice(0, 10) ?? '';
  return [
    { heading: 'Late', rows: rows.filter((task) => due(task) !== '' && due(task) < today) },
    { heading: 'Today', rows: rows.filter((task) => due(task) === today) },
    { heading: 'Within a week', rows: rows.filter((task) => due(task) > today && due(task) <= week) },
    { heading: 'Later', rows: rows.filter((task) => due(task) > week) },
    { heading: 'No date', rows: rows.filter((task) => due(task) === '') },
  ];
}
