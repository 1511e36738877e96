// Polls the API's statistics once a second, during the load and while the queue drains.
import { setTimeout as sleep } from 'node:timers/promises';

import { fetchStats, type Stats } from '../tooling/api-stats.ts';

/** The statistics at one moment of the run. */
export interface Sample extends Stats {
  /** Seconds since the start. */
  readonly t: number;
}

/**
 * Collects a sample a second until it is stopped. A second without an answer is a gap, since the
 * API may be overloaded.
 */
export class Sampler {
  readonly samples: Sample[] = [];
  readonly #target: string;
  readonly #host: string | undefined;
  readonly #startedAt: number;
  readonly #stopped = new AbortController();
  readonly #finished: Promise<void>;

  /** @param startedAt `performance.now()` of the start */
  constructor(target: string, startedAt: number, host?: string) {
    this.#target = target;
    this.#host = host;
    this.#startedAt = startedAt;
    this.#finished = this.#poll();
  }

  get last(): Sample | undefined {
    return this.samples.at(-1);
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#finished;
  }

  async #poll(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const begun = performance.now();
      const stats = await fetchStats(this.#target, this.#host).catch(() => null);
      if (stats) this.samples.push({ t: (performance.now() - this.#startedAt) / 1000, ...stats });
      await sleep(Math.max(100, 1000 - (performance.now() - begun)), undefined, { signal }).catch(() => undefined);
    }
  }
}
