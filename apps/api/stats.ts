// /api/stats: the whole system's numbers, not one process's; asked for once a second at most, whoever asks.
import type { Redis } from 'ioredis';
import type { Logger } from '../shared/logger.ts';
import type { Queue } from '../shared/queue/queue.ts';
import type { RecordStore } from '../shared/store.ts';
import type { ApiMetrics } from './metrics.ts';

/** A number is null while its source does not answer. */
export interface Stats {
  total_documents: number | null;
  /** Records ever accepted. */
  accepted: number | null;
  /** Accepted, not yet stored. */
  lag: number | null;
  deadLetters: number | null;
  /** Of the last ten seconds; null when nothing was read. */
  cacheHitRatio: number | null;
  mongoOperationsPerSecond: number | null;
  timestamp: string;
}

/** How long an answer is good for, milliseconds. */
const MAX_AGE_MS = 1_000;
/** Whoever does not answer by then is null, milliseconds. */
const SOURCE_TIMEOUT_MS = 2_000;
/** Seconds that the hit ratio looks back. */
const HIT_RATIO_SECONDS = 10;

export interface StatsParts {
  queue: Queue;
  store: RecordStore;
  redis: Redis;
  metrics: ApiMetrics;
  gateMetricsUrl?: string | undefined;
  logger: Logger;
}

export interface StatsSource {
  read(): Promise<Stats>;
  close(): void;
}

export function createStats(parts: StatsParts): StatsSource {
  const { queue, store, redis, metrics, gateMetricsUrl, logger } = parts;
  let cached: { at: number; stats: Promise<Stats> } | undefined;
  const timer = setInterval(() => void publishHits().catch(() => undefined), 1_000);
  timer.unref();
  let published = { hits: 0, misses: 0 };

  /** Each process adds what its cache did to the second's hash; all read the sum. */
  const publishHits = async (): Promise<void> => {
    const now = { hits: await counterValue(metrics.cacheHits), misses: await counterValue(metrics.cacheMisses) };
    const delta = { hits: now.hits - published.hits, misses: now.misses - published.misses };
    published = now;
    if (delta.hits + delta.misses === 0) return;
    const key = secondKey(Math.floor(Date.now() / 1000));
    await redis.pipeline().hincrby(key, 'hits', delta.hits).hincrby(key, 'misses', delta.misses).expire(key, 60).exec();
  };

  const hitRatio = async (): Promise<number | null> => {
    const now = Math.floor(Date.now() / 1000);
    const pipeline = redis.pipeline();
    for (let i = 0; i < HIT_RATIO_SECONDS; i++) pipeline.hmget(secondKey(now - i), 'hits', 'misses');
    const replies = (await pipeline.exec()) ?? [];
    const [hits, all] = replies.reduce<[number, number]>(
      ([h, a], [, reply]) => {
        const [hit, miss] = (reply as (string | null)[]).map(Number);
        return [h + hit!, a + hit! + miss!];
      },
      [0, 0],
    );
    return all === 0 ? null : hits / all;
  };

  const gateOperations = async (): Promise<number | null> => {
    if (gateMetricsUrl === undefined) return null;
    const response = await fetch(new URL('/stats', gateMetricsUrl), { signal: AbortSignal.timeout(SOURCE_TIMEOUT_MS) });
    return ((await response.json()) as { operationsPerSecond: number }).operationsPerSecond;
  };

  const collect = async (): Promise<Stats> => {
    const orNull = <T>(what: string, value: Promise<T>): Promise<T | null> =>
      Promise.race([value, timeout(SOURCE_TIMEOUT_MS)]).catch((error: Error) => {
        logger.debug({ err: error.message, what }, 'a number for /api/stats is missing');
        return null;
      });
    const [documents, depth, ratio, operations] = await Promise.all([
      orNull('documents', store.count()),
      orNull('queue', queue.depth()),
      orNull('cache', hitRatio()),
      orNull('gate', gateOperations()),
    ]);
    return {
      total_documents: documents,
      accepted: depth?.accepted ?? null,
      lag: depth?.lag ?? null,
      deadLetters: depth?.deadLetters ?? null,
      cacheHitRatio: ratio,
      mongoOperationsPerSecond: operations,
      timestamp: new Date().toISOString(),
    };
  };

  return {
    read() {
      if (!cached || performance.now() - cached.at > MAX_AGE_MS) cached = { at: performance.now(), stats: collect() };
      return cached.stats;
    },
    close: () => clearInterval(timer),
  };
}

const secondKey = (second: number): string => `stats:cache:${second}`;

const counterValue = async (counter: { get(): Promise<{ values: { value: number }[] }> }): Promise<number> =>
  (await counter.get()).values[0]?.value ?? 0;

const timeout = (ms: number): Promise<never> =>
  new Promise((_, reject) => setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms).unref());
