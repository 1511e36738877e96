// A load test as a child process, one at a time; and the producer's rate.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { silent } from '../../test/api.ts';
import { until } from '../../test/until.ts';
import { freePort } from '../../tooling/ports.ts';
import { checkRate } from '../producer/pacer.ts';
import { rateRoute } from '../producer/rate-route.ts';
import { createLoadControl, type LoadControl, setRate } from './controls.ts';

const controls: LoadControl[] = [];
afterEach(async () => {
  for (const control of controls.splice(0)) await control.close();
});

/** A load test that runs `script`, where `say` reports and `profile` is the profile. */
function load(script: string, command?: string[]): LoadControl {
  const run = `const say = (m) => process.send(m); const profile = process.argv.at(-1); ${script}`;
  const control = createLoadControl(
    {
      // Arguments begin after those of -e.
      command: command ?? [process.execPath, '-e', run, '--', 'load'],
      profiles: [{ name: 'smoke', question: 'Does it work?', users: 1, seconds: 1 }],
    },
    silent,
  );
  controls.push(control);
  return control;
}

const waits = 'setInterval(() => {}, 1000);';
const ended = (control: LoadControl) => until(() => control.state?.running === false);

describe('a load test', () => {
  test('reports its progress and its result', async () => {
    const control = load(`
      say({ phase: 'load', second: 1, seconds: 2, users: 3 });
      setTimeout(() => { say({ phase: 'done', ok: true, text: 'passed ' + profile }); process.disconnect(); }, 50);`);
    expect(control.state).toBeUndefined();
    control.start('smoke');
    expect(control.state).toEqual({ profile: 'smoke', running: true, stopping: false, progress: undefined });
    await until(() => control.state?.progress?.phase === 'load');
    await ended(control);
    expect(control.state).toMatchObject({
      running: false,
      progress: { phase: 'done', ok: true, text: 'passed smoke' },
    });
    control.start('smoke'); // the next one
    await ended(control);
  });

  test('runs one at a time, with a known profile', async () => {
    const control = load(waits);
    expect(() => control.start('smokey')).toThrow(/there is no profile "smokey"; there are smoke/);
    control.start('smoke');
    expect(() => control.start('smoke')).toThrow(/the profile smoke is running; stop it first/);
  });

  test('is asked to stop, and may take its time', async () => {
    const control = load(`
      process.on('SIGINT', () => { say({ phase: 'checking', text: 'draining' });
        setTimeout(() => { say({ phase: 'done', ok: true, text: 'passed' }); process.exit(130); }, 50); });
      say({ phase: 'load', second: 1, seconds: 9, users: 1 }); ${waits}`);
    expect(() => control.stop()).toThrow(/no load test is running/);
    control.start('smoke');
    await until(() => control.state?.progress);
    control.stop();
    expect(control.state!.stopping).toBe(true);
    await until(() => control.state?.progress?.phase === 'checking');
    await ended(control);
    expect(control.state).toMatchObject({ stopping: false, progress: { phase: 'done' } });
  });

  test.each<[string, LoadControl, RegExp]>([
    ['dies', load('process.exit(3)'), /ended early \(status 3\)/],
    ['is killed', load("process.kill(process.pid, 'SIGKILL')"), /ended early \(SIGKILL\)/],
    ['cannot start', load('', ['/no/such/program']), /could not be started: .*ENOENT/],
    [
      'reports a failure',
      load("say({ phase: 'failed', text: 'nothing to load' }); process.exitCode = 2; process.disconnect()"),
      /nothing to load/,
    ],
  ])('that %s', async (_how, control, text) => {
    controls.push(control);
    control.start('smoke');
    await ended(control);
    expect(control.state!.progress).toMatchObject({ phase: 'failed', text: expect.stringMatching(text) });
  });

  test("does not inherit the console's memory limits", async () => {
    process.env.NODE_OPTIONS = '--max-semi-space-size=1';
    try {
      const control = load(
        "say({ phase: 'done', ok: true, text: String(process.env.NODE_OPTIONS) }); process.disconnect();",
      );
      control.start('smoke');
      await ended(control);
      expect(control.state!.progress).toMatchObject({ text: 'undefined' });
    } finally {
      delete process.env.NODE_OPTIONS;
    }
  });

  test('ends with the console', async () => {
    const control = load(`say({ phase: 'load', second: 1, seconds: 9, users: process.pid }); ${waits}`);
    control.start('smoke');
    const { progress } = await until(() => control.state?.progress && control.state);
    await control.close();
    await control.close();
    const { users: pid } = progress as { users: number };
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});

let rate = 1;
const producer = {
  get rate() {
    return rate;
  },
  setRate(next: number) {
    rate = checkRate(next);
  },
};
let server: Server;
beforeAll(async () => {
  const route = rateRoute(producer);
  server = createServer((req, res) => void route(new URL('http://producer/rate'), req, res));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => void server.close());
const address = () => `127.0.0.1:${(server.address() as AddressInfo).port}`;

test("the producer's rate is set", async () => {
  expect(await setRate(address(), 120)).toEqual({ rate: 120 });
  expect(rate).toBe(120);
});

test.each([[50_000], [-1], ['fast'], [undefined], [Number.NaN]])('the producer refuses the rate %s', async (wrong) => {
  await expect(setRate(address(), wrong)).rejects.toMatchObject({ status: 400, code: 'BAD_RATE' });
  expect(rate).toBe(120);
});

test('setting the rate requires a producer', async () => {
  await expect(setRate(undefined, 1)).rejects.toMatchObject({ status: 409, message: 'no producer is running' });
  await expect(setRate(`127.0.0.1:${await freePort()}`, 1)).rejects.toMatchObject({ status: 503 });
});
