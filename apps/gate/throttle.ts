// The queue of the disk: the operations of all connections wait here for their slots, first come,
// first served.
import Denque from 'denque';
import type { Pacer } from './pacer.ts';

export interface ThrottleOptions {
  pacer: Pacer;
  /** Monotonic clock, milliseconds. */
  now: () => number;
  /** Called for each slot that is taken, with its kind and time. */
  onSlot: (kind: string, nowMs: number) => void;
  /** Called for each admitted operation, with the time that it waited. */
  onAdmitted: (waitMs: number) => void;
}

/** An operation in the queue. */
export interface Ticket {
  /** Removes the operation. Slots that it took stay counted. Has no effect once it is admitted. */
  cancel(): void;
}

interface Entry extends Ticket {
  readonly kind: string;
  readonly sinceMs: number;
  readonly admit: (() => void) | undefined;
  remaining: number;
  state: 'waiting' | 'admitted' | 'cancelled';
}

/** Admits operations one by one, at the rate of the pacer. */
export class Throttle {
  readonly #options: ThrottleOptions;
  /** Costs of replies that have already passed. They are paid before anything else passes. */
  readonly #debts: Entry[] = [];
  readonly #queue = new Denque<Entry>();
  #waiting = 0;
  #timer: NodeJS.Timeout | undefined;
  #pumping = false;
  #closed = false;

  constructor(options: ThrottleOptions) {
    this.#options = options;
  }

  /** Number of operations that wait for their slots. */
  get queueLength(): number {
    return this.#waiting;
  }

  /**
   * Queues an operation. `admit` is called when its last slot is taken, which may be at once.
   * @param cost number of slots, 1 or more
   */
  admit(kind: string, cost: number, admit: () => void): Ticket {
    const entry = this.#enter(kind, cost, admit);
    this.#waiting++;
    this.#queue.push(entry);
    this.#pump();
    return entry;
  }

  /**
   * Charges a cost that is known only afterwards, such as that of a large reply. What follows waits
   * for it.
   */
  charge(kind: string, cost: number): void {
    if (cost <= 0) return;
    this.#debts.push(this.#enter(kind, cost, undefined));
    this.#pump();
  }

  /** Drops all waiting operations. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#queue.clear();
    this.#waiting = this.#debts.length = 0;
  }

  #enter(kind: string, cost: number, admit: (() => void) | undefined): Entry {
    const sinceMs = this.#options.now();
    if (this.#waiting === 0 && this.#debts.length === 0) this.#options.pacer.wake(sinceMs);
    const entry: Entry = {
      kind,
      sinceMs,
      admit,
      remaining: cost,
      state: 'waiting',
      cancel: () => {
        if (entry.state !== 'waiting') return;
        entry.state = 'cancelled';
        this.#waiting--;
      },
    };
    return entry;
  }

  #pump(): void {
    if (this.#pumping || this.#closed) return;
    this.#pumping = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (let entry = this.#next(); entry; entry = this.#next()) {
      if (!this.#takeSlots(entry)) {
        const waitMs = this.#options.pacer.readyAtMs() - this.#options.now();
        this.#timer = setTimeout(() => this.#pump(), Math.max(1, Math.ceil(waitMs)));
        break;
      }
      this.#leave(entry);
    }
    this.#pumping = false;
  }

  /** The next entry to be served. */
  #next(): Entry | undefined {
    if (this.#debts.length > 0) return this.#debts[0];
    while (this.#queue.peekFront()?.state === 'cancelled') this.#queue.shift();
    return this.#queue.peekFront();
  }

  #takeSlots(entry: Entry): boolean {
    const { pacer, now, onSlot } = this.#options;
    for (let nowMs = now(); entry.remaining > 0 && pacer.take(nowMs); nowMs = now()) {
      entry.remaining--;
      onSlot(entry.kind, nowMs);
    }
    return entry.remaining === 0;
  }

  #leave(entry: Entry): void {
    entry.state = 'admitted';
    if (!entry.admit) {
      this.#debts.shift();
      return;
    }
    this.#queue.shift();
    this.#waiting--;
    this.#options.onAdmitted(this.#options.now() - entry.sinceMs);
    entry.admit();
  }
}
