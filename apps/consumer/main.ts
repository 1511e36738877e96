// consumer: queue -> (limiter) -> the store (gate -> MongoDB), acknowledged after it is stored.
import { Cache } from '../shared/cache.ts';
import { letHeapGrow } from '../shared/heap.ts';
import { type App, runApp } from '../shared/lifecycle.ts';
import { createLimiter } from '../shared/limiter.ts';
import { createLogger } from '../shared/logger.ts';
import { createRegistry, startMetricsServer } from '../shared/metrics.ts';
import { createQueue } from '../shared/queue/create.ts';
import { connectRedis } from '../shared/redis.ts';
import { loadSettings } from '../shared/settings.ts';
import { createStore } from '../shared/store/create.ts';
import { createTracing } from '../shared/tracing/create.ts';
import { tracedQueue } from '../shared/tracing/messaging.ts';
import { traceBatches } from './batch-trace.ts';
import { Consumer } from './consumer.ts';
import { createConsumerMetrics } from './metrics.ts';
import { consumerSettings } from './settings.ts';

async function start(): Promise<App> {
  const settings = loadSettings(consumerSettings, process.env);
  const logger = createLogger('consumer', settings.LOG_LEVEL);
  const registry = createRegistry('consumer');
  const tracing = await createTracing(settings, { app: 'consumer', registry, logger });
  const store = await createStore(settings, { appName: 'consumer', logger });
  const redis = connectRedis({ url: settings.REDIS_URL, password: settings.REDIS_PASSWORD, name: 'consumer' }, logger);
  const queue = createQueue(settings, logger);
  const reader = await queue.reader({
    batchSize: settings.CONSUMER_BATCH_SIZE,
    batchBytes: settings.CONSUMER_BATCH_BYTES,
    flushIntervalMs: settings.CONSUMER_FLUSH_INTERVAL_MS,
  });
  const consumer = new Consumer({
    reader,
    store,
    limiter: createLimiter(redis, 'mongo-writes', settings.MONGO_WRITES_PER_SECOND),
    cache: queue.kind === 'redis-streams' ? undefined : new Cache(redis, settings.CACHE_TTL_SECONDS),
    metrics: createConsumerMetrics(registry),
    logger,
    workMs: settings.CONSUMER_WORK_MS,
    startTrace: tracing && traceBatches(tracing, tracedQueue(settings), 'mongodb'),
  });
  const metrics = await startMetricsServer({
    port: settings.METRICS_PORT,
    host: settings.METRICS_HOST,
    registry,
    ready: () => consumer.healthy(),
  });
  logger.info({ queue: queue.kind, metricsPort: metrics.port }, 'consuming');
  return {
    done: consumer.done,
    async stop() {
      await consumer.stop();
      await queue.close();
      await metrics.close();
      redis.disconnect();
      await store.close();
      await tracing?.close();
    },
  };
}

letHeapGrow();
await runApp(start, createLogger('consumer', process.env.LOG_LEVEL));
