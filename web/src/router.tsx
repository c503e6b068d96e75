/** Which address shows which page. Every page is its own chunk, fetched when it is first wanted. */
import { Button } from '@mantine/core';
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import { ApiError } from './api.ts';
import { Door } from './pages/Door.tsx';
import { PageError } from './parts/PageError.tsx';
import { PageSkeleton } from './parts/PageSkeleton.tsx';
import { conversationsQuery, meQuery, planQuery, queryClient } from './queries.ts';

const root = createRootRoute({
  component: Outlet,
  notFoundComponent: NotFound,
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (search): { next?: string } =>
    typeof search.next === 'string' ? { next: search.next } : {},
  component: lazyRouteComponent(() => import('./pages/SignIn.tsx'), 'SignIn'),
});

const welcome = createRoute({
  getParentRoute: () => root,
  path: '/welcome',
  validateSearch: (search): { token?: string } =>
    search.token === undefined ? {} : { token: String(search.token) },
  component: lazyRouteComponent(() => import('./pages/Welcome.tsx'), 'Welcome'),
});

/** Everything behind the door. */
const inside = createRoute({
  getParentRoute: () => root,
  id: 'inside',
  beforeLoad: async ({ location }) => {
    try {
      await queryClient.ensureQueryData(meQuery);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) {
        throw redirect({ to: '/sign-in', search: location.href === '/' ? {} : { next: location.href } });
      }
      throw error;
    }
  },
  component: lazyRouteComponent(() => import('./shell/Shell.tsx'), 'Shell'),
});

const home = createRoute({
  getParentRoute: () => inside,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/today', replace: true });
  },
});

const today = createRoute({
  getParentRoute: () => inside,
  path: '/today',
  loader: () => void queryClient.prefetchQuery(planQuery),
  component: lazyRouteComponent(() => import('./pages/Today.tsx'), 'Today'),
});

const chat = createRoute({
  getParentRoute: () => inside,
  path: '/chat',
  loader: () => void queryClient.prefetchQuery(conversationsQuery),
  component: lazyRouteComponent(() => import('./pages/chat/ChatPage.tsx'), 'ChatPage'),
});
const newChat = createRoute({
  getParentRoute: () => chat,
  path: '/',
  component: lazyRouteComponent(() => import('./pages/chat/NewChat.tsx'), 'NewChat'),
});
const thread = createRoute({
  getParentRoute: () => chat,
  path: '$conversationId',
  component: lazyRouteComponent(() => import('./pages/chat/ChatThread.tsx'), 'ChatThread'),
});

const inbox = createRoute({
  getParentRoute: () => inside,
  path: '/inbox',
  component: lazyRouteComponent(() => import('./pages/Inbox.tsx'), 'Inbox'),
});

const tasks = createRoute({
  getParentRoute: () => inside,
  path: '/tasks',
  component: lazyRouteComponent(() => import('./pages/Tasks.tsx'), 'Tasks'),
});

const goals = createRoute({
  getParentRoute: () => inside,
  path: '/goals',
  component: lazyRouteComponent(() => import('./pages/Goals.tsx'), 'Goals'),
});

const problems = createRoute({
  getParentRoute: () => inside,
  path: '/problems',
  component: lazyRouteComponent(() => import('./pages/Problems.tsx'), 'Problems'),
});

const graph = createRoute({
  getParentRoute: () => inside,
  path: '/graph',
  component: lazyRouteComponent(() => import('./pages/Graph.tsx'), 'Graph'),
});

const settings = createRoute({
  getParentRoute: () => inside,
  path: '/settings',
  component: lazyRouteComponent(() => import('./pages/settings/Settings.tsx'), 'Settings'),
});
const settingsHome = createRoute({
  getParentRoute: () => settings,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/settings/profile', replace: true });
  },
});
const settingsProfile = createRoute({
  getParentRoute: () => settings,
  path: 'profile',
  component: lazyRouteComponent(() => import('./pages/settings/Profile.tsx'), 'Profile'),
});
const settingsModels = createRoute({
  getParentRoute: () => settings,
  path: 'models',
  component: lazyRouteComponent(() => import('./pages/settings/Models.tsx'), 'Models'),
});
const settingsKeys = createRoute({
  getParentRoute: () => settings,
  path: 'keys',
  component: lazyRouteComponent(() => import('./pages/settings/Keys.tsx'), 'Keys'),
});
const settingsSecurity = createRoute({
  getParentRoute: () => settings,
  path: 'security',
  component: lazyRouteComponent(() => import('./pages/settings/Security.tsx'), 'Security'),
});
const settingsPeople = createRoute({
  getParentRoute: () => settings,
  path: 'people',
  component: lazyRouteComponent(() => import('./pages/settings/People.tsx'), 'People'),
});

function NotFound() {
  return (
    <Door title="There is no such page" lead="The address may be old, or mistyped.">
      <Button component="a" href="/today" variant="light">
        Go to Today
      </Button>
    </Door>
  );
}

const routeTree = root.addChildren([
  signIn,
  welcome,
  inside.addChildren([
    home,
    today,
    chat.addChildren([newChat, thread]),
    inbox,
    tasks,
    goals,
    problems,
    graph,
    settings.addChildren([
      settingsHome,
      settingsProfile,
      settingsModels,
      settingsKeys,
      settingsSecurity,
      settingsPeople,
    ]),
  ]),
]);

export const router = createRouter({
  routeTree,
  defaultPreload: 'intent',
  scrollRestoration: true,
  defaultPendingComponent: PageSkeleton,
  defaultErrorComponent: RouteError,
});

/** An error that a page did not deal with itself. Going on reads everything anew. */
function RouteError({ error, reset }: { error: unknown; reset: () => void }) {
  const known = error instanceof ApiError ? error : undefined;
  return (
    <PageError
      isWholePage
      title={known?.status === 0 ? 'Steward cannot be reached' : 'Something went wrong'}
      message={error instanceof Error ? error.message : 'Something unexpected happened in the page.'}
      requestId={known?.requestId}
      retry={() => {
        reset();
        void router.invalidate();
      }}
    />
  );
}

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
