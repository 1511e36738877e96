// npm run docs:screenshots: the pictures of the console in docs/images, of a stack that is really loaded for five minutes.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { type Stack, startStack } from '../local/stack.ts';
import { findBrowser, launchBrowser, NO_BROWSER } from './browser.ts';

const IMAGES = join(import.meta.dirname, '..', 'docs', 'images');
/** How long the plots have something to show, seconds. */
const SECONDS = 300;
/** Users over that time: they come, go and come back. */
const usersAt = (second: number): number => Math.round(30 + 20 * Math.sin((second / SECONDS) * 4 * Math.PI));
const MOST_USERS = 50;
const THINK_MS = 100;

/** A light load with waves, until stopped. */
function load(url: string): () => Promise<void> {
  const begun = performance.now();
  let ended = false;
  const user = async (number: number): Promise<void> => {
    while (!ended) {
      if (number < usersAt((performance.now() - begun) / 1000))
        await fetch(`${url}/api/data`).then(
          (response) => response.text(),
          () => undefined,
        );
      await sleep(THINK_MS);
    }
  };
  const users = Promise.all(Array.from({ length: MOST_USERS }, (_, number) => user(number)));
  return async () => {
    ended = true;
    await users;
  };
}

async function takePicture(browser: Browser, stack: Stack, name: string, look: object, shows: RegExp): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, ...look });
  await page.goto(stack.consoleUrl!);
  await page.locator('#health').getByText(shows).waitFor({ timeout: 60_000 });
  await sleep(3_000); // a few ticks
  await page.screenshot({ path: join(IMAGES, `${name}.png`) });
  await page.close();
  console.log(`${name}.png`);
}

const executable = findBrowser(process.env);
if (executable === undefined) throw new Error(NO_BROWSER);
const folder = await mkdtemp(join(tmpdir(), 'breakwater-screenshots-'));
await mkdir(IMAGES, { recursive: true });
const stack = await startStack({
  queue: 'redis-streams',
  apiProcesses: 2,
  ports: 'free',
  overrides: { 'producer:rate': '25' },
  dataDir: folder,
  env: process.env,
  log: console.log,
});
const browser = await launchBrowser(executable);
const stopLoad = load(stack.apiUrl);
try {
  const first = await browser.newPage(); // somebody looks, so that the plots are fine-grained
  await first.goto(stack.consoleUrl!);
  await sleep(SECONDS * 1000);
  await takePicture(browser, stack, 'console-light', { colorScheme: 'light' }, /All is well/);
  await takePicture(browser, stack, 'console-phone', { viewport: { width: 390, height: 844 } }, /All is well/);
  const mongo = stack.processes.get('mongo')!;
  mongo.kill('SIGSTOP');
  await takePicture(browser, stack, 'console-dark', { colorScheme: 'dark' }, /MongoDB takes no batches/);
  mongo.kill('SIGCONT');
} finally {
  await stopLoad();
  await browser.close();
  await stack.stop();
  await rm(folder, { recursive: true, force: true });
}
