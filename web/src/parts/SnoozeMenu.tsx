import { ActionIcon, Menu, Text, Tooltip } from '@mantine/core';
import { DatePicker } from '@mantine/dates';
import { IconCalendar, IconClockPause } from '@tabler/icons-react';
import { useState } from 'react';
import { snooze } from '../actions.ts';
import { addDays, format, nextMonday } from '../dates.ts';
import { useToday } from './useToday.ts';

/** Puts a task off to a day. */
export function SnoozeMenu({ id, title }: { id: string; title: string }) {
  const today = useToday();
  const [opened, setOpened] = useState(false);
  const [picking, setPicking] = useState(false);
  const choices = [
    { label: 'Tomorrow', until: addDays(today, 1) },
    { label: 'In three days', until: addDays(today, 3) },
    { label: 'Next week', until: nextMonday(today) },
  ];
  const choose = (until: string) => {
    setOpened(false);
    setPicking(false);
    void snooze({ id, title }, until, format(until, { weekday: 'long', day: 'numeric', month: 'short' }));
  };
  return (
    <Menu
      opened={opened}
      onChange={(open) => {
        setOpened(open);
        setPicking(false);
      }}
      position="bottom-end"
      width={picking ? 'auto' : 220}
    >
      <Menu.Target>
        <Tooltip label="Snooze">
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label={`Snooze: ${title}`}>
            <IconClockPause size={18} stroke={1.7} />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        {picking ? (
          <DatePicker minDate={addDays(today, 1)} onChange={(date) => date && choose(date)} p="xs" />
        ) : (
          <>
            {choices.map(({ label, until }) => (
              <Menu.Item
                key={label}
                onClick={() => choose(until)}
                rightSection={<Text size="xs">{format(until, { weekday: 'short', day: 'numeric' })}</Text>}
              >
                {label}
              </Menu.Item>
            ))}
            <Menu.Item
              leftSection={<IconCalendar size={16} />}
              closeMenuOnClick={false}
              onClick={() => setPicking(true)}
            >
              Pick a day
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
