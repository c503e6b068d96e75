import { Text, ThemeIcon, Title } from '@mantine/core';
import type { TablerIcon } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import classes from './EmptyState.module.css';

interface EmptyStateProps {
  icon: TablerIcon;
  title: string;
  children: ReactNode;
  action?: ReactNode;
}

/** A list with nothing in it says what belongs there and how it gets there. */
export function EmptyState({ icon: Icon, title, children, action }: EmptyStateProps) {
  return (
    <div className={classes.root}>
      <ThemeIcon variant="light" size={48} radius="xl" aria-hidden="true">
        <Icon size={24} stroke={1.6} />
      </ThemeIcon>
      <Title order={2} mt="md">
        {title}
      </Title>
      <Text component="div" c="dimmed" size="sm" maw={440} mt={6}>
        {children}
      </Text>
      {action && <div className={classes.action}>{action}</div>}
    </div>
  );
}
