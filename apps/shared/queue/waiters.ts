// Waiting for "something has changed", with a limit: what a loop does between two looks.

/** A place to wait at. */
export class Waiters {
  readonly #waiting = new Set<() => void>();

  /** Resolves with the next `wake`, or after `ms`. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#waiting.add(done);
    });
  }

  /** Lets all go on that wait. */
  wake(): void {
    for (const done of [...this.#waiting]) done();
  }
}
