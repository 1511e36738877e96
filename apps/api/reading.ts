// A value that is read from elsewhere again and again, and knows its age.

/** A value that is older than this is worth nothing, milliseconds. */
const MAX_AGE_MS = 10_000;

/**
 * The latest value of a source. Reading it never waits: while the source is slow, the last value
 * stays and grows old; when the source fails, or the value is older than ten seconds, there is
 * none.
 */
export class Reading<T> {
  readonly #read: () => Promise<T>;
  readonly #onError: (error: Error) => void;
  readonly #now: () => number;
  #latest: { readonly value: T; readonly askedAt: number } | undefined;
  #asking: { readonly answer: Promise<void>; readonly askedAt: number } | undefined;

  /** @param now monotonic clock, milliseconds. Default performance.now */
  constructor(read: () => Promise<T>, onError: (error: Error) => void, now: () => number = () => performance.now()) {
    this.#read = read;
    this.#onError = onError;
    this.#now = now;
  }

  /** undefined while there is none. */
  get value(): T | undefined {
    return this.ageMs <= MAX_AGE_MS ? this.#latest?.value : undefined;
  }

  /** Time since the value was asked for, milliseconds; infinite while there is none. */
  get ageMs(): number {
    return this.#latest === undefined ? Number.POSITIVE_INFINITY : this.#now() - this.#latest.askedAt;
  }

  /**
   * Asks the source, unless an answer is under way. Resolves when it has answered or failed, never
   * rejects.
   */
  refresh(): Promise<void> {
    // A source that never answers is asked again.
    if (this.#asking === undefined || this.#now() - this.#asking.askedAt > MAX_AGE_MS) {
      const askedAt = this.#now();
      this.#asking = { askedAt, answer: this.#ask(askedAt) };
    }
    return this.#asking.answer;
  }

  async #ask(askedAt: number): Promise<void> {
    let latest: { readonly value: T; readonly askedAt: number } | undefined;
    try {
      latest = { value: await this.#read(), askedAt };
    } catch (error) {
      this.#onError(error as Error);
    }
    // The answer to an older question than the current one is void.
    if (this.#asking?.askedAt !== askedAt) return;
    this.#latest = latest;
    this.#asking = undefined;
  }
}
