import { Group, Kbd, Modal, Stack, Text, Title } from '@mantine/core';
import { SHORTCUTS } from '../keyboard.ts';
import classes from './Shell.module.css';

export function ShortcutHelp({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal opened={opened} onClose={onClose} title="Keyboard" closeButtonProps={{ 'aria-label': 'Close' }}>
      <Stack gap="lg">
        {SHORTCUTS.map(({ group, keys }) => (
          <section key={group}>
            <Title order={3} mb={4}>
              {group}
            </Title>
            {keys.map((shortcut) => (
              <div key={shortcut.does} className={classes.shortcut}>
                <Text size="sm">{shortcut.does}</Text>
                <Group gap={4}>
                  {shortcut.keys.map((key) => (
                    <Kbd key={key}>{key}</Kbd>
                  ))}
                </Group>
              </div>
            ))}
          </section>
        ))}
      </Stack>
    </Modal>
  );
}
