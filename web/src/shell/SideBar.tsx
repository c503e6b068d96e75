import { ActionIcon, Group, Menu, Text, Tooltip, UnstyledButton } from '@mantine/core';
import { IconKeyboard, IconLogout, IconSelector } from '@tabler/icons-react';
import { useSuspenseQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { meQuery } from '../queries.ts';
import { ColorSchemeButton } from './ColorSchemeButton.tsx';
import { leave } from './leave.ts';
import { Mark } from './Mark.tsx';
import { PLACES } from './places.ts';
import classes from './Shell.module.css';

/** The places, on a screen wide enough for a column of them. */
export function SideBar({ onHelp }: { onHelp: () => void }) {
  const { data: me } = useSuspenseQuery(meQuery);
  return (
    <nav className={classes.side} aria-label="Main">
      <div className={classes.brand}>
        <Mark size={26} />
        Steward
      </div>
      {PLACES.map(({ to, label, icon: Icon }) => (
        <Link key={to} to={to} className={classes.place} activeOptions={{ exact: false }}>
          <Icon size={19} stroke={1.7} aria-hidden="true" />
          {label}
        </Link>
      ))}
      <div className={classes.foot}>
        <Group gap={4}>
          <ColorSchemeButton />
          <Tooltip label="Keyboard shortcuts (?)">
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              aria-label="Keyboard shortcuts"
              onClick={onHelp}
            >
              <IconKeyboard size={19} stroke={1.7} />
            </ActionIcon>
          </Tooltip>
        </Group>
        <Menu width={200} position="top-start">
          <Menu.Target>
            <UnstyledButton className={classes.place} aria-label={`Account of ${me.name || me.email}`}>
              <div style={{ minWidth: 0, flex: 1 }}>
                <Text size="sm" fw={550} truncate>
                  {me.name || me.email}
                </Text>
                <Text size="xs" c="dimmed" truncate>
                  {me.email}
                </Text>
              </div>
              <IconSelector size={16} aria-hidden="true" />
            </UnstyledButton>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void leave()}>
              Sign out
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </div>
    </nav>
  );
}
