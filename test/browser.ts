// A real browser for tests of pages: the machine's own Chromium, headless.
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { findProgram } from '../tooling/programs.ts';

const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const ELSEWHERE = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** What to do where there is none. */
export const NO_BROWSER =
  'there is no Chromium on this machine: install it (Debian: apt-get install chromium), or name one with CHROMIUM_PATH';

/** Path of a Chromium: `CHROMIUM_PATH`, else what is on the PATH, else where macOS keeps it; undefined where there is none. */
export function findBrowser(env: Readonly<Record<string, string | undefined>>): string | undefined {
  if (env.CHROMIUM_PATH) return env.CHROMIUM_PATH;
  const onPath = PROGRAMS.map((program) => findProgram(program, env.PATH ?? '')).find(Boolean);
  return onPath ?? ELSEWHERE.find((path) => existsSync(path));
}

/** Starts it. It asks nothing of the network by itself. */
export const launchBrowser = (executablePath: string): Promise<Browser> =>
  chromium.launch({
    executablePath,
    args: [
      // Tests run as root in containers, where Chromium has no sandbox; they open our own pages only.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
