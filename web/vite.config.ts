import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  // `npx vite web` while working on the page: everything but the page comes from a running server.
  server: {
    proxy: Object.fromEntries(
      ['/v1', '/api', '/auth', '/health', '/docs', '/openapi.json'].map((path) => [
        path,
        'http://127.0.0.1:4747',
      ]),
    ),
  },
  build: {
    target: 'es2023',
    outDir: 'dist',
    emptyOutDir: true,
    // Assets stay files of their own: the content security policy allows no data: URL but for images.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 800,
  },
});
