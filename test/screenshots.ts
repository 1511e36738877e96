// npm run docs:screenshots: the pictures of the console in docs/images, of a stack that is really
// loaded for five minutes.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import type { Stack } from '../local/stack.ts';
import { DESKTOP, pictureOf, withBrowser, withLoadedStack } from './pictures.ts';

/** How long the plots have something to show, seconds. */
const SECONDS = 300;
/** Over that time users come, go and come back. */
const USERS = {
  most: 50,
  at: (second: number): number => Math.round(30 + 20 * Math.sin((second / SECONDS) * 4 * Math.PI)),
};

async function takePicture(browser: Browser, stack: Stack, name: string, look: object, shows: RegExp): Promise<void> {
  const page = await browser.newPage({ ...DESKTOP, ...look });
  await page.goto(stack.consoleUrl!);
  await page.locator('#health').getByText(shows).waitFor({ timeout: 60_000 });
  await sleep(3_000); // a few ticks
  await page.screenshot({ path: pictureOf(name) });
  await page.close();
  console.log(`${name}.png`);
}

const options = { overrides: { 'producer:rate': '25' }, log: console.log };
await withBrowser((browser) =>
  withLoadedStack(options, USERS, async (stack) => {
    const first = await browser.newPage(); // somebody looks, so that the plots are fine-grained
    await first.goto(stack.consoleUrl!);
    await sleep(SECONDS * 1000);
    await takePicture(browser, stack, 'console-light', { colorScheme: 'light' }, /All is well/);
    await takePicture(browser, stack, 'console-phone', { viewport: { width: 390, height: 844 } }, /All is well/);
    const mongo = stack.processes.get('mongo')!;
    mongo.kill('SIGSTOP');
    await takePicture(browser, stack, 'console-dark', { colorScheme: 'dark' }, /The store refuses batches/);
    mongo.kill('SIGCONT');
  }),
);
