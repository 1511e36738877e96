// Observes the broker at intervals and answers from the last observation.
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
   * A connection to the broker for requests that it forwards to the controllers. While the leading
   * controller hangs they get no response, and a broker answers the requests of a connection in
   * order.
   */
  readonly controllers: Connection;
  readonly logger: Logger;
}

/** Pause between two observations. */
const POLL_MS = 2_000;
/** Maximum age of an observation. */
const MAX_AGE_MS = 15_000;

export class Watch {
  readonly #options: WatchOptions;
  #view: View = {};
  #observedAt = Number.NEGATIVE_INFINITY;
  #logged: string | undefined;
  #closed = false;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** Starts to observe. */
  start(): void {
    void this.#loop();
  }

  /** The last observation; empty if it is too old. */
  get view(): View {
    return performance.now() - this.#observedAt < MAX_AGE_MS ? this.#view : {};
  }

  /** Why the broker is not ready; empty if it is. */
  get notReady(): readonly string[] {
    return notReady(this.#options.broker, this.view);
  }

  /**
   * Waits until the other brokers can do without this one, for at most `timeoutMs`.
   * @returns the reasons against a stop that were left
   */
  async untilStoppable(timeoutMs: number): Promise<readonly string[]> {
    const { broker, logger } = this.#options;
    for (const deadline = performance.now() + timeoutMs; ; await sleep(300)) {
      const reasons = notStoppable(broker, await this.#observe());
      if (reasons.length === 0) return reasons;
      if (performance.now() > deadline) {
        logger.warn({ reasons }, 'the broker stops after the timeout, although the others cannot do without it');
        return reasons;
      }
    }
  }

  close(): void {
    this.#closed = true;
  }

  async #loop(): Promise<void> {
    while (!this.#closed) {
      await this.#observe();
      this.#logChange();
      await sleep(POLL_MS, undefined, { ref: false });
    }
  }

  async #observe(): Promise<View> {
    const { peers, controllers } = this.#options;
    const own = await peers.own.send(metadata, undefined).catch(() => undefined);
    const [other, leading] = await Promise.all([
      own && peers.sendToAnother(metadata, own.brokers),
      own && controllers.send(quorum, undefined).catch(() => undefined),
    ]);
    this.#view = { ...(own && { own }), ...(other && { other }), ...(leading && { quorum: leading }) };
    this.#observedAt = performance.now();
    return this.#view;
  }

  /** Logs when readiness changes. */
  #logChange(): void {
    const reasons = this.notReady;
    const text = reasons.join('; ');
    if (text === this.#logged) return;
    if (reasons.length === 0) this.#options.logger.info('the broker is ready');
    else this.#options.logger.info({ reasons }, 'the broker is not ready');
    this.#logged = text;
  }
}
