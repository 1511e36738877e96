// A stand-in for the CLI records how it is called: what is tested here is where and how it runs.
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { until } from '../until.ts';
import { REPOSITORY } from './machine.ts';
import { Pulumi } from './pulumi.ts';

/** Fails the command in FAIL; makes the command in WAIT last until SIGINT. */
const CLI = `#!${process.execPath}
const { appendFileSync } = require('node:fs');
const [command, ...args] = process.argv.slice(2);
const { PULUMI_BACKEND_URL: backend, FAIL, WAIT, CALLS } = process.env;
if (command === WAIT) {
  const running = setInterval(() => {}, 1000);
  process.on('SIGINT', () => {
    console.log('cancelled');
    process.exitCode = 1;
    clearInterval(running);
  });
}
appendFileSync(CALLS, JSON.stringify({ command, args, cwd: process.cwd(), backend, pid: process.pid }) + '\\n');
if (command === FAIL) {
  console.error('refused');
  process.exitCode = 1;
}
if (command === 'version') console.log('v3.200.0'); // old enough to report events in a file
if (args[0] === 'output') console.log('{}');
if (args[0] === 'history') console.log('[]');
if (args.includes('--event-log')) {
  const event = { summaryEvent: { resourceChanges: { update: 1, same: 2 } } };
  appendFileSync(args[args.indexOf('--event-log') + 1], JSON.stringify(event) + '\\n');
}
`;

interface Call {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly backend: string;
  readonly pid: number;
}

let folder: string;
let work: string;
const { PATH } = process.env;
const calls = async (): Promise<readonly Call[]> =>
  (await readFile(join(folder, 'calls'), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
const commands = async () => (await calls()).map(({ command }) => command);
const open = (signal = new AbortController().signal) =>
  Pulumi.open({ program: REPOSITORY, work, name: 'e2e-dev', from: 'dev', signal });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-pulumi-'));
  await writeFile(join(folder, 'pulumi'), CLI);
  await chmod(join(folder, 'pulumi'), 0o755);
  process.env.PATH = `${folder}${delimiter}${PATH}`;
  process.env.CALLS = join(folder, 'calls');
});
beforeEach(async () => {
  work = await mkdtemp(join(folder, 'work-'));
  await rm(join(folder, 'calls'), { force: true });
});
afterEach(() => {
  delete process.env.FAIL;
  delete process.env.WAIT;
});
afterAll(async () => {
  process.env.PATH = PATH;
  delete process.env.CALLS;
  await rm(folder, { recursive: true });
});

test('project, config and state of the stack are in the folder of the run', async () => {
  const pulumi = await open();
  expect((await calls()).at(-1)).toMatchObject({
    args: ['init', 'e2e-dev', '--non-interactive'],
    cwd: join(work, 'project'),
    backend: `file://${work}/state`,
  });
  expect(await readFile(join(work, 'project', 'Pulumi.yaml'), 'utf8')).toContain(`main: ${REPOSITORY}\n`);
  expect(pulumi.isNew).toBe(true);
  expect(pulumi.config.kafka.brokers).toBe(3);
});

test('a stack from an earlier run is continued', async () => {
  await open();
  const pulumi = await open();
  expect(pulumi.isNew).toBe(false);
  expect((await calls()).at(-1)!.args.slice(0, 3)).toEqual(['select', '--stack', 'e2e-dev']);
});

test('other config is restored when its body fails', async () => {
  const pulumi = await open();
  const file = join(work, 'project', 'Pulumi.e2e-dev.yaml');
  const before = await readFile(file, 'utf8');
  await expect(
    pulumi.withConfig({ 'api:replicas': '5' }, async () => {
      await writeFile(file, '');
      throw new Error('broken');
    }),
  ).rejects.toThrow('broken');
  expect(await readFile(file, 'utf8')).toBe(before);
});

describe('an operation', () => {
  test('reports its changes', async () => {
    expect(await (await open()).refresh()).toMatchObject({ ok: true, counts: { update: 1 } });
  });

  test.each(['up', 'destroy'] as const)('%s previews first', async (name) => {
    const pulumi = await open();
    await pulumi[name]();
    const [preview, operation] = (await calls()).filter(({ args }) => args.includes('--event-log'));
    expect(preview!.command === 'preview' || preview!.args.includes('--preview-only')).toBe(true);
    expect(operation).toMatchObject({ command: name, args: expect.arrayContaining(['--yes']) });
  });

  test('is not run when its preview fails', async () => {
    const pulumi = await open();
    process.env.FAIL = 'preview';
    expect(await pulumi.up()).toMatchObject({ ok: false, text: expect.stringContaining('refused') });
    expect(await commands()).not.toContain('up');
  });

  test('leads its own process group, and is cancelled once', async () => {
    const interrupt = new AbortController();
    const pulumi = await open(interrupt.signal);
    process.env.WAIT = 'refresh';
    const refresh = pulumi.refresh();
    const { pid } = await until(async () => (await calls()).find(({ command }) => command === 'refresh'));
    try {
      expect(process.kill(-pid, 0)).toBe(true);
    } finally {
      interrupt.abort();
    }
    expect(await refresh).toMatchObject({ ok: false, text: 'cancelled\n' });
  });

  test('destroy is not cancelled', async () => {
    const interrupt = new AbortController();
    const pulumi = await open(interrupt.signal);
    interrupt.abort();
    expect(await pulumi.destroy()).toMatchObject({ ok: true });
  });
});
