// Quantiles out of histogram buckets, after the buckets of several processes were added up.
import type { CounterSeries } from './series.ts';

/** Cumulative counts by upper bound, as Prometheus' `le` says them; bounds as numbers, infinity for the last. */
export type Buckets = ReadonlyMap<number, number>;

/** What a process' histogram `key.<bound>` gained between two moments. */
export const bucketsOf = (series: CounterSeries, key: string, fromMs: number, toMs: number): Buckets =>
  new Map(
    [...series.keys()]
      .filter((name) => name.startsWith(`${key}.`))
      .map((name) => [boundOf(name.slice(key.length + 1)), series.increase(name, fromMs, toMs)]),
  );

const boundOf = (text: string): number => (text === '+Inf' ? Number.POSITIVE_INFINITY : Number(text));

/** Adds up histograms. Where their bounds differ (two versions during a roll), each counts where it has a bound. */
export function addBuckets(all: readonly Buckets[]): Buckets {
  const sum = new Map<number, number>();
  for (const buckets of all) for (const [bound, count] of buckets) sum.set(bound, (sum.get(bound) ?? 0) + count);
  return sum;
}

/** How many observations there are. */
export const totalOf = (buckets: Buckets): number => Math.max(0, ...buckets.values());

/**
 * The value below which the share `q` of the observations lies, taking them as spread evenly within their bucket.
 * Above the last finite bound nothing is known: that bound is given. Null without observations.
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
