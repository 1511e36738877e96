// Group commit: what arrives while a call is under way travels together in the next one.
import Denque from 'denque';

export interface CoalescerOptions<Item, Result> {
  /**
   * Does the work for a group. Resolves with one result an item, in the order of the items, or with nothing.
   * When it rejects, every item of this group (and no other) rejects with that error.
   */
  flush: (items: Item[]) => Promise<Result[]> | Promise<void>;
  /** Items in a group, at most. */
  maxItems: number;
  /** Sum of `sizeOf` in a group, at most (a larger single item makes a group of its own). Default no limit. */
  maxBytes?: number;
  /** Size of an item, bytes. Called once an item. Default 0. */
  sizeOf?: (item: Item) => number;
  /** Flushes under way at once, at most. */
  maxInFlight: number;
  /**
   * While a flush is under way, the next one begins only when it ends, when a full group waits, or
   * after so long, milliseconds. Groups grow with the load, and a flush that hangs holds up the
   * others no longer. Default 0.
   */
  patienceMs?: number;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly size: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gathers items into groups and flushes them: at the end of the current turn of the event loop while fewer than
 * `maxInFlight` flushes are under way, otherwise as soon as one of them ends. Items keep their order; none is split.
 */
export class Coalescer<Item, Result = void> {
  readonly #options: Required<CoalescerOptions<Item, Result>>;
  readonly #waiting = new Denque<Waiting<Item, Result>>();
  #inFlight = 0;
  /** Sum of the sizes that wait. */
  #bytes = 0;
  /** When the last flush began. */
  #begunAt = Number.NEGATIVE_INFINITY;
  #patience: NodeJS.Timeout | undefined;
  #scheduled = false;
  #whenIdle: (() => void)[] = [];

  constructor(options: CoalescerOptions<Item, Result>) {
    this.#options = { maxBytes: Number.POSITIVE_INFINITY, sizeOf: () => 0, patienceMs: 0, ...options };
  }

  /** Items that wait for a flush. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Flushes under way. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Resolves with the item's result once its group is flushed. @throws what `flush` throws */
  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      const size = this.#options.sizeOf(item);
      this.#waiting.push({ item, size, resolve, reject });
      this.#bytes += size;
      if (this.#scheduled || this.#inFlight >= this.#options.maxInFlight) return;
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        this.#flushAll();
      });
    });
  }

  /** Resolves when nothing waits and nothing is under way. */
  idle(): Promise<void> {
    if (this.waiting === 0 && this.#inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  #flushAll(): void {
    while (this.waiting > 0 && this.#inFlight < this.#options.maxInFlight) {
      if (!this.#mayBegin()) return;
      void this.#flushGroup(this.#take());
    }
    if (this.waiting > 0 || this.#inFlight > 0) return;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  /** Whether the next flush may begin; asks again when it may not yet. */
  #mayBegin(): boolean {
    const { maxItems, maxBytes, patienceMs } = this.#options;
    const left = this.#begunAt + patienceMs - performance.now();
    if (this.#inFlight === 0 || left <= 0 || this.waiting >= maxItems || this.#bytes >= maxBytes) return true;
    this.#patience ??= setTimeout(() => {
      this.#patience = undefined;
      this.#flushAll();
    }, left);
    return false;
  }

  /** Removes the next group: at least one item, then as many as the limits allow. */
  #take(): Waiting<Item, Result>[] {
    const { maxItems, maxBytes } = this.#options;
    const group: Waiting<Item, Result>[] = [];
    let bytes = 0;
    for (let next = this.#waiting.peekFront(); next && group.length < maxItems; next = this.#waiting.peekFront()) {
      bytes += next.size;
      if (bytes > maxBytes && group.length > 0) break;
      group.push(this.#waiting.shift()!);
      this.#bytes -= next.size;
    }
    return group;
  }

  async #flushGroup(group: Waiting<Item, Result>[]): Promise<void> {
    this.#inFlight++;
    this.#begunAt = performance.now();
    try {
      const results = (await this.#options.flush(group.map(({ item }) => item))) as Result[] | undefined;
      if (results !== undefined && results.length !== group.length)
        throw new Error(`flush gave ${results.length} results for ${group.length} items`);
      group.forEach(({ resolve }, i) => {
        resolve((results ? results[i] : undefined) as Result);
      });
    } catch (error) {
      for (const { reject } of group) reject(error);
    } finally {
      this.#inFlight--;
      this.#flushAll();
    }
  }
}
