import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, test } from '@jest/globals';
import { logTail, spawnGuarded, waitUntilReady } from './guarded.ts';

const folder = mkdtempSync(join(tmpdir(), 'breakwater-guard-'));
afterAll(() => rmSync(folder, { recursive: true }));
const logFile = join(folder, 'log');
const shell = (script: string, graceMs?: number) =>
  spawnGuarded({ name: 'it', command: '/bin/sh', args: ['-c', script], logFile, ...(graceMs && { graceMs }) });

/** Gone, or dead and only waiting for its parent to notice. */
function gone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform === 'linux' && /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

async function untilGone(pid: number, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!gone(pid)) {
    if (performance.now() > deadline) throw new Error(`process ${pid} is still there`);
    await delay(20);
  }
}

describe('a guarded process', () => {
  test('is the command itself, not a shell around it', async () => {
    const child = shell('exit 7');
    expect(await child.exited).toEqual({ code: 7, signal: null });
    expect(child.running).toBe(false);
  });

  test('stops when asked, and is made to when it will not', async () => {
    const child = shell('trap "" TERM; echo deaf; while :; do sleep 0.05; done', 200);
    await waitUntilReady(child, async () => readFileSync(logFile, 'utf8').includes('deaf'));
    await Promise.all([child.stop(), child.stop()]);
    expect(await child.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  test('that dies while starting is reported with the end of its log', async () => {
    const child = shell('echo the reason; exit 3');
    await expect(waitUntilReady(child, async () => false)).rejects.toThrow(/exit status 3.*the reason/s);
    expect(logTail(logFile)).toContain('the reason');
  });

  test.each(['SIGKILL', 'SIGTERM'] as const)('ends when its parent gets %s', async (signal) => {
    const module = JSON.stringify(new URL('./guarded.ts', import.meta.url).href);
    const script = `const { spawnGuarded } = await import(${module});
      const start = (script) => spawnGuarded({ name: 'x', command: '/bin/sh', args: ['-c', script], logFile: ${JSON.stringify(logFile)} }).pid;
      console.log(start('exec sleep 600'), start('trap "" TERM; while :; do sleep 0.1; done'));
      setInterval(() => {}, 1000);`;
    const args = ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON', '--input-type=module', '-e', script];
    const parent = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(parent.stdout, 'data');
    const [willing, deaf] = String(line).trim().split(' ').map(Number) as [number, number];
    expect([gone(willing), gone(deaf)]).toEqual([false, false]);
    parent.kill(signal);
    await untilGone(willing, 2_000);
    await untilGone(deaf, 10_000);
  });
});
