// Counts operations in each second of the last hour: the evidence that no second was above the
// limit.

const HOUR_SECONDS = 3600;

/** A ring of counts per Unix second. Times are monotonic Unix times in milliseconds. */
export class SecondCounter {
  readonly #counts: Float64Array;
  #firstSecond: number;
  #lastSecond: number;

  /**
   * @param nowMs Unix time at which counting starts
   * @param seconds number of seconds to keep; default: one hour
   */
  constructor(nowMs: number, seconds: number = HOUR_SECONDS) {
    this.#counts = new Float64Array(seconds);
    this.#firstSecond = this.#lastSecond = Math.floor(nowMs / 1000);
  }

  add(nowMs: number, operations: number): void {
    this.#advance(nowMs);
    this.#counts[this.#lastSecond % this.#counts.length]! += operations;
  }

  /** Operations in the last full second. */
  lastFullSecond(nowMs: number): number {
    this.#advance(nowMs);
    const second = this.#lastSecond - 1;
    return second < this.#firstSecond ? 0 : this.#counts[second % this.#counts.length]!;
  }

  /**
   * `[unixSecond, operations]` of each second, oldest first, including zeros. The last second is
   * not over yet.
   * @param since the first second to return
   */
  seconds(nowMs: number, since: number = 0): [number, number][] {
    this.#advance(nowMs);
    const pairs: [number, number][] = [];
    for (let second = Math.max(this.#firstSecond, since); second <= this.#lastSecond; second++)
      pairs.push([second, this.#counts[second % this.#counts.length]!]);
    return pairs;
  }

  /** Advances to the second of `nowMs` and clears the counts of an hour ago. */
  #advance(nowMs: number): void {
    const now = Math.floor(nowMs / 1000);
    const size = this.#counts.length;
    if (now - this.#lastSecond >= size) this.#counts.fill(0);
    else for (let second = this.#lastSecond + 1; second <= now; second++) this.#counts[second % size] = 0;
    this.#lastSecond = Math.max(this.#lastSecond, now);
    this.#firstSecond = Math.max(this.#firstSecond, this.#lastSecond - size + 1);
  }
}
