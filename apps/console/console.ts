// Puts the console together: the processes it polls, the loop, the server and its controls.
import type { Registry } from 'prom-client';
import type { App } from '../shared/lifecycle.ts';
import type { Logger } from '../shared/logger.ts';
import { createLoadControl, setRate } from './controls.ts';
import { Fleet, systemLookup } from './fleet.ts';
import { startLive } from './live.ts';
import { createConsoleMetrics } from './metrics.ts';
import { scrape } from './scrape.ts';
import { type Controls, startConsoleServer } from './server.ts';
import type { ConsoleSettings } from './settings.ts';

export interface Console extends App {
  readonly port: number;
}

/** @throws when the port is taken */
export async function startConsole(settings: ConsoleSettings, registry: Registry, logger: Logger): Promise<Console> {
  const metrics = createConsoleMetrics(registry);
  const now = (): number => performance.now();
  const queue = { kafka: 'Kafka', 'redis-streams': 'Redis Streams', sqs: 'SQS' }[settings.QUEUE_KIND];
  const store = { mongo: 'MongoDB', mysql: 'MySQL', dynamodb: 'DynamoDB' }[settings.STORE_KIND];
  const fleet = new Fleet({
    targets: {
      api: settings.API_TARGETS,
      consumer: settings.CONSUMER_TARGETS,
      gate: settings.GATE_TARGETS,
      producer: settings.PRODUCER_TARGETS,
    },
    scrape,
    lookup: systemLookup,
    now,
    onScrape: (component, ok) => metrics.scrapes.inc({ component, outcome: ok ? 'ok' : 'failed' }),
  });
  const live = startLive({ fleet, diagnosis: { table: settings.CONSOLE_PROBLEMS, queue }, now });
  const controls: Controls | undefined = settings.CONSOLE_LOAD && {
    profiles: settings.CONSOLE_LOAD.profiles,
    load: createLoadControl(settings.CONSOLE_LOAD, logger),
    setRate: (rate) => setRate(settings.PRODUCER_TARGETS[0], rate),
  };
  const server = await startConsoleServer({
    host: settings.CONSOLE_HOST,
    port: settings.CONSOLE_PORT,
    live,
    stack: settings.CONSOLE_STACK,
    queue,
    store,
    login:
      settings.CONSOLE_PASSWORD === undefined
        ? undefined
        : { user: settings.CONSOLE_USER, password: settings.CONSOLE_PASSWORD },
    controls,
    onViewers: (viewers) => metrics.viewers.set(viewers),
    logger,
  }).catch(async (error) => {
    await live.close();
    throw error;
  });
  logger.info({ port: server.port, controls: controls !== undefined }, 'console started');
  return {
    port: server.port,
    async stop() {
      await server.close();
      await controls?.load.close();
      await live.close();
    },
  };
}
