import { Title } from '@mantine/core';
import { useSuspenseQuery } from '@tanstack/react-query';
import { Link, Outlet } from '@tanstack/react-router';
import { meQuery } from '../../queries.ts';
import classes from './Settings.module.css';

const SECTIONS = [
  { to: '/settings/profile', label: 'Profile', adminOnly: false },
  { to: '/settings/models', label: 'Models', adminOnly: false },
  { to: '/settings/keys', label: 'API keys', adminOnly: false },
  { to: '/settings/security', label: 'Security', adminOnly: false },
  { to: '/settings/people', label: 'People', adminOnly: true },
] as const;

export function Settings() {
  const { data: me } = useSuspenseQuery(meQuery);
  return (
    <div className="page">
      <Title order={1} mb="md">
        Settings
      </Title>
      <nav className={classes.sections} aria-label="Settings">
        {SECTIONS.filter((section) => !section.adminOnly || me.role === 'admin').map(({ to, label }) => (
          <Link key={to} to={to} className={classes.section}>
            {label}
          </Link>
        ))}
      </nav>
      <Outlet />
    </div>
  );
}
