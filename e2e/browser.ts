/** A real browser for the tests: the Chromium that comes as a package, kept off the network. */
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sparticuz from '@sparticuz/chromium';
import { type Browser, chromium } from 'playwright-core';

/** What the package asks for that a test of a page must not have: one process for all, and the web's rules off. */
const UNWANTED = [
  /^--single-process$/,
  /^--no-zygote$/,
  /^--disable-web-security$/,
  /^--allow-running-insecure-content$/,
  /^--headless/,
];

/** Nothing but this machine is looked up or called. */
const OFF_THE_NETWORK = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-sync',
  '--no-first-run',
  '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1',
];

export async function startBrowser(): Promise<Browser> {
  sparticuz.setGraphicsMode = false;
  const executablePath = await sparticuz.executablePath();
  // Without a font of the machine's own the package's is used; it is unpacked beside the program.
  const fonts = join(tmpdir(), 'fonts');
  return chromium.launch({
    executablePath,
    timeout: 60_000,
    args: [...sparticuz.args.filter((flag) => !UNWANTED.some((one) => one.test(flag))), ...OFF_THE_NETWORK],
    env: {
      ...(process.env as Record<string, string>),
      ...(existsSync('/etc/fonts') || !existsSync(fonts) ? {} : { FONTCONFIG_PATH: fonts }),
    },
  });
}
