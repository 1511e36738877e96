import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { lockHolder, tryLock, waitForLock } from './lock.ts';

const folder = mkdtempSync(join(tmpdir(), 'breakwater-lock-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('one holder at a time, in one process too', async () => {
  const path = join(folder, 'one');
  const first = await tryLock(path);
  expect(first).toBeDefined();
  expect(await tryLock(path)).toBeUndefined();
  first!.release();
  first!.release();
  const second = await tryLock(path);
  expect(second).toBeDefined();
  second!.release();
});

test('a killed holder lets go', async () => {
  const path = join(folder, 'two');
  const script = `const { tryLock } = await import(${JSON.stringify(new URL('./lock.ts', import.meta.url).href)});
    console.log(Boolean(await tryLock(${JSON.stringify(path)}))); setInterval(() => {}, 1000);`;
  const args = ['--input-type=module', '-e', script];
  const other = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(other.stdout, 'data');
  expect(String(line)).toBe('true\n');
  expect(await tryLock(path)).toBeUndefined();
  expect(lockHolder(path)).toBe(`process ${other.pid}`);
  const waiting = waitForLock(path);
  other.kill('SIGKILL');
  (await waiting).release();
});
