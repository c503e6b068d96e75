import { useDocumentTitle } from '@mantine/hooks';
import { Outlet, useLocation, useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useKeys, useLeaderKey } from '../keyboard.ts';
import { openLive } from '../live.ts';
import { EntityEditor } from '../parts/EntityEditor.tsx';
import { queryClient, sessionQuery } from '../queries.ts';
import { BottomBar } from './BottomBar.tsx';
import { OfflineBanner } from './OfflineBanner.tsx';
import { PLACES } from './places.ts';
import classes from './Shell.module.css';
import { ShortcutHelp } from './ShortcutHelp.tsx';
import { SideBar } from './SideBar.tsx';

/** What surrounds every page once one is signed in. */
export function Shell() {
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const here = PLACES.find((place) => pathname.startsWith(place.to));
  useDocumentTitle(here ? `${here.label} · Steward` : 'Steward');
  const [help, setHelp] = useState(false);
  useEffect(openLive, []);
  useEffect(() => void queryClient.prefetchQuery(sessionQuery), []);
  useKeys({
    '?': () => setHelp(true),
    ...Object.fromEntries(PLACES.map((place) => [`g ${place.key}`, () => void navigate({ to: place.to })])),
  });
  useLeaderKey('g');
  return (
    <div className={classes.shell}>
      <a className={classes.skip} href="#content">
        Skip to the content
      </a>
      <SideBar onHelp={() => setHelp(true)} />
      <div className={classes.main}>
        <OfflineBanner />
        <main id="content" className={classes.content} tabIndex={-1}>
          <Outlet />
        </main>
      </div>
      <BottomBar />
      <EntityEditor />
      <ShortcutHelp opened={help} onClose={() => setHelp(false)} />
    </div>
  );
}
