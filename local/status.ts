// The numbers of the status line: requests and latency from the APIs' metrics, the rest from where it is known.

/** Cumulative counts of a histogram, by upper bound in seconds, in ascending order. */
export type Buckets = ReadonlyMap<number, number>;

export interface Status {
  requestsPerSecond: number;
  /** Undefined while there are no requests. */
  p95Ms: number | undefined;
  /** Null while its source does not answer, here and below. */
  lag: number | null;
  mongoOperationsPerSecond: number | null;
  cacheHitRatio: number | null;
}

const metric = 'breakwater_http_request_duration_seconds_bucket';

/** The request histogram in a Prometheus text, of all routes but those that we ask ourselves. */
export function requestBuckets(text: string): Buckets {
  const buckets = new Map<number, number>();
  for (const line of text.split('\n')) {
    const [, labels, value] = /^(\w+\{[^}]*\}) (\S+)/.exec(line) ?? [];
    if (!labels?.startsWith(`${metric}{`) || labels.includes('route="/api/stats"')) continue;
    const bound = /le="([^"]+)"/.exec(labels)?.[1];
    const seconds = bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound);
    buckets.set(seconds, (buckets.get(seconds) ?? 0) + Number(value));
  }
  return new Map([...buckets].sort(([a], [b]) => a - b));
}

/** Adds up the histograms of several processes. */
export function addBuckets(all: readonly Buckets[]): Buckets {
  const sum = new Map<number, number>();
  for (const buckets of all) for (const [bound, count] of buckets) sum.set(bound, (sum.get(bound) ?? 0) + count);
  return new Map([...sum].sort(([a], [b]) => a - b));
}

/** What came since `before`; a process that was started again counts from zero. */
export function bucketsSince(before: Buckets, now: Buckets): Buckets {
  const restarted = [...now].some(([bound, count]) => count < (before.get(bound) ?? 0));
  return new Map([...now].map(([bound, count]) => [bound, restarted ? count : count - (before.get(bound) ?? 0)]));
}

/** How many observations there are. */
export function total(buckets: Buckets): number {
  return [...buckets.values()].at(-1) ?? 0;
}

/** The quantile in seconds, assuming even spread within a bucket; undefined without observations. */
export function quantile(buckets: Buckets, q: number): number | undefined {
  const rank = total(buckets) * q;
  if (rank === 0) return undefined;
  let [lower, below] = [0, 0];
  for (const [upper, count] of buckets) {
    if (count >= rank) {
      return upper === Number.POSITIVE_INFINITY ? lower : lower + ((upper - lower) * (rank - below)) / (count - below);
    }
    [lower, below] = [upper, count];
  }
  return lower;
}

/** The status as one line. */
export function formatStatus({
  requestsPerSecond,
  p95Ms,
  lag,
  mongoOperationsPerSecond,
  cacheHitRatio,
}: Status): string {
  const number = (value: number | null): string => (value === null ? '?' : Math.round(value).toLocaleString('en-US'));
  const latency = p95Ms === undefined ? '-' : p95Ms < 10 ? p95Ms.toFixed(1) : number(p95Ms);
  return [
    `${number(requestsPerSecond)} requests/s`,
    `p95 ${latency} ms`,
    `lag ${number(lag)}`,
    `MongoDB ${number(mongoOperationsPerSecond)} operations/s`,
    `cache hits ${cacheHitRatio === null ? '-' : `${(cacheHitRatio * 100).toFixed(1)} %`}`,
  ].join(' · ');
}
