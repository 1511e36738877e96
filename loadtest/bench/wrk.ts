// wrk, the usual HTTP benchmark: found on the PATH, or fetched as the local run fetches Redis.

import { join } from 'node:path';
import { debianTree } from '../../local/install/debian.ts';
import { findProgram } from '../../tooling/programs.ts';
import { run } from '../../tooling/run.ts';

export interface WrkResult {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Number of answers other than 2xx or 3xx, and of socket errors. */
  readonly failed: number;
}

/** Runs `wrk -t1`. @throws when wrk is unavailable or the target does not answer */
export async function runWrk(
  url: string,
  connections: number,
  seconds: number,
  path = process.env.PATH,
): Promise<WrkResult> {
  const [program, ...args] = await wrkCommand(path);
  const options = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '--timeout', '30s'];
  return parseWrk(await run(program!, [...args, ...options, url]));
}

async function wrkCommand(path: string | undefined): Promise<string[]> {
  const found = findProgram('wrk', path);
  if (found) return [found];
  const tree = await debianTree({ label: 'wrk', packages: ['wrk', 'libc6', 'libgcc-s1'] });
  return tree.command(join(tree.root, 'usr', 'bin', 'wrk'));
}

/** @throws when the text is not a result of wrk */
export function parseWrk(text: string): WrkResult {
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(text);
  if (!rate) throw new Error(`unexpected output of wrk:\n${text}`);
  const percentile = (name: string): number => {
    const [, value, unit] = new RegExp(`${name}%\\s+([\\d.]+)(us|ms|s|m)`).exec(text) ?? [];
    return Number(value) * ({ us: 0.001, ms: 1, s: 1000, m: 60_000 }[unit!] ?? Number.NaN);
  };
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text);
  const socketErrors = errors ? errors.slice(1).reduce((sum, count) => sum + Number(count), 0) : 0;
  return {
    requestsPerSecond: Number(rate[1]),
    p50Ms: percentile('50'),
    p99Ms: percentile('99'),
    failed: socketErrors + Number(/Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? 0),
  };
}
