// The counters and histograms of one process over the last seconds. Here they only grow: a restart
// neither takes back what was counted nor counts it again.

/** Counters of one process at one moment, by key. A missing counter counts as 0. */
export interface CounterReading {
  /** Start of the process, Unix time in seconds; undefined where it does not report it. */
  readonly startedAt: number | undefined;
  readonly counters: ReadonlyMap<string, number>;
}

interface Point {
  readonly atMs: number;
  /** Increase since the first reading. */
  readonly totals: ReadonlyMap<string, number>;
}

/** Older readings are dropped, milliseconds; longer than any window that is used. */
const KEEP_MS = 30_000;

export class CounterSeries {
  #points: Point[] = [];
  #last: CounterReading | undefined;

  /** Adds a reading. @param atMs time of a monotonic clock, milliseconds */
  add(atMs: number, reading: CounterReading): void {
    const before = this.#last;
    this.#last = reading;
    const totals = new Map(this.#points.at(-1)?.totals);
    if (before !== undefined && !hasRestarted(before, reading))
      for (const [key, value] of reading.counters)
        totals.set(key, (totals.get(key) ?? 0) + value - (before.counters.get(key) ?? 0));
    this.#points.push({ atMs, totals });
    // One older point stays, as the start of the longest window.
    const first = this.#points.findLastIndex((point) => point.atMs <= atMs - KEEP_MS);
    if (first > 0) this.#points = this.#points.slice(first);
  }

  /** Increase of a counter between two moments, interpolated between readings. */
  increase(key: string, fromMs: number, toMs: number): number {
    return Math.max(0, this.#valueAt(key, toMs) - this.#valueAt(key, fromMs));
  }

  /** Every counter that was ever seen. */
  keys(): Iterable<string> {
    return this.#points.at(-1)?.totals.keys() ?? [];
  }

  /** Time of the last reading; undefined before the first. */
  get lastAtMs(): number | undefined {
    return this.#points.at(-1)?.atMs;
  }

  #valueAt(key: string, atMs: number): number {
    const points = this.#points;
    const after = points.findIndex((point) => point.atMs >= atMs);
    if (after === -1) return points.at(-1)?.totals.get(key) ?? 0;
    const to = points[after]!;
    const from = points[after - 1];
    const value = to.totals.get(key) ?? 0;
    if (from === undefined || to.atMs === from.atMs) return value;
    const earlier = from.totals.get(key) ?? 0;
    return earlier + ((value - earlier) * (atMs - from.atMs)) / (to.atMs - from.atMs);
  }
}

/**
 * Whether the process was restarted: it reports another start, or a counter went back. What it has
 * counted since is left out, as the time of the restart is unknown. Where workers report together,
 * one may be gone while the counts of the others stay.
 */
function hasRestarted(before: CounterReading, now: CounterReading): boolean {
  if (before.startedAt !== now.startedAt) return true;
  for (const [key, value] of before.counters) if ((now.counters.get(key) ?? 0) < value) return true;
  return false;
}

/**
 * Cumulative counts of a histogram by upper bound, Prometheus' `le`; the last bound is infinity.
 */
export type Buckets = ReadonlyMap<number, number>;

/** Increase of the histogram `key.<bound>` between two moments. */
export const bucketsOf = (series: CounterSeries, key: string, fromMs: number, toMs: number): Buckets =>
  new Map(
    [...series.keys()]
      .filter((name) => name.startsWith(`${key}.`))
      .map((name) => [boundOf(name.slice(key.length + 1)), series.increase(name, fromMs, toMs)]),
  );

const boundOf = (text: string): number => (text === '+Inf' ? Number.POSITIVE_INFINITY : Number(text));

/**
 * Adds histograms. Where their bounds differ (two versions during a roll), each counts at its own
 * bounds.
 */
export function addBuckets(all: readonly Buckets[]): Buckets {
  const sum = new Map<number, number>();
  for (const buckets of all) for (const [bound, count] of buckets) sum.set(bound, (sum.get(bound) ?? 0) + count);
  return sum;
}

/** Number of observations. */
export const totalOf = (buckets: Buckets): number => Math.max(0, ...buckets.values());

/**
 * The value below which the share `q` of the observations lies, interpolated within its bucket. A
 * quantile above the last finite bound is given as that bound. Null without observations.
 */
export function quantile(buckets: Buckets, q: number): number | null {
  const rank = totalOf(buckets) * q;
  if (rank <= 0) return null;
  let lower = 0;
  let below = 0;
  for (const [upper, count] of [...buckets].sort(([a], [b]) => a - b)) {
    if (count >= rank)
      return upper === Number.POSITIVE_INFINITY ? lower : lower + ((upper - lower) * (rank - below)) / (count - below);
    lower = upper;
    below = Math.max(below, count);
  }
  return lower;
}
