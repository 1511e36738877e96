// api: clients -> queue and cache; on a miss -> gate -> MongoDB.
import { fileURLToPath } from 'node:url';
import { letHeapGrow } from '../shared/heap.ts';
import { type App, runApp } from '../shared/lifecycle.ts';
import { createLogger } from '../shared/logger.ts';
import { createRegistry, startMetricsServer } from '../shared/metrics.ts';
import { loadSettings } from '../shared/settings.ts';
import { startApi } from './api.ts';
import { apiSettings } from './settings.ts';
import { reportToParent, startWorkers, WORKER_FLAG } from './workers.ts';

async function start(): Promise<App> {
  const settings = loadSettings(apiSettings, process.env);
  const logger = createLogger('api', settings.LOG_LEVEL);
  const registry = createRegistry('api');
  const address = { port: settings.METRICS_PORT, host: settings.METRICS_HOST };

  if (process.env[WORKER_FLAG]) {
    const api = await startApi(settings, registry, logger);
    const silence = reportToParent(registry, api.ready);
    return { stop: () => api.stop().finally(silence) };
  }
  const several = settings.API_WORKERS > 1;
  const server = several
    ? startWorkers(fileURLToPath(import.meta.url), settings.API_WORKERS, logger)
    : await startApi(settings, registry, logger);
  const source = 'metrics' in server ? { metrics: server.metrics, contentType: registry.contentType } : registry;
  const metrics = await startMetricsServer({ ...address, registry: source, ready: server.ready });
  return {
    async stop() {
      await server.stop();
      await metrics.close();
    },
  };
}

letHeapGrow();
await runApp(start, createLogger('api', process.env.LOG_LEVEL));
