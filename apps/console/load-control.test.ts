// One load at a time, as a process of its own that says how it goes.
import { afterEach, describe, expect, test } from '@jest/globals';
import { silent } from '../../test/api.ts';
import { until } from '../../test/until.ts';
import { createLoadControl, type LoadControl } from './load-control.ts';

const controls: LoadControl[] = [];
afterEach(async () => {
  for (const control of controls.splice(0)) await control.close();
});

/** A load that does as `script` says; `profile` is the profile. */
function load(script: string, command?: string[]): LoadControl {
  const run = `const say = (m) => process.send(m); const profile = process.argv.at(-1); ${script}`;
  const control = createLoadControl(
    {
      // With -e, arguments begin after it.
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

describe('a load', () => {
  test('says how it goes, and how it ended', async () => {
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

  test('one at a time, of those there are', async () => {
    const control = load(waits);
    expect(() => control.start('smokey')).toThrow(/there is no profile "smokey"; there are smoke/);
    control.start('smoke');
    expect(() => control.start('smoke')).toThrow(/the profile smoke runs; stop it first/);
  });

  test('is asked to end, and may take its time', async () => {
    const control = load(`
      process.on('SIGINT', () => { say({ phase: 'checking', text: 'draining' });
        setTimeout(() => { say({ phase: 'done', ok: true, text: 'passed' }); process.exit(130); }, 50); });
      say({ phase: 'load', second: 1, seconds: 9, users: 1 }); ${waits}`);
    expect(() => control.stop()).toThrow(/no load runs/);
    control.start('smoke');
    await until(() => control.state?.progress);
    control.stop();
    expect(control.state!.stopping).toBe(true);
    await until(() => control.state?.progress?.phase === 'checking');
    await ended(control);
    expect(control.state).toMatchObject({ stopping: false, progress: { phase: 'done' } });
  });

  test.each<[string, LoadControl, RegExp]>([
    ['dies', load('process.exit(3)'), /it ended early \(status 3\)/],
    ['is killed', load("process.kill(process.pid, 'SIGKILL')"), /it ended early \(SIGKILL\)/],
    ['cannot start', load('', ['/no/such/program']), /it could not be started: .*ENOENT/],
    [
      'says why',
      load("say({ phase: 'failed', text: 'nothing to load' }); process.exitCode = 2; process.disconnect()"),
      /nothing to load/,
    ],
  ])('that %s', async (_how, control, text) => {
    controls.push(control);
    control.start('smoke');
    await ended(control);
    expect(control.state!.progress).toMatchObject({ phase: 'failed', text: expect.stringMatching(text) });
  });

  test('does not get our limits on memory', async () => {
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
