// The console as people see it: the stack of the local run, its page in a real Chromium.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { type Stack, startStack } from '../local/stack.ts';
import { findBrowser, launchBrowser, NO_BROWSER } from './browser.ts';
import { until } from './until.ts';

const executable = findBrowser(process.env);
if (executable === undefined) console.warn(`SKIPPED: the console's page is not tested: ${NO_BROWSER}`);

(executable === undefined ? describe.skip : describe)('the page, in Chromium', () => {
  let folder: string;
  let stack: Stack;
  let browser: Browser;
  let page: Page;
  /** Errors of the page. */
  const errors: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'breakwater-console-'));
    [stack, browser] = await Promise.all([
      startStack({
        queue: 'redis-streams',
        apiProcesses: 2,
        ports: 'free',
        dataDir: folder,
        reportDir: join(folder, 'reports'),
        env: process.env,
      }),
      launchBrowser(executable!),
    ]);
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => {
      // Chromium also logs broken connections and refused requests, which the tests below cause.
      if (message.type() === 'error' && !/net::ERR_|status of (400|502)/.test(message.text()))
        errors.push(message.text());
    });
    await page.goto(stack.consoleUrl!);
    await page.locator('body:not(.waiting)').waitFor();
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    await stack?.stop();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  const text = async (name: string) => (await page.locator(`[data-number="${name}"]`).textContent())!;
  const number = async (name: string) => Number((await text(name)).replace(/[^\d.]/g, ''));
  const above = (name: string, least: number) => until(async () => (await number(name)) > least, 30_000);
  const connection = (state: string) => page.getByText(state, { exact: true }).waitFor({ timeout: 30_000 });
  /** The description of a plot for screen readers. */
  const plot = async (title: string) => (await page.getByRole('img', { name: title }).getAttribute('aria-label'))!;

  test('loads, is live, and shows that all is well', async () => {
    await connection('live');
    expect(await page.title()).toBe('Breakwater dev');
    expect(await page.getByRole('heading', { level: 1, name: 'Breakwater dev' }).count()).toBe(1);
    await page.locator('#health').getByText('All is well').waitFor();
    expect(await text('queueName')).toBe('Redis Streams');
    // The first numbers come before slow processes have answered.
    await until(async () => (await text('apiProcesses')) === '2 processes');
    await until(async () => (await text('consumers')) === '1');
    expect(await text('limit')).toBe('of 100/s');
    expect(await text('mongo')).toBe('up');
    expect(await page.getByRole('img').count()).toBe(6);
  });

  test('fits on the screen of a laptop, and on a phone without horizontal scrolling', async () => {
    expect(await page.evaluate('document.documentElement.scrollHeight')).toBeLessThanOrEqual(800);
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  test('a load test, run from the keyboard: the numbers change on every hop', async () => {
    await page.getByLabel('Load', { exact: true }).focus();
    expect(await page.locator('#profile option').first().textContent()).toBe('smoke: 20 users, 10 s');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Stop' }).waitFor();
    await page.getByText(/^20 users, \d+ of 10 s$/).waitFor();
    await above('requests', 20);
    await above('accepted', 100);
    await above('stored', 100);
    for (const name of ['p50', 'p95', 'p99', 'batch', 'connections', 'operations', 'reads'])
      expect([name, await number(name)]).toEqual([name, expect.any(Number)]);
    // Five records a request, whichever process served it.
    const [requests, accepted] = [await number('requests'), await number('accepted')];
    expect(accepted / requests).toBeGreaterThan(4);
    expect(accepted / requests).toBeLessThan(6);
    await page.getByText(/^smoke: passed; [\d,]+ requests, p95 .*report\.html$/).waitFor({ timeout: 60_000 });
    await page.getByRole('button', { name: 'Start' }).waitFor();
  }, 120_000);

  test('a reload shows the last five minutes at once', async () => {
    await page.reload();
    await page.locator('body:not(.waiting)').waitFor();
    await until(async () => /all: now .*, between 0\/s and [1-9]/.test(await plot('Requests')));
    expect(await plot('Lag')).toMatch(/and [\d,]+ records/);
  });

  test('a load test can be stopped early', async () => {
    await page.getByRole('button', { name: 'Start' }).click();
    await page
      .locator('#load-state')
      .getByText(/^20 users/)
      .waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText(/^smoke: (passed|failed).*requests/).waitFor({ timeout: 60_000 });
  }, 120_000);

  test("the producer's rate can be changed, and paused again", async () => {
    const field = page.getByLabel('Producer');
    expect(await text('rate')).toBe('paused');
    await field.fill('40');
    await field.press('Enter');
    await page.getByText('changed', { exact: true }).waitFor();
    await above('produced', 20);
    expect(await text('rate')).toBe('40/s');
    await field.fill('50000'); // the browser itself refuses it
    await field.press('Enter');
    await field.fill('0.001'); // the producer does, in its words
    await field.press('Enter');
    await page.getByText(/the rate must be 0 \(pause\) or 0\.008 to 20000/).waitFor();
    await field.fill('0');
    await field.press('Enter');
    await until(async () => (await text('rate')) === 'paused');
  });

  test('light and dark', async () => {
    const style = 'getComputedStyle(document.body)';
    const colors = () => page.evaluate<string[]>(`[${style}.backgroundColor, ${style}.color]`);
    const light = await colors();
    await page.emulateMedia({ colorScheme: 'dark' });
    const dark = await colors();
    expect(dark[0]).not.toBe(light[0]);
    expect(dark[1]).not.toBe(light[1]);
    expect(await page.getByRole('img').count()).toBe(6);
    await page.emulateMedia({ colorScheme: 'light' });
  });

  test('a problem is described in words and marked on the path', async () => {
    const gate = stack.processes.get('gate')!;
    gate.kill('SIGSTOP');
    try {
      await page
        .locator('#health')
        .getByText(/The gate does not answer: .*no answer within 3 s/)
        .waitFor({ timeout: 40_000 });
      expect(await page.locator('[data-place="gate"]').getAttribute('data-severity')).toBe('critical');
      expect(await page.title()).toMatch(/^\(\d\) Breakwater dev$/);
      expect(await page.locator('#news').textContent()).toContain('The gate does not answer');
    } finally {
      gate.kill('SIGCONT');
    }
    await page.locator('#health').getByText('All is well').waitFor({ timeout: 40_000 });
  }, 120_000);

  test('survives a restart of the console, and keeps the points that it has received', async () => {
    stack.processes.get('console')!.kill('SIGKILL');
    await connection('connection lost, reconnecting');
    await connection('reconnected');
    await until(async () => /between 0\/s and [1-9]/.test(await plot('Requests')));
    await connection('live');
  }, 60_000);

  test('survives an ingress that answers in its place', async () => {
    // After such an answer the browser would not reconnect by itself.
    await page.route('**/events', (route) => route.fulfill({ status: 502, body: 'bad gateway' }));
    stack.processes.get('console')!.kill('SIGKILL');
    await connection('connection lost, reconnecting');
    await page.unroute('**/events');
    await connection('reconnected');
  }, 60_000);

  test('the page had no errors', () => {
    expect(errors).toEqual([]);
  });
});
