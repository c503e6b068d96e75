import '@mantine/core/styles.css';
import '@mantine/dates/styles.css';
import '@mantine/notifications/styles.css';
import './styles.css';
import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import { DatesProvider } from '@mantine/dates';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { createRoot } from 'react-dom/client';
import { queryClient } from './queries.ts';
import { router } from './router.tsx';
import { cssVariablesResolver, theme } from './theme.ts';

/** The same key as start.js reads before the first paint. */
const colorScheme = localStorageColorSchemeManager({ key: 'steward-color-scheme' });
const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';

createRoot(document.getElementById('root')!).render(
  <MantineProvider
    theme={theme}
    cssVariablesResolver={cssVariablesResolver}
    defaultColorScheme="auto"
    colorSchemeManager={colorScheme}
    getStyleNonce={() => nonce}
  >
    <DatesProvider settings={{ firstDayOfWeek: 1 }}>
      <QueryClientProvider client={queryClient}>
        <Notifications position="bottom-right" containerWidth={380} limit={3} className="toasts" />
        <RouterProvider router={router} />
      </QueryClientProvider>
    </DatesProvider>
  </MantineProvider>,
);
