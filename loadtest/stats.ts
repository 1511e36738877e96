// Polls the API's statistics once a second, during the load and while the queue drains.
import { setTimeout as sleep } from 'node:timers/promises';
import { getJson } from '../tooling/http.ts';

/** The answer of GET /api/stats. null: unknown to the API. */
export interface Stats {
  readonly total_documents: number | null;
  readonly accepted: number | null;
  readonly lag: number | null;
  readonly deadLetters: number | null;
  readonly cacheHitRatio: number | null;
  readonly mongoOperationsPerSecond: number | null;
}

/** The statistics at one moment of the run. */
export interface Sample extends Stats {
  /** Seconds since the start. */
  readonly t: number;
}

const TIMEOUT_MS = 3000;

/**
 * @param host host name by which an ingress routes to the target
 * @throws when there is no valid answer
 */
export async function fetchStats(target: string, host?: string): Promise<Stats> {
  const body = (await getJson(new URL('/api/stats', target), { host, timeoutMs: TIMEOUT_MS })) as Partial<Stats>;
  const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);
  return {
    total_documents: number(body.total_documents),
    accepted: number(body.accepted),
    lag: number(body.lag),
    deadLetters: number(body.deadLetters),
    cacheHitRatio: number(body.cacheHitRatio),
    mongoOperationsPerSecond: number(body.mongoOperationsPerSecond),
  };
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
