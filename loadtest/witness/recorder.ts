// Records what an engine sees: each request in the witness log and in the figures.
import { Figures, type SecondRow, type Totals } from './figures.ts';
import { WitnessWriter } from './log.ts';
import { type Judged, judgeFailure } from './outcome.ts';

export class Recorder {
  readonly #figures = new Figures();
  readonly #log: WitnessWriter;

  constructor(witnessFile: string) {
    this.#log = new WitnessWriter(witnessFile);
  }

  /** Rejects if the log cannot be written; does not resolve before `close`. */
  get failed(): Promise<void> {
    return this.#log.failed;
  }

  record(user: number, iteration: number, judged: Judged, latencyMs: number): void {
    this.#figures.add(judged, latencyMs);
    this.#log.add(user, iteration, judged.outcome, judged.checksum);
  }

  /** Counts a request that was due, and not sent, as failed. It has no origin. */
  recordUnsent(code: string): void {
    this.#figures.add(judgeFailure(Object.assign(new Error(), { code }), false), 0);
  }

  /** Logs a request that may have been sent and of which the engine knows nothing else. */
  recordUnknown(user: number, iteration: number): void {
    this.#log.add(user, iteration, 'unknown', 0);
  }

  /** Ends the second: the figures since the last call. */
  takeSecond(t: number, users: number): SecondRow {
    return this.#figures.takeSecond(t, users);
  }

  /**
   * Closes the log.
   * @param seconds from the first request to the last answer
   * @throws when the log could not be written completely
   */
  async close(seconds: number, engine: Totals['engine']): Promise<Totals> {
    await this.#log.close();
    return this.#figures.totals(seconds, engine);
  }
}
