// The status line: its numbers, where they come from, and how they read.
import { scrape } from '../apps/console/scrape.ts';
import { addBuckets, bucketsOf, CounterSeries, quantile } from '../apps/console/series.ts';
import { getJson } from '../tooling/http.ts';

export interface Status {
  readonly requestsPerSecond: number;
  /** Undefined while there are no requests. */
  readonly p95Ms: number | undefined;
  /** Null while its source does not answer, here and below. */
  readonly lag: number | null;
  readonly mongoOperationsPerSecond: number | null;
  readonly cacheHitRatio: number | null;
}

interface StatusSourceOptions {
  readonly apiUrl: string;
  readonly apiMetricsPorts: readonly number[];
  readonly gateMetricsUrl: string;
}

const TIMEOUT_MS = 3_000;

/** Asks the running stack for its numbers. */
export class StatusSource {
  readonly #apiUrl: string;
  readonly #gateMetricsUrl: string;
  readonly #processes: readonly { readonly address: string; readonly series: CounterSeries }[];
  #before: number | undefined;

  constructor({ apiUrl, apiMetricsPorts, gateMetricsUrl }: StatusSourceOptions) {
    this.#apiUrl = apiUrl;
    this.#gateMetricsUrl = gateMetricsUrl;
    this.#processes = apiMetricsPorts.map((port) => ({ address: `127.0.0.1:${port}`, series: new CounterSeries() }));
  }

  /** The status of the time since the call before. */
  async read(): Promise<Status> {
    const [now, stats, gate] = await Promise.all([
      this.#scrape(),
      numbersAt(`${this.#apiUrl}/api/stats`),
      numbersAt(`${this.#gateMetricsUrl}/stats`),
    ]);
    const from = this.#before ?? now;
    this.#before = now;
    const requests = this.#processes.reduce((sum, { series }) => sum + series.increase('requests', from, now), 0);
    const seconds = (now - from) / 1000;
    const buckets = addBuckets(this.#processes.map(({ series }) => bucketsOf(series, 'latency', from, now)));
    const p95 = quantile(buckets, 0.95);
    return {
      requestsPerSecond: seconds > 0 ? requests / seconds : 0,
      p95Ms: p95 === null ? undefined : p95 * 1000,
      lag: numberOrNull(stats.lag),
      cacheHitRatio: numberOrNull(stats.cacheHitRatio),
      mongoOperationsPerSecond: numberOrNull(gate.operationsPerSecond),
    };
  }

  /**
   * A process that does not answer is left out until it does again.
   *
   * @returns when they had answered
   */
  async #scrape(): Promise<number> {
    await Promise.all(
      this.#processes.map(async ({ address, series }) => {
        const reading = await scrape('api', address).catch(() => undefined);
        if (reading) series.add(performance.now(), reading);
      }),
    );
    return performance.now();
  }
}

/** A part that does not answer leaves its numbers out of the line. */
async function numbersAt(url: string): Promise<Readonly<Record<string, unknown>>> {
  const answer = await getJson(url, { timeoutMs: TIMEOUT_MS }).catch(() => ({}));
  return answer as Readonly<Record<string, unknown>>;
}

const numberOrNull = (value: unknown): number | null => (typeof value === 'number' ? value : null);

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
