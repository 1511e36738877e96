// The status line: its numbers, and how they read.

export interface Status {
  requestsPerSecond: number;
  /** Undefined while there are no requests. */
  p95Ms: number | undefined;
  /** Null while its source does not answer, here and below. */
  lag: number | null;
  mongoOperationsPerSecond: number | null;
  cacheHitRatio: number | null;
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
