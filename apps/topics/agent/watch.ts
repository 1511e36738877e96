// Looks at the broker again and again, and answers from what it saw last.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../shared/logger.ts';
import type { Connection } from './connection.ts';
import { notReady, notStoppable, type View } from './readiness.ts';
import { metadata, quorum } from './requests.ts';

export interface WatchOptions {
  readonly broker: number;
  readonly connection: Connection;
  readonly logger: Logger;
  /** Pause between two looks, milliseconds. Default 2000. */
  readonly pollMs?: number;
}

export class Watch {
  readonly #options: WatchOptions;
  #view: View = {};
  #seenAt = Number.NEGATIVE_INFINITY;
  #said: string | undefined;
  #closed = false;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** Begins to look. */
  start(): void {
    void this.#loop();
  }

  /** What was seen last; nothing when that is long ago. */
  get view(): View {
    const { pollMs = 2_000 } = this.#options;
    return performance.now() - this.#seenAt < 5 * pollMs + 5_000 ? this.#view : {};
  }

  /** Why the broker is not ready; empty when it is. */
  get notReady(): readonly string[] {
    return notReady(this.#options.broker, this.view);
  }

  /** Waits until the others can do without this broker, at most so long. @returns what was still in the way */
  async untilStoppable(timeoutMs: number): Promise<readonly string[]> {
    const { broker, logger } = this.#options;
    for (const deadline = performance.now() + timeoutMs; ; await sleep(300)) {
      const reasons = notStoppable(broker, await this.#look());
      if (reasons.length === 0) return reasons;
      if (performance.now() > deadline) {
        logger.warn({ reasons }, 'the broker stops though the others cannot do without it: it waited long enough');
        return reasons;
      }
    }
  }

  close(): void {
    this.#closed = true;
  }

  async #loop(): Promise<void> {
    const { pollMs = 2_000 } = this.#options;
    while (!this.#closed) {
      await this.#look();
      this.#tell();
      await sleep(pollMs, undefined, { ref: false });
    }
  }

  async #look(): Promise<View> {
    const { connection } = this.#options;
    const seen = await connection.ask(metadata, undefined).catch(() => undefined);
    const controllers = seen && (await connection.ask(quorum, undefined).catch(() => undefined));
    this.#view = { ...(seen && { metadata: seen }), ...(controllers && { quorum: controllers }) };
    this.#seenAt = performance.now();
    return this.#view;
  }

  /** Says when it changes. */
  #tell(): void {
    const reasons = this.notReady;
    const text = reasons.join('; ');
    if (text === this.#said) return;
    if (reasons.length === 0) this.#options.logger.info('the broker is ready');
    else this.#options.logger.info({ reasons }, 'the broker is not ready');
    this.#said = text;
  }
}
