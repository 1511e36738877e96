// Determines when messages are due: a pure schedule on a given clock, smooth at any rate and
// without bursts after a stall.

/**
 * Limits of a rate, messages a second, besides 0 for a pause. The minimum is one in about two
 * minutes.
 */
export const MIN_RATE = 0.008;
export const MAX_RATE = 20_000;

/** How much time is made up for after a stall, seconds. A longer pause must not become a burst. */
const MAX_BURST_SECONDS = 0.1;

export class Pacer {
  #rate: number;
  #at: number;
  /** Messages that are due, including the fraction of the next one. */
  #credit = 0;

  /**
   * @param rate messages a second
   * @param nowMs time of a monotonic clock, milliseconds
   * @throws RangeError for an invalid rate
   */
  constructor(rate: number, nowMs: number) {
    this.#rate = checkRate(rate);
    this.#at = nowMs;
  }

  get rate(): number {
    return this.#rate;
  }

  /**
   * Changes the rate from now on and keeps the fraction of the next message that has accumulated.
   * @throws RangeError for an invalid rate
   */
  setRate(rate: number, nowMs: number): void {
    checkRate(rate);
    this.#advance(nowMs);
    this.#rate = rate;
  }

  /** Takes the messages that are due by now. @returns their number */
  take(nowMs: number): number {
    this.#advance(nowMs);
    const due = Math.floor(this.#credit);
    this.#credit -= due;
    return due;
  }

  /** Returns messages that were taken and could not be sent. They are due again, up to a burst. */
  giveBack(messages: number): void {
    this.#credit = Math.min(this.#credit + messages, this.#maxCredit());
  }

  /** Time until the next message is due, milliseconds; infinite during a pause. */
  nextInMs(nowMs: number): number {
    if (this.#rate === 0) return Number.POSITIVE_INFINITY;
    const gained = ((nowMs - this.#at) * this.#rate) / 1000;
    return Math.max(0, ((1 - this.#credit - gained) / this.#rate) * 1000);
  }

  #advance(nowMs: number): void {
    const gained = (Math.max(0, nowMs - this.#at) * this.#rate) / 1000;
    this.#at = Math.max(this.#at, nowMs);
    const credit = this.#credit + gained;
    const max = this.#maxCredit();
    // One message more is no burst: a slightly late tick must not cost a fraction of a message.
    this.#credit = credit < max + 1 ? credit : max;
  }

  /** At least one message, or a slow rate would never reach one. */
  #maxCredit(): number {
    return Math.max(1, this.#rate * MAX_BURST_SECONDS);
  }
}

/** @throws RangeError unless the rate is 0 or within the limits */
export function checkRate(rate: number): number {
  if (rate === 0 || (rate >= MIN_RATE && rate <= MAX_RATE)) return rate;
  throw new RangeError(`the rate must be 0 (pause) or ${MIN_RATE} to ${MAX_RATE} messages a second, not ${rate}`);
}
