// What the scripts that take pictures for docs/ share: the browser, where the pictures go, a loaded stack and its users.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { type Stack, type StackOptions, startStack } from '../local/stack.ts';
import { findBrowser, launchBrowser, NO_BROWSER } from './browser.ts';

const IMAGES = join(import.meta.dirname, '..', 'docs', 'images');
/** How a page is looked at, unless something else is said. */
export const DESKTOP = { viewport: { width: 1280, height: 800 } };
const THINK_MS = 100;

/** Path of a picture in docs/images. */
export const pictureOf = (name: string): string => join(IMAGES, `${name}.png`);

/** A browser for as long as `use` takes. @throws when there is none on this machine */
export async function withBrowser(use: (browser: Browser) => Promise<void>): Promise<void> {
  const executable = findBrowser(process.env);
  if (executable === undefined) throw new Error(NO_BROWSER);
  await mkdir(IMAGES, { recursive: true });
  const browser = await launchBrowser(executable);
  try {
    await use(browser);
  } finally {
    await browser.close();
  }
}

/** A stack with users for as long as `use` takes; its data is thrown away. @param users how many there are after so many seconds */
export async function withLoadedStack(
  options: StackOptions,
  users: { readonly most: number; readonly at: (second: number) => number },
  use: (stack: Stack) => Promise<void>,
): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'breakwater-pictures-'));
  try {
    const stack = await startStack({
      queue: 'redis-streams',
      apiProcesses: 2,
      ports: 'free',
      dataDir,
      env: process.env,
      ...options,
    });
    const stopLoad = load(stack.apiUrl, users);
    try {
      await use(stack);
    } finally {
      await stopLoad();
      await stack.stop();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Users who ask and think. @returns how to stop */
function load(url: string, { most, at }: { most: number; at: (second: number) => number }): () => Promise<void> {
  const begun = performance.now();
  let ended = false;
  const user = async (number: number): Promise<void> => {
    while (!ended) {
      if (number < at((performance.now() - begun) / 1000))
        await fetch(`${url}/api/data`).then(
          (response) => response.text(),
          () => undefined,
        );
      await sleep(THINK_MS);
    }
  };
  const users = Promise.all(Array.from({ length: most }, (_, number) => user(number)));
  return async () => {
    ended = true;
    await users;
  };
}
