// Looks at the broker again and again, and answers from what it saw last.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../shared/logger.ts';
import type { Connection } from './connection.ts';
import type { Peers } from './peers.ts';
import { notReady, notStoppable, type View } from './readiness.ts';
import { metadata, quorum } from './requests.ts';

export interface WatchOptions {
  readonly broker: number;
  readonly peers: Peers;
  /**
   * A connection to the broker for what it passes on to the controllers. While the one that leads hangs, no answer comes, and
   * a broker answers the questions of a connection one by one.
   */
  readonly controllers: Connection;
  readonly logger: Logger;
}

/** Pause between two looks. */
const POLL_MS = 2_000;
/** What was seen longer ago is not known any more. */
const OLD_MS = 15_000;

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
    return performance.now() - this.#seenAt < OLD_MS ? this.#view : {};
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
    while (!this.#closed) {
      await this.#look();
      this.#tell();
      await sleep(POLL_MS, undefined, { ref: false });
    }
  }

  async #look(): Promise<View> {
    const { peers, controllers } = this.#options;
    const own = await peers.own.ask(metadata, undefined).catch(() => undefined);
    const [other, leading] = await Promise.all([
      own && peers.another(metadata, own.brokers),
      own && controllers.ask(quorum, undefined).catch(() => undefined),
    ]);
    this.#view = { ...(own && { own }), ...(other && { other }), ...(leading && { quorum: leading }) };
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
