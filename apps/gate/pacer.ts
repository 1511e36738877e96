// Determines when the next operation may pass: slots at even intervals, no burst after idle time,
// and never more than the limit in any second.

export interface PacerOptions {
  /** Operations a second; 0 = unlimited. */
  limit: number;
  /**
   * How late a slot may be taken before it is lost, since timers fire late, milliseconds. Default
   * 50.
   */
  toleranceMs?: number;
}

const SECOND_MS = 1000;

/**
 * A pacer without a clock of its own: the caller passes the time of any monotonic clock, in
 * milliseconds. Two rules hold at once:
 * - the schedule: slots are due at even intervals. A slot that is taken late does not delay those
 *   after it, but what exceeds the tolerance is lost for good.
 * - the window: the slot `limit` slots before was taken at least a second ago. This uses the times
 *   at which slots were really taken, so that catching up never puts more than `limit` into any
 *   second, aligned or sliding.
 */
export class Pacer {
  readonly limit: number;
  readonly #spacingMs: number;
  readonly #toleranceMs: number;
  /** Times of the last `limit` slots. `#oldest` is overwritten next. */
  readonly #taken: Float64Array;
  #oldest = 0;
  #dueMs = Number.NEGATIVE_INFINITY;

  constructor(options: PacerOptions) {
    this.limit = options.limit;
    this.#spacingMs = options.limit > 0 ? SECOND_MS / options.limit : 0;
    this.#toleranceMs = options.toleranceMs ?? 50;
    this.#taken = new Float64Array(options.limit).fill(Number.NEGATIVE_INFINITY);
  }

  /** To be called when work arrives and none was waiting: slots that passed unused are lost. */
  wake(nowMs: number): void {
    this.#dueMs = Math.max(this.#dueMs, nowMs);
  }

  /** The time of the next slot; in the past if it is due. */
  readyAtMs(): number {
    return this.limit === 0 ? Number.NEGATIVE_INFINITY : Math.max(this.#dueMs, this.#taken[this.#oldest]! + SECOND_MS);
  }

  /** Takes a slot if one is due at this time. */
  take(nowMs: number): boolean {
    if (this.limit === 0) return true;
    if (nowMs < this.readyAtMs()) return false;
    this.#taken[this.#oldest] = nowMs;
    this.#oldest = (this.#oldest + 1) % this.limit;
    this.#dueMs = Math.max(this.#dueMs, nowMs - this.#toleranceMs) + this.#spacingMs;
    return true;
  }
}
