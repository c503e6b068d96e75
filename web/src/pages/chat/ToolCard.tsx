import { Badge, Collapse, Loader } from '@mantine/core';
import { IconAlertCircle, IconCheck, IconChevronRight } from '@tabler/icons-react';
import type { DynamicToolUIPart, ToolUIPart } from 'ai';
import { getToolName } from 'ai';
import { useId, useState } from 'react';
import { KINDS } from '../../entities.ts';
import { openEditor } from '../../parts/editor.ts';
import type { EntityType } from '../../types.ts';
import classes from './ToolCard.module.css';

/** What a tool does, for those who do not read tool names. One that is not here is shown by its name. */
const DOES: Readonly<Record<string, string>> = {
  capture_thought: 'Sorted what you said',
  capture_apply: 'Wrote down what you said',
  tasks_list: 'Looked through your tasks',
  tasks_get: 'Read a task',
  tasks_create: 'Created a task',
  tasks_update: 'Changed a task',
  tasks_complete: 'Marked a task done',
  tasks_reopen: 'Opened a task again',
  tasks_snooze: 'Snoozed a task',
  tasks_archive: 'Archived a task',
  tasks_restore: 'Restored a task',
  tasks_delete: 'Deleted a task',
  goals_list: 'Looked through your goals',
  goals_create: 'Created a goal',
  goals_update: 'Changed a goal',
  problems_list: 'Looked through your problems',
  problems_create: 'Created a problem',
  problems_update: 'Changed a problem',
  links_list: 'Looked at the links',
  links_create: 'Linked two things',
  plan_today: 'Read the plan for today',
  plan_refresh: 'Planned the day anew',
  query_ask: 'Looked for an answer',
  memory_context: 'Recalled the context',
  memory_remember: 'Remembered something',
  memory_recall: 'Recalled what it knows',
  memory_forget: 'Forgot something',
  inbox_add: 'Kept it in the inbox',
  inbox_list: 'Looked through the inbox',
};

/** One use of a tool: what it did in a few words; opened, exactly what went in and what came out. */
export function ToolCard({ part }: { part: ToolUIPart | DynamicToolUIPart }) {
  const [opened, setOpened] = useState(false);
  const body = useId();
  const name = getToolName(part);
  const isDone = part.state === 'output-available';
  const isFailed = part.state === 'output-error';
  const found = isDone ? entitiesIn(name, part.output) : [];
  return (
    <div className={classes.card} data-failed={isFailed || undefined}>
      <button
        type="button"
        className={classes.head}
        aria-expanded={opened}
        aria-controls={body}
        onClick={() => setOpened(!opened)}
      >
        <span className={classes.state} aria-hidden="true">
          {isDone ? (
            <IconCheck size={15} stroke={2.2} />
          ) : isFailed ? (
            <IconAlertCircle size={16} />
          ) : (
            <Loader size={14} />
          )}
        </span>
        <span className={classes.does}>{DOES[name] ?? name.replaceAll('_', ' ')}</span>
        <span className="visually-hidden">{isDone ? '' : isFailed ? ', failed' : ', at work'}</span>
        <IconChevronRight
          size={16}
          className={classes.chevron}
          data-opened={opened || undefined}
          aria-hidden="true"
        />
      </button>
      {found.length > 0 && (
        <ul className={`plain-list ${classes.found}`}>
          {found.map(({ type, id, title }) => (
            <li key={id}>
              <button
                type="button"
                className={`link-button ${classes.entity}`}
                onClick={() => openEditor(type, id)}
              >
                <Badge size="xs" variant="light" color={KINDS[type].color}>
                  {KINDS[type].one}
                </Badge>
                {title}
              </button>
            </li>
          ))}
        </ul>
      )}
      <Collapse expanded={opened} id={body} keepMounted={false}>
        <div className={classes.body}>
          <Block label="In" value={part.input} />
          {isDone && <Block label="Out" value={part.output} />}
          {isFailed && <Block label="Error" value={part.errorText} />}
          <p className={classes.name}>{name}</p>
        </div>
      </Collapse>
    </div>
  );
}

function Block({ label, value }: { label: string; value: unknown }) {
  return (
    <section aria-label={label}>
      <h2>{label}</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be reachable by keyboard */}
      <pre tabIndex={0}>
        {typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? 'nothing')}
      </pre>
    </section>
  );
}

/** At most this many are listed; the rest is in the opened card. */
const SHOWN = 6;

interface Found {
  type: EntityType;
  id: string;
  title: string;
}

/** The kind of row that a tool of this name gives back. */
const ROWS: Readonly<Record<string, EntityType>> = { tasks: 'task', goals: 'goal', problems: 'problem' };

/**
 * The tasks, goals and problems that a result is about: what a capture made, what an answer cites, the one that was
 * changed. Results that only list things name none.
 */
function entitiesIn(tool: string, output: unknown): Found[] {
  if (output === null || typeof output !== 'object') return [];
  const { applied, items, citations, id, title } = output as Partial<Record<string, unknown>>;
  const named = applied !== undefined ? items : citations;
  const found = new Map<string, Found>();
  if (Array.isArray(named)) {
    for (const item of named as { entity_type?: string; type?: string; id?: string; title?: string }[]) {
      const type = item.entity_type ?? item.type;
      if ((type === 'task' || type === 'goal' || type === 'problem') && item.id && item.title) {
        found.set(item.id, { type, id: item.id, title: item.title });
      }
    }
  }
  const type = ROWS[tool.split('_')[0] ?? ''];
  if (type && typeof id === 'string' && typeof title === 'string') found.set(id, { type, id, title });
  return [...found.values()].slice(0, SHOWN);
}
