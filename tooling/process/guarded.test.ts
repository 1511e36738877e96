import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { isGone } from '../../test/processes.ts';
import { until } from '../../test/until.ts';
import { GuardedProcess, logTail } from './guarded.ts';

const folder = mkdtempSync(join(tmpdir(), 'breakwater-guard-'));
afterAll(() => rmSync(folder, { recursive: true }));
const logFile = join(folder, 'log');
const shell = (script: string, graceMs?: number) =>
  new GuardedProcess({ name: 'it', command: '/bin/sh', args: ['-c', script], logFile, ...(graceMs && { graceMs }) });

describe('a guarded process', () => {
  test('is the command itself, not a shell around it', async () => {
    const child = shell('exit 7');
    expect(await child.exited).toEqual({ code: 7, signal: null });
    expect(child.running).toBe(false);
  });

  test('stops when asked, and is killed when it does not', async () => {
    const child = shell('trap "" TERM; echo unmoved; while :; do sleep 0.05; done', 200);
    await child.untilReady(async () => readFileSync(logFile, 'utf8').includes('unmoved'));
    await Promise.all([child.stop(), child.stop()]);
    expect(await child.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  test('that dies while starting is reported with the end of its log', async () => {
    const child = shell('echo the reason; exit 3');
    await expect(child.untilReady(async () => false)).rejects.toThrow(/exit status 3.*the reason/s);
    expect(logTail(logFile)).toContain('the reason');
  });

  test('that is not ready in time is stopped', async () => {
    const child = shell('exec sleep 600');
    await expect(child.untilReady(async () => false, 50)).rejects.toThrow(/^it was not ready after 0\.05 s; its log/);
    expect(child.running).toBe(false);
  });

  test('whose probe fails is not waited for', async () => {
    const child = shell('exec sleep 600');
    await expect(child.untilReady(() => Promise.reject(new Error('no probe')))).rejects.toThrow(/^no probe$/);
    await child.stop();
  });

  test.each(['SIGKILL', 'SIGTERM'] as const)('ends when its parent gets %s', async (signal) => {
    const module = JSON.stringify(new URL('./guarded.ts', import.meta.url).href);
    const script = `const { GuardedProcess } = await import(${module});
      const start = (script) => new GuardedProcess({ name: 'x', command: '/bin/sh', args: ['-c', script], logFile: ${JSON.stringify(logFile)} }).pid;
      console.log(start('exec sleep 600'), start('trap "" TERM; while :; do sleep 0.1; done'));
      setInterval(() => {}, 1000);`;
    const args = ['--input-type=module', '-e', script];
    const parent = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(parent.stdout, 'data');
    const [willing, unmoved] = String(line).trim().split(' ').map(Number) as [number, number];
    expect([isGone(willing), isGone(unmoved)]).toEqual([false, false]);
    parent.kill(signal);
    await until(() => isGone(willing), 2_000);
    await until(() => isGone(unmoved), 10_000);
  });
});
