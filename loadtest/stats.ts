// Polls the API's statistics once a second, during the load and while the queue drains.
import { setTimeout as sleep } from 'node:timers/promises';

import { fetchStats, type Stats } from '../tooling/api-stats.ts';

/** The statistics at one moment of the run. */
export interface Sample extends Stats {
  /** When the oldest of the numbers was read, seconds since the start. */
  readonly t: number;
}

/** A question that waits longer brings no number that a next one would not bring sooner. */
const TIMEOUT_MS = 1_000;
/** Numbers that are older are shown with their age, seconds: two are missing. */
export const OLD_SECONDS = 3;

/**
 * The longest time without new numbers, seconds, within `seconds` since the start. Older ones,
 * which another process of the API may give, are not new.
 */
export function longestGap(samples: readonly Sample[], seconds: number): number {
  let longest = 0;
  let newest = 0;
  for (const t of [...samples.map((sample) => Math.min(sample.t, seconds)), seconds]) {
    longest = Math.max(longest, t - newest);
    newest = Math.max(newest, t);
  }
  return longest;
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

  /** Age of the last numbers, seconds; undefined if there are none. */
  get ageSeconds(): number | undefined {
    return this.last && (performance.now() - this.#startedAt) / 1000 - this.last.t;
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#finished;
  }

  async #poll(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const begun = performance.now();
      const stats = await fetchStats(this.#target, this.#host, TIMEOUT_MS).catch(() => null);
      if (stats) this.#add(stats, begun);
      await sleep(Math.max(100, 1000 - (performance.now() - begun)), undefined, { signal }).catch(() => undefined);
    }
  }

  /** Keeps the numbers unless they are older than the last: each process of the API has its own. */
  #add(stats: Stats, askedAt: number): void {
    // They are as old as the API says, and at least as old as the question.
    const t = (askedAt - this.#startedAt - (stats.age_ms ?? 0)) / 1000;
    if (this.last === undefined || t >= this.last.t) this.samples.push({ t, ...stats });
  }
}
