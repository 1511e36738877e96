// Operations in each second of the last hour: the gate's evidence that no second was above the limit.

const HOUR_SECONDS = 3600;

/** Counts per Unix second in a ring. Times are Unix times in ms that never go backwards. */
export class SecondCounter {
  readonly #counts: Float64Array;
  #firstSecond: number;
  #lastSecond: number;

  /** @param nowMs Unix time at which counting starts @param seconds how many seconds are kept; default one hour */
  constructor(nowMs: number, seconds: number = HOUR_SECONDS) {
    this.#counts = new Float64Array(seconds);
    this.#firstSecond = this.#lastSecond = Math.floor(nowMs / 1000);
  }

  add(nowMs: number, operations: number): void {
    this.#advance(nowMs);
    this.#counts[this.#lastSecond % this.#counts.length]! += operations;
  }

  /** Operations in the last second that is over. */
  lastFullSecond(nowMs: number): number {
    this.#advance(nowMs);
    const second = this.#lastSecond - 1;
    return second < this.#firstSecond ? 0 : this.#counts[second % this.#counts.length]!;
  }

  /** `[unixSecond, operations]` of each second kept, zeros too, oldest first; the last one is still running. @param since first second wanted */
  seconds(nowMs: number, since: number = 0): [number, number][] {
    this.#advance(nowMs);
    const pairs: [number, number][] = [];
    for (let second = Math.max(this.#firstSecond, since); second <= this.#lastSecond; second++)
      pairs.push([second, this.#counts[second % this.#counts.length]!]);
    return pairs;
  }

  /** Moves on to the second of `nowMs`, clearing what the ring held there an hour ago. */
  #advance(nowMs: number): void {
    const now = Math.floor(nowMs / 1000);
    const size = this.#counts.length;
    if (now - this.#lastSecond >= size) this.#counts.fill(0);
    else for (let second = this.#lastSecond + 1; second <= now; second++) this.#counts[second % size] = 0;
    this.#lastSecond = Math.max(this.#lastSecond, now);
    this.#firstSecond = Math.max(this.#firstSecond, this.#lastSecond - size + 1);
  }
}
