import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { GuardedProcess } from '../tooling/process/guarded.ts';
import { Supervised } from './supervisor.ts';

const folder = mkdtempSync(join(tmpdir(), 'breakwater-supervisor-'));
afterAll(() => rmSync(folder, { recursive: true }));
const logFile = join(folder, 'log');

function supervise(script: string, maxRestarts = 5) {
  const lines: string[] = [];
  let giveUp: (error: Error) => void = () => {};
  const gaveUp = new Promise<Error>((resolve) => {
    giveUp = resolve;
  });
  let back: () => void = () => {};
  const cameBack = new Promise<void>((resolve) => {
    back = resolve;
  });
  const supervised = new Supervised({
    name: 'it',
    start: async () => new GuardedProcess({ name: 'it', command: '/bin/sh', args: ['-c', script], logFile }),
    logFile,
    log: (line) => {
      lines.push(line);
      if (line.endsWith('is back')) back();
    },
    onGiveUp: giveUp,
    maxRestarts,
    restartDelayMs: 1,
  });
  return { supervised, lines, gaveUp, cameBack };
}

test('what is killed comes back, and is gone once stopped', async () => {
  const { supervised, lines, cameBack } = supervise('exec sleep 600');
  await supervised.start();
  const { pid } = supervised;
  supervised.kill('SIGKILL');
  await cameBack;
  expect(supervised.pid).not.toBe(pid);
  expect(lines[0]).toMatch(/^it was ended by SIGKILL; starting it again/);
  await supervised.stop();
  await supervised.stop();
  expect(() => process.kill(supervised.pid, 0)).toThrow();
  expect(lines).toHaveLength(2);
});

test('what keeps ending is given up, with the end of its log', async () => {
  const { supervised, gaveUp } = supervise('echo no luck; exit 9', 2);
  await supervised.start();
  const error = await gaveUp;
  expect(error.message).toMatch(/^it ended with status 9, 3 times in a minute.*no luck/s);
  await supervised.stop();
});

test('what was stopped before does not start', async () => {
  const { supervised } = supervise('exec sleep 600');
  await supervised.stop();
  await expect(supervised.start()).rejects.toThrow('stopped before');
});
