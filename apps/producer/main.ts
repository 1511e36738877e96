// producer: sends messages to the queue at a steady rate, which can be changed while it runs.
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { type App, runApp } from '../shared/lifecycle.ts';
import { createLogger } from '../shared/logger.ts';
import { createRegistry, startMetricsServer } from '../shared/metrics.ts';
import { createQueue } from '../shared/queue/create.ts';
import { loadSettings } from '../shared/settings.ts';
import { createProducerMetrics } from './metrics.ts';
import { Producer } from './producer.ts';
import { rateRoute } from './rate-route.ts';
import { producerSettings } from './settings.ts';

async function start(): Promise<App> {
  const settings = loadSettings(producerSettings, process.env);
  const logger = createLogger('producer', settings.LOG_LEVEL);
  const registry = createRegistry('producer');
  const queue = createQueue(settings, logger);
  const writer = await queue.writer();
  const producer = new Producer({
    writer,
    rate: settings.PRODUCER_RATE,
    payloadChars: settings.PAYLOAD_CHARS,
    // New at each start, because the numbers after it start at 0 again.
    instance: `${hostname()}-${randomBytes(4).toString('hex')}`,
    metrics: createProducerMetrics(registry),
    logger,
  });
  const metrics = await startMetricsServer({
    port: settings.METRICS_PORT,
    host: settings.METRICS_HOST,
    registry,
    ready: () => writer.ready(),
    routes: { '/rate': rateRoute(producer) },
  });
  logger.info({ queue: queue.kind, rate: producer.rate, metricsPort: metrics.port }, 'producing');
  return {
    async stop() {
      await producer.stop();
      await queue.close();
      await metrics.close();
    },
  };
}

await runApp(start, createLogger('producer', process.env.LOG_LEVEL));
