/** Before `npm pack`: what the package ships besides the compiled program, which `tsc` has put into dist/. */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { preparePage } from '../src/platform/faces/page.ts';

const root = join(import.meta.dirname, '..');
const { dir } = await preparePage({ root });
await cp(dir, join(root, 'dist/web/dist'), { recursive: true });
await cp(join(root, 'migrations'), join(root, 'dist/migrations'), { recursive: true });
