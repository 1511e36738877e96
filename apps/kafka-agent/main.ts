// kafka-agent: a sidecar of each Kafka broker. It tells Kubernetes whether the broker is ready,
// delays a stop until the other brokers can do without it, and exports metrics.
import { type App, runApp } from '../shared/lifecycle.ts';
import { createLogger } from '../shared/logger.ts';
import { createRegistry, startMetricsServer } from '../shared/metrics.ts';
import { loadSettings } from '../shared/settings.ts';
import { Connection } from './connection.ts';
import { Offsets } from './lag.ts';
import { createAgentMetrics } from './metrics.ts';
import { Peers } from './peers.ts';
import { agentSettings } from './settings.ts';
import { Watch } from './watch.ts';

async function start(): Promise<App> {
  const settings = loadSettings(agentSettings, process.env);
  const logger = createLogger('kafka-agent', settings.LOG_LEVEL);
  const { HOSTNAME: broker, BROKER_HOST: host, BROKER_PORT: port } = settings;
  const peers = new Peers(broker, host, port);
  const controllers = new Connection(host, port);
  const watch = new Watch({ broker, peers, controllers, logger });
  const offsets = new Offsets(broker, peers);
  const registry = createRegistry('kafka-agent');
  createAgentMetrics(registry, {
    broker,
    view: () => watch.view,
    ends: (metadata) => offsets.ends(metadata),
    lags: (metadata) => offsets.lags(metadata),
  });
  const server = await startMetricsServer({
    port: settings.METRICS_PORT,
    host: settings.METRICS_HOST,
    registry,
    ready: () => watch.notReady.length === 0,
    routes: {
      '/before-stop': async (_url, _req, res) => {
        const reasons = await watch.untilStoppable(settings.STOP_WAIT_SECONDS * 1000);
        res.end(`${reasons.length === 0 ? 'the other brokers can do without this one' : reasons.join('\n')}\n`);
      },
    },
  });
  watch.start();
  logger.info({ broker, metricsPort: server.port }, 'watching the broker');
  return {
    async stop() {
      watch.close();
      peers.close();
      controllers.close();
      await server.close();
    },
  };
}

await runApp(start, createLogger('kafka-agent', process.env.LOG_LEVEL));
