import {
  Button,
  Divider,
  Group,
  Select,
  SimpleGrid,
  Stack,
  TagsInput,
  Textarea,
  TextInput,
} from '@mantine/core';
import { DatePickerInput, TimeInput } from '@mantine/dates';
import { useForm } from '@mantine/form';
import { IconArchive, IconRestore } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { archive, finish, reopen, restore, update } from '../actions.ts';
import { isOver, KINDS, PRIORITIES } from '../entities.ts';
import type { Changes, Entity, EntityType } from '../types.ts';
import { EntityLinks } from './EntityLinks.tsx';

/** Every field as the inputs hold it: text, empty for none. */
interface Values {
  title: string;
  text: string;
  status: string;
  priority: string | null;
  impact_score: string | null;
  severity: string | null;
  date: string | null;
  due_time: string;
  horizon: string;
  tags: string[];
}

const ONE_TO_FIVE = ['1', '2', '3', '4', '5'];
const SCALE = (low: string, high: string) =>
  ONE_TO_FIVE.map((value) => ({
    value,
    label: value === '1' ? `1 · ${low}` : value === '5' ? `5 · ${high}` : value,
  }));

interface EntityFormProps {
  type: EntityType;
  entity: Entity;
  onClose: () => void;
}

export default function EntityForm({ type, entity, onClose }: EntityFormProps) {
  const kind = KINDS[type];
  const [saving, setSaving] = useState(false);
  const title = useRef<HTMLInputElement>(null);
  useEffect(() => {
    // On a phone the focus would bring the keyboard up over what one came to read.
    if (matchMedia('(min-width: 48em)').matches) title.current?.focus();
  }, []);
  const form = useForm<Values>({
    mode: 'controlled',
    initialValues: toValues(entity),
    validate: { title: (title) => (title.trim() === '' ? 'A title is needed' : null) },
  });

  const save = form.onSubmit(async (values) => {
    const changes = changed(type, toValues(entity), values);
    if (Object.keys(changes).length === 0) return onClose();
    setSaving(true);
    const held = await update(type, entity.id, changes);
    setSaving(false);
    if (held) onClose();
  });
  const act = (action: Promise<void>) => {
    void action;
    onClose();
  };

  return (
    <form
      onSubmit={save}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) event.currentTarget.requestSubmit();
      }}
    >
      <Stack gap="md">
        <TextInput label="Title" required withAsterisk={false} ref={title} {...form.getInputProps('title')} />
        <Textarea
          label={type === 'task' ? 'Notes' : 'Description'}
          autosize
          minRows={2}
          maxRows={10}
          {...form.getInputProps('text')}
        />
        <SimpleGrid cols={2} spacing="sm">
          <Select label="Status" data={[...kind.statuses]} {...form.getInputProps('status')} />
          {type === 'task' && (
            <Select
              label="Priority"
              placeholder="None"
              clearable
              data={[...PRIORITIES]}
              {...form.getInputProps('priority')}
            />
          )}
          {type === 'problem' && (
            <Select
              label="Severity"
              placeholder="None"
              clearable
              data={SCALE('small', 'grave')}
              {...form.getInputProps('severity')}
            />
          )}
          {type !== 'problem' && (
            <DatePickerInput
              label={type === 'task' ? 'Due' : 'Target date'}
              placeholder="No date"
              clearable
              valueFormat="D MMM YYYY"
              clearButtonProps={{ 'aria-label': 'Clear the date' }}
              {...form.getInputProps('date')}
            />
          )}
          {type === 'task' && 'due_time' in entity && (
            <TimeInput label="Time" {...form.getInputProps('due_time')} />
          )}
          {type === 'task' && (
            <Select
              label="Impact"
              placeholder="None"
              clearable
              data={SCALE('little', 'a lot')}
              {...form.getInputProps('impact_score')}
            />
          )}
          {type !== 'task' && (
            <TextInput label="Horizon" placeholder="this year" {...form.getInputProps('horizon')} />
          )}
        </SimpleGrid>
        {type === 'task' && 'tags' in entity && (
          <TagsInput label="Tags" placeholder="home, work" {...form.getInputProps('tags')} />
        )}
        <Group justify="space-between">
          <Group gap="xs">
            <Button type="submit" loading={saving}>
              Save
            </Button>
            {isOver(kind, entity) ? (
              entity.status !== 'archived' && (
                <Button variant="default" onClick={() => act(reopen(type, entity))}>
                  Open again
                </Button>
              )
            ) : (
              <Button variant="default" onClick={() => act(finish(type, entity))}>
                {kind.finish}
              </Button>
            )}
          </Group>
          {entity.status === 'archived' ? (
            <Button
              variant="subtle"
              color="gray"
              leftSection={<IconRestore size={16} />}
              onClick={() => act(restore(type, entity))}
            >
              Restore
            </Button>
          ) : (
            <Button
              variant="subtle"
              color="gray"
              leftSection={<IconArchive size={16} />}
              onClick={() => act(archive(type, entity))}
            >
              Archive
            </Button>
          )}
        </Group>
        <Divider />
        <EntityLinks type={type} id={entity.id} />
      </Stack>
    </form>
  );
}

function toValues(entity: Entity): Values {
  const row: Record<string, unknown> = { ...entity };
  const text = (name: string) => (row[name] === null || row[name] === undefined ? '' : String(row[name]));
  return {
    title: entity.title,
    text: text('notes') || text('description'),
    status: entity.status,
    priority: text('priority') || null,
    impact_score: text('impact_score') || null,
    severity: text('severity') || null,
    date: (text('due_date') || text('target_date')).slice(0, 10) || null,
    due_time: text('due_time').slice(0, 5),
    horizon: text('horizon'),
    tags: Array.isArray(row.tags) ? (row.tags as string[]) : [],
  };
}

/** The column behind each input, where it has another name; numbers and empty inputs as the interface wants them. */
function changed(type: EntityType, before: Values, after: Values): Changes {
  const column: Partial<Record<keyof Values, string>> = {
    text: type === 'task' ? 'notes' : 'description',
    date: type === 'task' ? 'due_date' : 'target_date',
  };
  const changes: Record<string, unknown> = {};
  for (const name of Object.keys(after) as (keyof Values)[]) {
    if (JSON.stringify(before[name]) === JSON.stringify(after[name])) continue;
    const value = after[name];
    const isNumber = name === 'priority' || name === 'impact_score' || name === 'severity';
    changes[column[name] ?? name] = value === '' || value === null ? null : isNumber ? Number(value) : value;
  }
  return changes as Changes;
}
