// What does monitoring cost? The same load with metrics, an open console page and Prometheus, and
// without them, in pairs.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stack } from '../../local/stack.ts';
import { formatCount, formatPercent } from '../../tooling/report/format.ts';
import { type Finding, lagOf, type PartOptions, STATS_AGE_MS, WRK_CONNECTIONS } from './parts.ts';
import { type BenchProcess, withStack } from './stack.ts';
import { runWrk } from './wrk.ts';

const PAIRS = 9;
const MAX_LOSS = 0.05;
/** Processes that poll the apps. While they are stopped, they cost nothing. */
const OBSERVERS = ['console', 'prometheus'];

/**
 * How much throughput do the metrics of an API process, an open console page and Prometheus cost?
 */
export async function benchMonitoring({ queues, seconds, log }: PartOptions): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const queue of queues)
    await withStack({ queue, iops: 100, monitoring: true, log }, async (bench) => {
      const { stack, api } = bench;
      const uncounted = await bench.startUncountedApi();
      const closePage = openPage(stack);
      const measure = async (target: BenchProcess, monitored: boolean): Promise<number> => {
        for (const name of OBSERVERS) stack.processes.get(name)!.kill(monitored ? 'SIGCONT' : 'SIGSTOP');
        await drained(target);
        return (await runWrk(`${target.url}/api/data`, WRK_CONNECTIONS, seconds)).requestsPerSecond;
      };
      try {
        for (const one of [api, uncounted]) await runWrk(`${one.url}/api/data`, WRK_CONNECTIONS, 5);
        const pairs: { monitored: number; bare: number }[] = [];
        while (pairs.length < PAIRS) {
          // Either goes first in every other pair.
          const early = pairs.length % 2 === 0 ? await measure(api, true) : undefined;
          const bare = await measure(uncounted, false);
          const monitored = early ?? (await measure(api, true));
          pairs.push({ monitored, bare });
          log(
            `monitoring on ${queue}, pair ${pairs.length}: ${formatCount(monitored)} with, ${formatCount(bare)} without`,
          );
        }
        const ratios = pairs.map(({ monitored, bare }) => monitored / bare).sort((a, b) => a - b);
        const median = ratios[Math.floor(PAIRS / 2)]!;
        findings.push({
          what: `GET /api/data with metrics, page and Prometheus, ${queue}`,
          found: `${formatPercent(median)} of the rate without`,
          target: `≥ ${formatPercent(1 - MAX_LOSS)}`,
          ok: median >= 1 - MAX_LOSS,
          remark: `median of ${PAIRS} pairs of ${seconds} s, from ${formatPercent(ratios[0]!)} to ${formatPercent(ratios.at(-1)!)}; consumer storing`,
        });
      } finally {
        for (const name of OBSERVERS) stack.processes.get(name)!.kill('SIGCONT');
        closePage();
      }
    });
  return findings;
}

/**
 * Opens the stream of a console page, which gets an update a second.
 * @returns a function that closes it
 */
function openPage(stack: Stack): () => void {
  const closing = new AbortController();
  const read = async () => {
    const { body } = await fetch(`${stack.consoleUrl}/events`, { signal: closing.signal });
    for await (const _ of body!);
  };
  read().catch((error: unknown) => {
    if (!closing.signal.aborted) throw error;
  });
  return () => closing.abort();
}

/** Waits until the queue is nearly empty, so that no run is slowed down by the one before it. */
async function drained(api: BenchProcess): Promise<void> {
  do await sleep(STATS_AGE_MS);
  while ((await lagOf(api)) > 1_000);
}
