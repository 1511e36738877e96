// When the next operation may pass: slots one spacing apart, no burst for idle time, and never too many in any second.

export interface PacerOptions {
  /** Operations a second; 0 = unlimited. */
  limit: number;
  /** How late a slot may be taken without being lost (a timer fires late, the process is busy), in ms. Default 50. */
  toleranceMs?: number;
}

const SECOND_MS = 1000;

/**
 * A clockless pacer (times are passed in, in ms, of any monotonic clock). Two rules hold at once:
 * - the schedule: slots are due one spacing apart; one taken late doesn't delay those after it, unless it is later than
 *   the tolerance, which is lost for good;
 * - the window: the slot `limit` slots ago was taken a full second ago or more. It looks at the times when slots were really
 *   taken, so that catching up never puts more than `limit` into any second, aligned or sliding.
 */
export class Pacer {
  readonly limit: number;
  readonly #spacingMs: number;
  readonly #toleranceMs: number;
  /** Times of the last `limit` slots; `#oldest` is the next to be overwritten. */
  readonly #taken: Float64Array;
  #oldest = 0;
  #dueMs = Number.NEGATIVE_INFINITY;

  constructor(options: PacerOptions) {
    this.limit = options.limit;
    this.#spacingMs = options.limit > 0 ? SECOND_MS / options.limit : 0;
    this.#toleranceMs = options.toleranceMs ?? 50;
    this.#taken = new Float64Array(options.limit).fill(Number.NEGATIVE_INFINITY);
  }

  /** Call when work comes after none was waiting: slots that passed unused are gone. */
  wake(nowMs: number): void {
    this.#dueMs = Math.max(this.#dueMs, nowMs);
  }

  /** The earliest time of the next slot; in the past when it is due. */
  readyAtMs(): number {
    return this.limit === 0 ? Number.NEGATIVE_INFINITY : Math.max(this.#dueMs, this.#taken[this.#oldest]! + SECOND_MS);
  }

  /** Takes one slot if one is to be had at this time. */
  take(nowMs: number): boolean {
    if (this.limit === 0) return true;
    if (nowMs < this.readyAtMs()) return false;
    this.#taken[this.#oldest] = nowMs;
    this.#oldest = (this.#oldest + 1) % this.limit;
    this.#dueMs = Math.max(this.#dueMs, nowMs - this.#toleranceMs) + this.#spacingMs;
    return true;
  }
}
