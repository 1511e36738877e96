// Asks the running stack for the numbers of the status line.
import { scrape } from '../apps/console/scrape.ts';
import { addBuckets, bucketsOf, CounterSeries, quantile } from '../apps/console/series.ts';
import type { Status } from './status.ts';

export interface StatusSourceOptions {
  apiUrl: string;
  apiMetricsPorts: readonly number[];
  gateMetricsUrl: string;
}

const timeoutMs = 3000;

/** Gives the status of the time since the call before. */
export function createStatusSource({
  apiUrl,
  apiMetricsPorts,
  gateMetricsUrl,
}: StatusSourceOptions): () => Promise<Status> {
  const processes = apiMetricsPorts.map((port) => ({ address: `127.0.0.1:${port}`, series: new CounterSeries() }));
  let before: number | undefined;
  /** A process that does not answer is left out until it does again. */
  const read = async ({ address, series }: (typeof processes)[number]): Promise<void> => {
    const reading = await scrape('api', address).catch(() => undefined);
    if (reading) series.add(performance.now(), reading);
  };
  return async () => {
    const [now, stats, gate] = await Promise.all([
      Promise.all(processes.map(read)).then(() => performance.now()),
      ask(`${apiUrl}/api/stats`).then(parse),
      ask(`${gateMetricsUrl}/stats`).then(parse),
    ]);
    const from = before ?? now;
    before = now;
    const requests = processes.reduce((sum, { series }) => sum + series.increase('requests', from, now), 0);
    const seconds = (now - from) / 1000;
    const p95 = quantile(addBuckets(processes.map(({ series }) => bucketsOf(series, 'latency', from, now))), 0.95);
    return {
      requestsPerSecond: seconds > 0 ? requests / seconds : 0,
      p95Ms: p95 === null ? undefined : p95 * 1000,
      lag: numberOr(stats?.lag),
      cacheHitRatio: numberOr(stats?.cacheHitRatio),
      mongoOperationsPerSecond: numberOr(gate?.operationsPerSecond),
    };
  };
}

/** The answer, or undefined: a part that doesn't answer leaves its numbers out of the line. */
async function ask(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    const text = await response.text();
    return response.ok ? text : undefined;
  } catch {
    return undefined;
  }
}

function parse(text: string | undefined): Record<string, unknown> | undefined {
  return text === undefined ? undefined : (JSON.parse(text) as Record<string, unknown>);
}

function numberOr(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
