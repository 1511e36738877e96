// /api/stats: the numbers of the whole system, not of one process. They are read in the background:
// no client waits for a server.
import type { Redis } from 'ioredis';
import type { Logger } from '../shared/logger.ts';
import type { Queue, QueueDepth } from '../shared/queue/queue.ts';
import type { Store } from '../shared/store/store.ts';
import type { ApiMetrics } from './metrics.ts';
import { Reading } from './reading.ts';

/** A number is null while its source does not answer. */
export interface Stats {
  total_documents: number | null;
  /** Records ever accepted. */
  accepted: number | null;
  /** Accepted, not yet stored. */
  lag: number | null;
  /** Size of those. */
  lagBytes: number | null;
  deadLetters: number | null;
  /** Of the last ten seconds; null when nothing was read. */
  cacheHitRatio: number | null;
  mongoOperationsPerSecond: number | null;
  /**
   * How long ago the oldest of these numbers was asked for, milliseconds; null when there is none.
   */
  age_ms: number | null;
  timestamp: string;
}

/** How often the numbers are read, milliseconds. */
const PERIOD_MS = 1_000;
/**
 * How often documents are counted without being asked for, milliseconds: each count is one of the
 * few operations that the gate lets through, and there are many API processes.
 */
const COUNT_PERIOD_MS = 10_000;
/** A source that has not answered by then has failed, milliseconds. */
const SOURCE_TIMEOUT_MS = 2_000;
/** Seconds that the hit ratio looks back. */
const HIT_RATIO_SECONDS = 10;

export interface StatsParts {
  queue: Queue;
  store: Store;
  redis: Redis;
  metrics: ApiMetrics;
  gateMetricsUrl?: string | undefined;
  logger: Logger;
}

export interface StatsSource {
  /** The latest numbers, at once. */
  read(): Stats;
}

/** Reads the numbers from when it is made until it is closed. */
export class StatsReader implements StatsSource {
  readonly #parts: StatsParts;
  readonly #documents: Reading<number>;
  readonly #depth: Reading<QueueDepth>;
  readonly #hitRatio: Reading<number | null>;
  readonly #gate: Reading<number>;
  readonly #timers: NodeJS.Timeout[];
  #published = { hits: 0, misses: 0 };

  constructor(parts: StatsParts) {
    this.#parts = parts;
    const { queue, store, gateMetricsUrl, logger } = parts;
    const reading = <T>(what: string, read: () => Promise<T>) =>
      new Reading(read, (error) => logger.debug({ err: error.message, what }, 'a number for /api/stats is missing'));
    this.#documents = reading('documents', () => store.count());
    this.#depth = reading('queue', () => queue.depth());
    this.#hitRatio = reading('cache', () => this.#readHitRatio());
    this.#gate = reading('gate', () => readGate(gateMetricsUrl!));
    this.#timers = [
      setInterval(() => void this.#refresh(), PERIOD_MS).unref(),
      setInterval(() => void this.#documents.refresh(), COUNT_PERIOD_MS).unref(),
    ];
  }

  /** The queue's depth; undefined while the queue does not answer. */
  depth(): QueueDepth | undefined {
    return this.#depth.value;
  }

  /**
   * Reads all numbers once; resolves when every source has answered or failed, or has taken too
   * long.
   */
  async first(): Promise<void> {
    const timeout = new Promise((resolve) => setTimeout(resolve, SOURCE_TIMEOUT_MS).unref());
    await Promise.race([Promise.all([this.#refresh(), this.#documents.refresh()]), timeout]);
  }

  read(): Stats {
    // For the next request.
    if (this.#documents.ageMs > PERIOD_MS) void this.#documents.refresh();
    const depth = this.#depth.value;
    const shown = [this.#documents, this.#depth, this.#hitRatio, this.#gate].filter(({ value }) => value !== undefined);
    return {
      total_documents: this.#documents.value ?? null,
      accepted: depth?.accepted ?? null,
      lag: depth?.lag ?? null,
      lagBytes: depth?.lagBytes ?? null,
      deadLetters: depth?.deadLetters ?? null,
      cacheHitRatio: this.#hitRatio.value ?? null,
      mongoOperationsPerSecond: this.#gate.value ?? null,
      age_ms: shown.length === 0 ? null : Math.round(Math.max(...shown.map(({ ageMs }) => ageMs))),
      timestamp: new Date().toISOString(),
    };
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  async #refresh(): Promise<void> {
    await Promise.all([
      this.#depth.refresh(),
      this.#publishHits()
        .catch(() => undefined)
        .then(() => this.#hitRatio.refresh()),
      this.#parts.gateMetricsUrl !== undefined && this.#gate.refresh(),
    ]);
  }

  /** Each process adds what its cache did to the second's hash; all read the sum. */
  async #publishHits(): Promise<void> {
    const { metrics, redis } = this.#parts;
    const now = { hits: await counterValue(metrics.cacheHits), misses: await counterValue(metrics.cacheMisses) };
    const delta = { hits: now.hits - this.#published.hits, misses: now.misses - this.#published.misses };
    this.#published = now;
    if (delta.hits + delta.misses === 0) return;
    const key = secondKey(Math.floor(Date.now() / 1000));
    await redis.pipeline().hincrby(key, 'hits', delta.hits).hincrby(key, 'misses', delta.misses).expire(key, 60).exec();
  }

  async #readHitRatio(): Promise<number | null> {
    const now = Math.floor(Date.now() / 1000);
    const pipeline = this.#parts.redis.pipeline();
    for (let i = 0; i < HIT_RATIO_SECONDS; i++) pipeline.hmget(secondKey(now - i), 'hits', 'misses');
    const replies = (await pipeline.exec()) ?? [];
    let hits = 0;
    let all = 0;
    for (const [error, reply] of replies) {
      if (error) throw error;
      const [hit, miss] = (reply as (string | null)[]).map(Number);
      hits += hit!;
      all += hit! + miss!;
    }
    return all === 0 ? null : hits / all;
  }
}

async function readGate(metricsUrl: string): Promise<number> {
  const response = await fetch(new URL('/stats', metricsUrl), { signal: AbortSignal.timeout(SOURCE_TIMEOUT_MS) });
  return ((await response.json()) as { operationsPerSecond: number }).operationsPerSecond;
}

const secondKey = (second: number): string => `stats:cache:${second}`;

const counterValue = async (counter: { get(): Promise<{ values: { value: number }[] }> }): Promise<number> =>
  (await counter.get()).values[0]?.value ?? 0;
