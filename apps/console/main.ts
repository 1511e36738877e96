// console: the figures of every process on one live page.
import { type App, runApp } from '../shared/lifecycle.ts';
import { createLogger } from '../shared/logger.ts';
import { createRegistry, startMetricsServer } from '../shared/metrics.ts';
import { startConsole } from './console.ts';
import { readSettings } from './settings.ts';

async function start(): Promise<App> {
  const settings = readSettings(process.env);
  const logger = createLogger('console', settings.LOG_LEVEL);
  const registry = createRegistry('console');
  const running = await startConsole(settings, registry, logger);
  const metrics = await startMetricsServer({
    port: settings.METRICS_PORT,
    host: settings.METRICS_HOST,
    registry,
    ready: () => true,
  });
  return {
    async stop() {
      await running.stop();
      await metrics.close();
    },
  };
}

await runApp(start, createLogger('console', process.env.LOG_LEVEL));
