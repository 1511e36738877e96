// One API process: its connections, its parts, its server.
import type { Registry } from 'prom-client';
import { Cache } from '../shared/cache.ts';
import type { App } from '../shared/lifecycle.ts';
import type { Logger } from '../shared/logger.ts';
import { createQueue } from '../shared/queue/create.ts';
import { connectRedis, redisReady } from '../shared/redis.ts';
import { createStore } from '../shared/store/create.ts';
import { createTracing } from '../shared/tracing/create.ts';
import { tracedQueue } from '../shared/tracing/messaging.ts';
import { createApp } from './app.ts';
import { createCatalogue } from './catalogue.ts';
import { createApiMetrics } from './metrics.ts';
import { watchEventLoop } from './pressure.ts';
import { createQueueMetrics } from './queue-metrics.ts';
import { RecordReader } from './record-reader.ts';
import { cacheAccepted, RecordWriter } from './record-writer.ts';
import { observeRequests } from './request-metrics.ts';
import { traceRequests } from './request-trace.ts';
import { listen } from './server.ts';
import type { ApiSettings } from './settings.ts';
import { StatsReader } from './stats.ts';
import { createZipf } from './zipf.ts';

export interface Api extends App {
  readonly port: number;
  ready(): boolean;
}

/** Starts an API process that serves until stopped. */
export async function startApi(settings: ApiSettings, registry: Registry, logger: Logger): Promise<Api> {
  const metrics = createApiMetrics(registry);
  const tracing = await createTracing(settings, { app: 'api', registry, logger });
  const redis = connectRedis(
    { url: settings.REDIS_URL, password: settings.REDIS_PASSWORD, name: 'api-cache', commandTimeoutMs: 2_000 },
    logger,
  );
  const queue = createQueue(settings, logger);
  const store = await createStore(settings, { appName: 'api', maxConnections: 4, logger });
  const cache = new Cache(redis, settings.CACHE_TTL_SECONDS);
  await redisReady(redis).catch((error: Error) => logger.warn(error.message));
  const queueWriter = await queue.writer({ onAccepted: cacheAccepted(cache, metrics, logger) });

  const catalogue = createCatalogue(
    settings.API_CATALOGUE_SIZE,
    createZipf(settings.API_ZIPF_EXPONENT, settings.API_CATALOGUE_SIZE),
  );
  const reader = new RecordReader(cache, store, metrics, logger);
  const writer = new RecordWriter(queueWriter, catalogue, cache, metrics, logger);
  const stats = new StatsReader({ queue, store, redis, metrics, gateMetricsUrl: settings.GATE_METRICS_URL, logger });
  createQueueMetrics(registry, () => stats.depth(), {
    name: settings.QUEUE_NAME,
    maxLength: settings.QUEUE_MAX_LENGTH,
    maxBytes: settings.QUEUE_MAX_BYTES,
  });
  const pressure = watchEventLoop(settings.API_MAX_EVENT_LOOP_DELAY_MS);
  await store
    .newestIds(settings.API_CATALOGUE_SIZE)
    .then((ids) => ids.forEach((id) => void catalogue.add(id)))
    .catch((error: Error) =>
      logger.warn({ err: error.message }, 'could not learn which records exist; starting without'),
    );

  await stats.first();

  let open = true;
  const { handler, admission } = createApp({
    reader,
    writer,
    catalogue,
    stats,
    metrics,
    pressure,
    open: () => open,
    payloadChars: settings.PAYLOAD_CHARS,
    bodyLimitKiB: settings.API_BODY_LIMIT_KIB,
    bodiesBytes: settings.API_BODIES_BYTES,
    maxWaitMs: settings.API_MAX_WAIT_MS,
    startTrace: tracing && traceRequests(tracing, tracedQueue(settings)),
    logger,
  });
  const server = await listen(observeRequests(handler, metrics.requestSeconds), {
    host: settings.API_HOST,
    port: settings.API_PORT,
    requestTimeoutMs: settings.API_REQUEST_TIMEOUT_MS,
    drainDelayMs: settings.API_DRAIN_DELAY_MS,
    maxConnections: settings.API_MAX_CONNECTIONS,
    onDrop: () => metrics.shed.inc({ reason: 'connections' }),
  });
  const sample = setInterval(() => {
    metrics.eventLoopDelay.set(pressure.delayMs() / 1000);
    metrics.connections.set(server.connections());
    metrics.waiting.set(admission.waiting);
  }, 1_000);
  logger.info({ port: server.port, queue: queue.kind, knownRecords: catalogue.size }, 'serving');

  return {
    port: server.port,
    ready: () => open && writer.ready() && !pressure.high(),
    async stop() {
      open = false;
      await server.drain();
      clearInterval(sample);
      stats.close();
      pressure.close();
      await queue.close();
      redis.disconnect();
      await store.close();
      await tracing?.close();
    },
  };
}
