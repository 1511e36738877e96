// One process's counters over the last seconds. They only grow here, whatever the process does: a restart neither takes back
// what was counted nor counts it again.

/** Counters of one process at one moment, by key. A counter that is absent counts as 0. */
export interface CounterReading {
  /** When the process started, seconds of the Unix epoch; undefined where it does not say. */
  readonly startedAt: number | undefined;
  readonly counters: ReadonlyMap<string, number>;
}

interface Point {
  readonly atMs: number;
  /** What was counted since the first reading. */
  readonly totals: ReadonlyMap<string, number>;
}

/** Readings older than this are dropped, milliseconds; longer than any window that is asked for. */
const KEEP_MS = 30_000;

export class CounterSeries {
  #points: Point[] = [];
  #last: CounterReading | undefined;

  /** Takes the next reading. @param atMs a clock that never goes back, milliseconds */
  add(atMs: number, reading: CounterReading): void {
    const before = this.#last;
    this.#last = reading;
    const totals = new Map(this.#points.at(-1)?.totals);
    if (before !== undefined && !isAnother(before, reading))
      for (const [key, value] of reading.counters)
        totals.set(key, (totals.get(key) ?? 0) + value - (before.counters.get(key) ?? 0));
    this.#points.push({ atMs, totals });
    // The one before the oldest that is kept stays, to look from.
    const first = this.#points.findLastIndex((point) => point.atMs <= atMs - KEEP_MS);
    if (first > 0) this.#points = this.#points.slice(first);
  }

  /** By how much a counter grew between two moments. What lies between two readings is spread evenly. */
  increase(key: string, fromMs: number, toMs: number): number {
    return Math.max(0, this.#valueAt(key, toMs) - this.#valueAt(key, fromMs));
  }

  /** Every counter that was ever seen. */
  keys(): Iterable<string> {
    return this.#points.at(-1)?.totals.keys() ?? [];
  }

  /** When the last reading was taken; undefined before the first. */
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
 * Whether this is another process than before: it says so, or it has counted less. What it counted since its start is left
 * out, as nobody knows how long ago that was; of workers that report together one may be gone while the others' counts stay.
 */
function isAnother(before: CounterReading, now: CounterReading): boolean {
  if (before.startedAt !== now.startedAt) return true;
  for (const [key, value] of before.counters) if ((now.counters.get(key) ?? 0) < value) return true;
  return false;
}
