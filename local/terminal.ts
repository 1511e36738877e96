// The terminal of a run: lines that stay, and below them a status line that is overwritten.

/** Between two status lines where the output is no terminal. */
const QUIET_MS = 10_000;

export class Terminal {
  readonly #out: NodeJS.WriteStream;
  #shown = '';
  #lastQuiet = Number.NEGATIVE_INFINITY;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
    out.on('error', () => {}); // the reader of our output is gone; the run goes on
  }

  /** A line that stays. */
  print(line: string): void {
    this.#erase();
    this.#out.write(`${line}\n`);
    this.#draw();
  }

  /**
   * Replaces the line at the bottom; where the output is no terminal, prints it at most every 10
   * seconds.
   */
  status(line: string): void {
    if (this.#out.isTTY) {
      this.#erase();
      this.#shown = line;
      this.#draw();
    } else if (performance.now() - this.#lastQuiet > QUIET_MS) {
      this.#lastQuiet = performance.now();
      this.#out.write(`${line}\n`);
    }
  }

  /** Removes the line at the bottom. */
  clear(): void {
    this.#erase();
    this.#shown = '';
  }

  #erase(): void {
    if (this.#shown) this.#out.write('\r\x1b[K');
  }

  #draw(): void {
    if (this.#shown) this.#out.write(this.#shown.slice(0, (this.#out.columns ?? 80) - 1));
  }
}
