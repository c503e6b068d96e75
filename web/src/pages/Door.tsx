import { Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import type { ReactNode } from 'react';
import { Mark } from '../shell/Mark.tsx';
import classes from './Door.module.css';

/** The frame of the pages one sees before one is in. */
export function Door({ title, lead, children }: { title: string; lead?: ReactNode; children: ReactNode }) {
  useDocumentTitle(`${title} · Steward`);
  return (
    <main className={classes.door}>
      <div className={`card ${classes.panel}`}>
        <div className={classes.head}>
          <Mark size={40} />
          <div>
            <Title order={1}>{title}</Title>
            {lead && (
              <Text c="dimmed" size="sm" mt={4}>
                {lead}
              </Text>
            )}
          </div>
        </div>
        {children}
      </div>
    </main>
  );
}
