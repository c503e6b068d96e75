#!/usr/bin/env node
// Starts the program on the Node that comes with it, whatever Node the machine has.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const built = join(here, '../dist/bin/steward.js');
// Node strips no types below node_modules, so the published package carries the compiled program.
const program = here.includes('node_modules') && existsSync(built) ? built : join(here, 'steward.ts');

if (Number(process.versions.node.split('.')[0]) >= 24) {
  await import(program);
} else {
  const node = join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin/node');
  if (!existsSync(node)) {
    console.error(
      'Node 24 is missing: run "npm install" once more (with npm 11 or newer: "npm rebuild node").',
    );
    process.exit(1);
  }
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', program, ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)));
}
