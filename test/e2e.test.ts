// The README's first command, end to end: the stack of Pulumi.dev.yaml comes up, takes a load, gives its report, and is gone.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Report } from '../loadtest/api.ts';
import { run } from '../tooling/run.ts';
import { outcomeOf } from './processes.ts';

const demo = join(import.meta.dirname, '..', 'loadtest', 'demo.ts');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-e2e-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function runDemo(...args: string[]) {
  const { status, output } = await outcomeOf(process.execPath, [demo, ...args], { cwd: folder });
  return { status, text: output };
}

/** Processes whose command line names the data folder, or whose parent's does. */
async function leftovers(): Promise<string[]> {
  const processes = await run('ps', ['-eo', 'pid,args', '-ww']);
  return processes.split('\n').filter((line) => line.includes(folder));
}

describe('npm run demo', () => {
  test('starts the stack, loads it, reports, and stops it', async () => {
    const { status, text } = await runDemo('--profile', 'smoke', '--ports', 'free', '--data', join(folder, 'data'));
    expect({ status, text }).toMatchObject({ status: 0 });
    expect(text).toMatch(/^Redis: .*; ready in/m);
    expect(text).toMatch(/^MongoDB: .*; ready in/m);
    expect(text).toMatch(/lost 0, phantom 0, double 0, corrupt 0/);

    const [run, ...more] = await readdir(join(folder, 'reports'));
    expect(more).toEqual([]);
    const report = JSON.parse(await readFile(join(folder, 'reports', run!, 'report.json'), 'utf8')) as Report;
    expect(report.ok).toBe(true);
    expect(report.totals.accepted).toBeGreaterThan(100);
    expect(report.ledger).toMatchObject({ lost: 0, phantom: 0, double: 0, corrupt: 0, torn: 0 });
    expect(report.checks.filter(({ ok }) => ok !== true)).toEqual([]);
    const page = await readFile(join(folder, 'reports', run!, 'report.html'), 'utf8');
    expect(page).toContain('<svg');
    expect(page).not.toMatch(/(src|href)="https?:/);

    expect(await leftovers()).toEqual([]);
  }, 180_000);

  test('says what is wrong with its options', async () => {
    expect(await runDemo('--profile', 'smokey')).toMatchObject({
      status: 2,
      text: expect.stringContaining('stress-10k'),
    });
    expect(await runDemo('--stack', 'nowhere')).toMatchObject({ status: 2, text: expect.stringContaining('dev') });
    expect(await runDemo('--help')).toMatchObject({ status: 0, text: expect.stringContaining('npm run demo') });
  });
});
