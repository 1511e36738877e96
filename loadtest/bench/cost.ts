// What does a request cost, in CPU time, in each process that it passes? In multiples of what
// Express alone takes for the same answer on the same machine in the same minute: the machine's
// noise is in both.
import { setTimeout as sleep } from 'node:timers/promises';
import { formatCount } from '../../tooling/report/format.ts';
import type { Finding, PartOptions } from './parts.ts';
import { cpuMicros, lagOf, STATS_AGE_MS, WRK_CONNECTIONS } from './parts.ts';
import { type BenchStack, type QueueKind, withStack } from './stack.ts';
import { runWrk, type WrkResult } from './wrk.ts';

const ROUNDS = 5;
/**
 * Load before the first round, seconds. A broker's compilers take half of its CPU time at first, and
 * settle only after some 30 s. Redis is full by then too, as it is from then on.
 */
const WARM_UP_SECONDS = 40;
/** Most that all processes together may take, in multiples of Express. */
const TARGETS: Readonly<Record<QueueKind, number>> = { 'redis-streams': 7, kafka: 10 };
/** In a quiet sitting Express takes less than this, microseconds a request. */
const QUIET_MICROS = 36;
/** Processes whose CPU time is not part of a request. */
const UNCOUNTED = /^(console|producer)/;

interface Round {
  readonly wrk: WrkResult;
  /** CPU microseconds a request, by process. */
  readonly micros: ReadonlyMap<string, number>;
}

/** Runs wrk, waits until all that it caused is done, and shares out the CPU time. */
async function measure(
  url: string,
  seconds: number,
  pids: ReadonlyMap<string, number>,
  done: () => Promise<unknown>,
): Promise<Round> {
  const readAll = () => Promise.all([...pids.values()].map(cpuMicros));
  const before = await readAll();
  const wrk = await runWrk(`${url}/api/data`, WRK_CONNECTIONS, seconds);
  await done();
  const after = await readAll();
  const requests = wrk.requestsPerSecond * seconds;
  const micros = new Map([...pids.keys()].map((name, i) => [name, (after[i]! - before[i]!) / requests]));
  return { wrk, micros };
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

export async function benchCost({ queues, seconds, log }: PartOptions): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const queue of queues)
    await withStack({ queue, iops: 100, log }, async (bench) => {
      findings.push(...(await compare(bench, queue, seconds, log)));
    });
  return findings;
}

async function compare(
  bench: BenchStack,
  queue: QueueKind,
  seconds: number,
  log: PartOptions['log'],
): Promise<Finding[]> {
  const { api, stack } = bench;
  const express = await bench.startExpress();
  const pids = new Map(
    [...stack.processes].filter(([name]) => !UNCOUNTED.test(name)).map(([name, { pid }]) => [name, pid] as const),
  );
  const drained = async (): Promise<void> => {
    do await sleep(STATS_AGE_MS);
    while ((await lagOf(api)) > 0);
  };
  await runWrk(`${api.url}/api/data`, WRK_CONNECTIONS, WARM_UP_SECONDS);
  await runWrk(`${express.url}/api/data`, WRK_CONNECTIONS, 1);
  await drained();
  const yardstick: number[] = [];
  const rounds: Round[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const bare = await measure(express.url, seconds, new Map([['express', express.pid]]), async () => undefined);
    yardstick.push(bare.micros.get('express')!);
    const ours = await measure(api.url, seconds, pids, drained);
    rounds.push(ours);
    const parts = [...ours.micros].map(([name, micros]) => `${name} ${micros.toFixed(0)}`).join(', ');
    log(
      `cost on ${queue}, round ${round}: ${formatCount(ours.wrk.requestsPerSecond)} req/s, ` +
        `Express ${yardstick.at(-1)!.toFixed(1)} µs, ${parts} µs`,
    );
  }
  const bare = median(yardstick);
  const sums = rounds.map(({ micros }) => [...micros.values()].reduce((sum, one) => sum + one, 0));
  const parts = [...pids.keys()].map(
    (name) => `${name} ${median(rounds.map(({ micros }) => micros.get(name)!)).toFixed(0)}`,
  );
  const ratio = median(sums) / bare;
  const failed = rounds.reduce((sum, { wrk }) => sum + wrk.failed, 0);
  const quiet = bare <= QUIET_MICROS;
  return [
    {
      what: `CPU per request, ${queue}`,
      found: `${median(sums).toFixed(0)} µs = ${ratio.toFixed(1)} × Express (${bare.toFixed(1)} µs)`,
      target: `≤ ${TARGETS[queue]} × Express`,
      ok: quiet ? ratio <= TARGETS[queue] && failed === 0 : null,
      remark: `${parts.join(', ')} µs; ${formatCount(median(rounds.map(({ wrk }) => wrk.requestsPerSecond)))} req/s, ${formatCount(failed)} failed${quiet ? '' : '; the machine was busy, so this proves nothing'}`,
    },
  ];
}
