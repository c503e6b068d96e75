import { Button, Drawer, Group } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconDots, IconLogout } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { ColorSchemeButton } from './ColorSchemeButton.tsx';
import { leave } from './leave.ts';
import { PLACES } from './places.ts';
import classes from './Shell.module.css';

/** The places, under the thumb. */
export function BottomBar() {
  const [more, { open, close }] = useDisclosure(false);
  return (
    <nav className={classes.bottom} aria-label="Main">
      {PLACES.filter((place) => place.onPhone).map(({ to, label, icon: Icon }) => (
        <Link key={to} to={to} className={classes.tab}>
          <Icon size={22} stroke={1.7} aria-hidden="true" />
          {label}
        </Link>
      ))}
      <button
        type="button"
        className={classes.tab}
        onClick={open}
        aria-haspopup="dialog"
        aria-expanded={more}
      >
        <IconDots size={22} stroke={1.7} aria-hidden="true" />
        More
      </button>
      <Drawer
        opened={more}
        onClose={close}
        position="bottom"
        size="auto"
        title="More"
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <div className={classes.more}>
          {PLACES.filter((place) => !place.onPhone).map(({ to, label, icon: Icon }) => (
            <Link key={to} to={to} className={classes.place} onClick={close}>
              <Icon size={20} stroke={1.7} aria-hidden="true" />
              {label}
            </Link>
          ))}
        </div>
        <Group justify="space-between" mt="md">
          <ColorSchemeButton />
          <Button
            variant="subtle"
            color="gray"
            leftSection={<IconLogout size={16} />}
            onClick={() => void leave()}
          >
            Sign out
          </Button>
        </Group>
      </Drawer>
    </nav>
  );
}
