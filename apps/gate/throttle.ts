// The one queue of the disk: operations of all connections wait here, first come first served, for their slots.
import Denque from 'denque';
import type { Pacer } from './pacer.ts';

export interface ThrottleOptions {
  pacer: Pacer;
  /** Monotonic clock in ms. */
  now: () => number;
  /** Told of each slot as it is taken: whose it was, and when. */
  onSlot: (kind: string, nowMs: number) => void;
  /** Told of each operation let through: how long it waited. */
  onAdmitted: (waitMs: number) => void;
}

/** An operation's place in the queue. */
export interface Ticket {
  /** Gives the place up; slots already taken stay counted. Harmless once admitted. */
  cancel(): void;
}

interface Entry extends Ticket {
  readonly kind: string;
  readonly sinceMs: number;
  readonly admit: (() => void) | undefined;
  remaining: number;
  state: 'waiting' | 'admitted' | 'cancelled';
}

/** Lets operations through one after the other, at the pacer's pace. */
export class Throttle {
  readonly #options: ThrottleOptions;
  /** Debts of replies already given: paid before anything else passes. */
  readonly #debts: Entry[] = [];
  readonly #queue = new Denque<Entry>();
  #waiting = 0;
  #timer: NodeJS.Timeout | undefined;
  #pumping = false;
  #closed = false;

  constructor(options: ThrottleOptions) {
    this.#options = options;
  }

  /** Operations that wait for their slots. */
  get queueLength(): number {
    return this.#waiting;
  }

  /** Queues an operation; `admit` is called when its last slot has come, at once if that is now. @param cost slots, 1 or more */
  admit(kind: string, cost: number, admit: () => void): Ticket {
    const entry = this.#enter(kind, cost, admit);
    this.#waiting++;
    this.#queue.push(entry);
    this.#pump();
    return entry;
  }

  /** Charges what is known only afterwards (a large reply) against whatever comes next. */
  charge(kind: string, cost: number): void {
    if (cost <= 0) return;
    this.#debts.push(this.#enter(kind, cost, undefined));
    this.#pump();
  }

  /** Drops everything that waits. */
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

  /** The entry whose turn it is. */
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
