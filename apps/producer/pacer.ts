// When messages are due: a pure clock-driven schedule, smooth at any rate, without a burst after a stall.

/** Rates that a pacer takes: 0 pauses, else from one message in about two minutes. */
export const MIN_RATE = 0.008;
export const MAX_RATE = 20_000;

/** After a stall at most so much is made up for, seconds: a pause of the process does not become a burst. */
const MAX_BURST_SECONDS = 0.1;

export class Pacer {
  #rate: number;
  #at: number;
  /** Messages that are due, with the fraction of the next one. */
  #credit = 0;

  /** @param rate messages a second @param nowMs a clock that never goes back, milliseconds @throws RangeError */
  constructor(rate: number, nowMs: number) {
    this.#rate = checkRate(rate);
    this.#at = nowMs;
  }

  get rate(): number {
    return this.#rate;
  }

  /** Changes the rate from now on; the fraction of the next message that has gone by is kept. @throws RangeError */
  setRate(rate: number, nowMs: number): void {
    checkRate(rate);
    this.#advance(nowMs);
    this.#rate = rate;
  }

  /** How many messages are due by now; they count as taken. */
  take(nowMs: number): number {
    this.#advance(nowMs);
    const due = Math.floor(this.#credit);
    this.#credit -= due;
    return due;
  }

  /** Gives back messages that were taken and could not be sent: they are due, within the bound for bursts. */
  giveBack(messages: number): void {
    this.#credit = Math.min(this.#credit + messages, this.#mostCredit());
  }

  /** How long until the next message is due, milliseconds; infinite while paused. */
  nextInMs(nowMs: number): number {
    if (this.#rate === 0) return Number.POSITIVE_INFINITY;
    const gained = ((nowMs - this.#at) * this.#rate) / 1000;
    return Math.max(0, ((1 - this.#credit - gained) / this.#rate) * 1000);
  }

  #advance(nowMs: number): void {
    const gained = (Math.max(0, nowMs - this.#at) * this.#rate) / 1000;
    this.#at = Math.max(this.#at, nowMs);
    const credit = this.#credit + gained;
    const most = this.#mostCredit();
    // Up to one more is no burst: a tick that comes a little late must not cost a fraction of a message.
    this.#credit = credit < most + 1 ? credit : most;
  }

  /** One message at least, or a slow rate would never come to one. */
  #mostCredit(): number {
    return Math.max(1, this.#rate * MAX_BURST_SECONDS);
  }
}

/** @throws RangeError when the rate is neither 0 nor within the limits */
export function checkRate(rate: number): number {
  if (rate === 0 || (rate >= MIN_RATE && rate <= MAX_RATE)) return rate;
  throw new RangeError(`the rate must be 0 (pause) or ${MIN_RATE} to ${MAX_RATE} messages a second, not ${rate}`);
}
