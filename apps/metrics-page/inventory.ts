// Every metric of the apps, from the code that creates them: for docs/metrics.md, and to check the
// names that rules and dashboards use.
import type { Registry } from 'prom-client';
import { createApiMetrics } from '../api/metrics.ts';
import { createQueueMetrics } from '../api/queue-metrics.ts';
import { createConsoleMetrics } from '../console/metrics.ts';
import { createConsumerMetrics } from '../consumer/metrics.ts';
import { createGateMetrics } from '../gate/metrics.ts';
import { createAgentMetrics } from '../kafka-agent/metrics.ts';
import { createProducerMetrics } from '../producer/metrics.ts';
import { createRegistry } from '../shared/metrics.ts';
import { createTracingMetrics } from '../shared/tracing/tracing.ts';

/** One metric. */
export interface MetricInfo {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary';
  readonly help: string;
  /** Labels in addition to `app`, which every metric has. */
  readonly labels: readonly string[];
}

/** The metrics of one app, or of all of them. */
export interface AppMetrics {
  readonly app: string;
  readonly metrics: readonly MetricInfo[];
}

/** Each app's own metrics, registered as the app registers them. */
export const APPS: Readonly<Record<string, (registry: Registry) => void>> = {
  api: (registry) => {
    createApiMetrics(registry);
    createTracingMetrics(registry);
    const depth = () => ({ accepted: 0, lag: 0, lagBytes: 0, deadLetters: 0 });
    createQueueMetrics(registry, depth, { name: 'posts', maxLength: 1, maxBytes: 1 });
  },
  consumer: (registry) => {
    createConsumerMetrics(registry);
    createTracingMetrics(registry);
  },
  gate: (registry) => {
    const none = () => 0;
    const readings = { operationsPerSecond: none, queueLength: none, connections: none, upstreamUp: () => true };
    createGateMetrics(registry, 100, readings);
  },
  producer: createProducerMetrics,
  console: createConsoleMetrics,
  'kafka-agent': (registry) => {
    const none = async () => [];
    createAgentMetrics(registry, { broker: 0, view: () => ({}), ends: none, lags: none });
  },
};

/** The registry of an app at its start. */
export function registryOf(app: string): Registry {
  const registry = createRegistry(app);
  APPS[app]?.(registry);
  return registry;
}

/** prom-client's types hide the label names, which every metric has. */
type WithLabels = { readonly name: string; readonly help: string; readonly labelNames?: readonly string[] };

async function infoOf(registry: Registry): Promise<MetricInfo[]> {
  const json = await registry.getMetricsAsJSON();
  return json.map(({ name, help, type }) => ({
    name,
    help,
    type: String(type) as MetricInfo['type'],
    labels: (registry.getSingleMetric(name) as unknown as WithLabels).labelNames ?? [],
  }));
}

/** The metrics that every app has (the first entry), then those of each app. */
export async function inventory(): Promise<readonly AppMetrics[]> {
  const everyApp = await infoOf(createRegistry('any'));
  const common = new Set(everyApp.map(({ name }) => name));
  const own = Object.keys(APPS).map(async (app) => ({
    app,
    metrics: (await infoOf(registryOf(app))).filter(({ name }) => !common.has(name)),
  }));
  return [{ app: 'every app', metrics: everyApp }, ...(await Promise.all(own))];
}
