// npm start as a user meets it: its output, its exit status, and what it leaves behind.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { until } from '../test/until.ts';
import { assertPortsFree } from './ports-plan.ts';

const main = join(import.meta.dirname, 'main.ts');
let dataDir: string;
let children: ChildProcess[];
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'breakwater-main-'));
  children = [];
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await untilNobodyUses(dataDir);
  rmSync(dataDir, { recursive: true, force: true });
});

interface Run {
  child: ChildProcess;
  output(): string;
  /** Waits until the output matches. */
  shows(pattern: RegExp): Promise<void>;
  ended: Promise<[number | null, NodeJS.Signals | null]>;
}

function start(...args: string[]): Run {
  const child = spawn(process.execPath, [main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let text = '';
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk) => (text += chunk));
  const ended = once(child, 'exit') as Run['ended'];
  return {
    child,
    output: () => text,
    async shows(pattern) {
      await until(() => {
        if (!pattern.test(text) && child.exitCode !== null)
          throw new Error(`it ended and never showed ${pattern}:\n${text}`);
        return pattern.test(text);
      }, 60_000);
    },
    ended,
  };
}

/**
 * Processes that have a file below the folder open: servers their data, apps their logs, the run
 * its lock.
 */
function usersOf(folder: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false;
      return readdirSync(`/proc/${pid}/fd`).some((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith(folder));
    } catch {
      return false; // gone while we looked
    }
  });
}

const untilNobodyUses = (folder: string) => until(() => usersOf(folder).length === 0, 60_000);

const queue = ['--queue', 'redis-streams', '--ports', 'free'];

test('starts, shows where everything is and how it fares, and drains on SIGINT', async () => {
  const run = start(...queue, '--data', dataDir);
  await run.shows(/ready in .*API +http:.*Ctrl-C stops it.*requests\/s · p95 .* MongoDB \d+ operations\/s/s);
  expect(usersOf(dataDir).length).toBeGreaterThan(5);
  run.child.kill('SIGINT');
  run.child.kill('SIGINT'); // as npm passes it on
  expect(await run.ended).toEqual([0, null]);
  expect(run.output()).toMatch(/draining.*stopped\n$/s);
  expect(usersOf(dataDir)).toEqual([]);
});

test('leaves no process behind when it is killed', async () => {
  const run = start(...queue, '--data', dataDir);
  await run.shows(/Ctrl-C stops it/);
  run.child.kill('SIGKILL');
  await run.ended;
  await untilNobodyUses(dataDir);
});

test('leaves no process behind when it is killed while it starts', async () => {
  const run = start(...queue, '--data', dataDir);
  await run.shows(/MongoDB: .*ready/);
  run.child.kill('SIGKILL');
  await run.ended;
  await untilNobodyUses(dataDir);
});

test('refuses a second run on the same data', async () => {
  const first = start(...queue, '--data', dataDir);
  await first.shows(/starting the stack/);
  await until(() => usersOf(dataDir).length > 0);
  const second = start(...queue, '--data', dataDir);
  expect(await second.ended).toEqual([2, null]);
  expect(second.output()).toContain(`${dataDir} is in use by process ${first.child.pid}`);
});

test('names every port that is taken, and by whom', async () => {
  // The stack's own ports may be free or not: the one that is surely taken is asked for.
  const server = createServer().listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const needed = new Map([[port, 'the API (api:port)']]);
  await expect(assertPortsFree(needed)).rejects.toThrow(
    new RegExp(`port ${port}, wanted for the API \\(api:port\\), is taken: .*\\(process ${process.pid}\\) holds it`),
  );
  server.close();
});

test('explains itself, and says what is wrong with a command line or a stack', async () => {
  const help = start('--help');
  expect(await help.ended).toEqual([0, null]);
  expect(help.output()).toContain('--stack NAME');
  const wrong = start('--quue', 'kafka');
  expect(await wrong.ended).toEqual([2, null]);
  expect(wrong.output()).toContain('did you mean --queue?');
  const unknown = start('--stack', 'dve');
  expect(await unknown.ended).toEqual([2, null]);
  expect(unknown.output()).toContain('; the stacks here are aws-production, aws-staging, dev,');
});
