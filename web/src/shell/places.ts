import {
  IconAffiliate,
  IconAlertTriangle,
  IconChecklist,
  IconInbox,
  IconMessageCircle,
  IconSettings,
  IconSun,
  IconTarget,
  type TablerIcon,
} from '@tabler/icons-react';

export interface Place {
  readonly to: '/today' | '/chat' | '/inbox' | '/tasks' | '/goals' | '/problems' | '/graph' | '/settings';
  readonly label: string;
  readonly icon: TablerIcon;
  /** The second key after `g`. */
  readonly key: string;
  /** Has a place of its own in the bar at the bottom of a phone; the others are under "More". */
  readonly onPhone: boolean;
}

export const PLACES: readonly Place[] = [
  { to: '/today', label: 'Today', icon: IconSun, key: 't', onPhone: true },
  { to: '/chat', label: 'Chat', icon: IconMessageCircle, key: 'c', onPhone: true },
  { to: '/inbox', label: 'Inbox', icon: IconInbox, key: 'i', onPhone: true },
  { to: '/tasks', label: 'Tasks', icon: IconChecklist, key: 'l', onPhone: true },
  { to: '/goals', label: 'Goals', icon: IconTarget, key: 'g', onPhone: false },
  { to: '/problems', label: 'Problems', icon: IconAlertTriangle, key: 'p', onPhone: false },
  { to: '/graph', label: 'Map', icon: IconAffiliate, key: 'm', onPhone: false },
  { to: '/settings', label: 'Settings', icon: IconSettings, key: 's', onPhone: false },
];
