// A consumer of a test's own, in this process, whose parts a test may replace.
import { MongoClient } from 'mongodb';
import { Registry } from 'prom-client';
import { silent } from '../../test/api.ts';
import { createLimiter } from '../shared/limiter.ts';
import type { BatchLimits, Queue } from '../shared/queue/queue.ts';
import { RedisStreamsQueue } from '../shared/queue/redis/queue.ts';
import { connectRedis, redisReady } from '../shared/redis.ts';
import { MongoStore } from '../shared/store/mongo/store.ts';
import { Consumer, type ConsumerParts } from './consumer.ts';
import { type ConsumerMetrics, createConsumerMetrics } from './metrics.ts';

export interface TestConsumer extends Pick<Consumer, 'done' | 'healthy' | 'stop'> {
  readonly metrics: ConsumerMetrics;
  /** When each insert command was sent, milliseconds of performance.now(). */
  readonly inserts: readonly number[];
}

export interface TestConsumerOptions {
  queue: Queue;
  redisUrl: string;
  mongoUrl: string;
  limits?: Partial<BatchLimits>;
  writesPerSecond?: number;
  limiterName?: string;
  workMs?: number;
  /** Replaces parts, to see what the rest does then. */
  replace?: (parts: ConsumerParts) => Partial<ConsumerParts>;
}

/** A Redis Streams queue whose abandoned entries are taken over quickly. */
export const openQueue = (url: string, name: string, claimIdleMs = 1_000, maxLength = 1_000_000): Queue =>
  new RedisStreamsQueue(
    { url, name, group: 'store', maxLength, maxBytes: 1e9, cacheTtlSeconds: 600, claimIdleMs },
    silent,
  );

/** Starts a consumer; the caller closes the queue. */
export async function startTestConsumer(options: TestConsumerOptions): Promise<TestConsumer> {
  const { queue, writesPerSecond = 0, limiterName = 'test', workMs = 0 } = options;
  const client = new MongoClient(options.mongoUrl, {
    monitorCommands: true,
    serverSelectionTimeoutMS: 1_000,
    retryWrites: false,
  });
  const inserts: number[] = [];
  client.on('commandStarted', ({ commandName }) => {
    if (commandName === 'insert') inserts.push(performance.now());
  });
  const redis = connectRedis({ url: options.redisUrl, name: 'test-consumer' }, silent);
  await redisReady(redis);
  const metrics = createConsumerMetrics(new Registry());
  const reader = await queue.reader({ batchSize: 1_000, batchBytes: 1e7, flushIntervalMs: 20, ...options.limits });
  const parts: ConsumerParts = {
    reader,
    store: new MongoStore(client.db()),
    limiter: createLimiter(redis, limiterName, writesPerSecond),
    metrics,
    logger: silent,
    workMs,
  };
  const consumer = new Consumer({ ...parts, ...options.replace?.(parts) });
  return {
    done: consumer.done,
    healthy: () => consumer.healthy(),
    metrics,
    inserts,
    async stop() {
      await consumer.stop();
      redis.disconnect();
      await client.close();
    },
  };
}

/** The sum of a counter, or the number of observations of a histogram. */
export async function total(metric: {
  get(): Promise<{ values: { value: number; metricName?: string }[] }>;
}): Promise<number> {
  const { values } = await metric.get();
  const counts = values.filter(({ metricName }) => metricName?.endsWith('_count'));
  return (counts.length > 0 ? counts : values).reduce((sum, { value }) => sum + value, 0);
}
