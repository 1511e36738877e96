// What seeing costs: the same load with the metrics, the page and Prometheus, and without any of them, in pairs.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stack } from '../../local/stack.ts';
import { formatCount, formatPercent } from '../../tooling/report/format.ts';
import { type Finding, lagOf, type PartOptions, STATS_AGE_MS, WRK_CONNECTIONS } from './parts.ts';
import { type BenchProcess, withStack } from './stack.ts';
import { runWrk } from './wrk.ts';

const PAIRS = 9;
const MOST_LOST = 0.05;
/** What looks at the apps. Frozen, they cost nothing. */
const ONLOOKERS = ['console', 'prometheus'];

/** How much throughput do the metrics of an API process, an open page and Prometheus cost? */
export async function benchMonitoring({ queues, seconds, log }: PartOptions): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const queue of queues)
    await withStack({ queue, iops: 100, monitoring: true, log }, async ({ stack, api, startUncountedApi }) => {
      const uncounted = await startUncountedApi();
      const leave = openPage(stack);
      const measure = async (target: BenchProcess, seen: boolean): Promise<number> => {
        for (const name of ONLOOKERS) stack.processes.get(name)!.kill(seen ? 'SIGCONT' : 'SIGSTOP');
        await drained(target);
        return (await runWrk(`${target.url}/api/data`, WRK_CONNECTIONS, seconds)).requestsPerSecond;
      };
      try {
        for (const one of [api, uncounted]) await runWrk(`${one.url}/api/data`, WRK_CONNECTIONS, 5);
        const pairs: { seen: number; unseen: number }[] = [];
        while (pairs.length < PAIRS) {
          // Each goes first in every other pair.
          const early = pairs.length % 2 === 0 ? await measure(api, true) : undefined;
          const unseen = await measure(uncounted, false);
          const seen = early ?? (await measure(api, true));
          pairs.push({ seen, unseen });
          log(
            `monitoring on ${queue}, pair ${pairs.length}: ${formatCount(seen)} with, ${formatCount(unseen)} without`,
          );
        }
        const ratios = pairs.map(({ seen, unseen }) => seen / unseen).sort((a, b) => a - b);
        const median = ratios[Math.floor(PAIRS / 2)]!;
        findings.push({
          what: `GET /api/data with metrics, page and Prometheus, ${queue}`,
          found: `${formatPercent(median)} of without`,
          target: `≥ ${formatPercent(1 - MOST_LOST)}`,
          ok: median >= 1 - MOST_LOST,
          remark: `median of ${PAIRS} pairs of ${seconds} s, from ${formatPercent(ratios[0]!)} to ${formatPercent(ratios.at(-1)!)}; consumer storing`,
        });
      } finally {
        for (const name of ONLOOKERS) stack.processes.get(name)!.kill('SIGCONT');
        leave();
      }
    });
  return findings;
}

/** Somebody looks at the page: it is told once a second. @returns how to stop */
function openPage(stack: Stack): () => void {
  const leaving = new AbortController();
  const look = async () => {
    const { body } = await fetch(`${stack.consoleUrl}/events`, { signal: leaving.signal });
    for await (const _ of body!);
  };
  look().catch((error: unknown) => {
    if (!leaving.signal.aborted) throw error;
  });
  return () => leaving.abort();
}

/** Waits until the queue is nearly empty, so that no run pays for the one before it. */
async function drained(api: BenchProcess): Promise<void> {
  do await sleep(STATS_AGE_MS);
  while ((await lagOf(api)) > 1_000);
}
