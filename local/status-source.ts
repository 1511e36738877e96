// Asks the running stack for the numbers of the status line.
import { addBuckets, type Buckets, bucketsSince, quantile, requestBuckets, type Status, total } from './status.ts';

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
  let before: { at: number; buckets: Buckets } | undefined;
  return async () => {
    const [texts, stats, gate] = await Promise.all([
      Promise.all(apiMetricsPorts.map((port) => ask(`http://127.0.0.1:${port}/metrics`))),
      ask(`${apiUrl}/api/stats`).then(parse),
      ask(`${gateMetricsUrl}/stats`).then(parse),
    ]);
    const now = { at: performance.now(), buckets: addBuckets(texts.map((text) => requestBuckets(text ?? ''))) };
    const since = before ? bucketsSince(before.buckets, now.buckets) : new Map<number, number>();
    const seconds = before ? (now.at - before.at) / 1000 : 1;
    before = now;
    const p95 = quantile(since, 0.95);
    return {
      requestsPerSecond: total(since) / seconds,
      p95Ms: p95 === undefined ? undefined : p95 * 1000,
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
