// The metrics server that every app has on a port of its own: /metrics, /healthz, /readyz, and what an app adds.

import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Of all apps: they are released together. */
export const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** Gauges that prom-client names as if they were counters, which Prometheus' own lint refuses; the same numbers by kind stay. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** A registry with the process's own metrics (memory, CPU, garbage collection, event-loop delay) and the app's build info. */
export function createRegistry(app: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ app });
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  new Gauge({
    name: 'breakwater_build_info',
    help: 'Always 1; its labels say what runs',
    labelNames: ['version', 'node'],
    aggregator: 'first',
    registers: [registry],
  }).set({ version, node: process.version }, 1);
  return registry;
}

/** What prom-client's histogram keeps for each set of labels. */
interface HistogramState {
  readonly bucketValues: Record<number, number>;
  sum: number;
  count: number;
}

/** A histogram without labels that can count a value many times at once, which prom-client's cannot. */
export class WeightedHistogram extends Histogram<never> {
  declare readonly upperBounds: readonly number[];
  declare readonly hashMap: Readonly<Record<string, HistogramState>>;

  /** The same as `times` calls of `observe(value)`. */
  observeMany(value: number, times: number): void {
    const state = this.hashMap['']!;
    state.sum += value * times;
    state.count += times;
    const bound = this.upperBounds.find((each) => value <= each);
    if (bound !== undefined) state.bucketValues[bound]! += times;
  }
}

export type Route = (url: URL, req: IncomingMessage, res: ServerResponse) => void | Promise<void>;

export interface MetricsServerOptions {
  port: number;
  host: string;
  /** What /metrics shows. */
  registry: Pick<Registry, 'metrics' | 'contentType'>;
  /** Able to do its work: decides /readyz. */
  ready: () => boolean;
  /** Further paths, GET only. */
  routes?: Readonly<Record<string, Route>>;
}

export interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Starts the server. @throws when the port is taken */
export async function startMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const { registry } = options;
  const routes: Record<string, Route> = {
    '/metrics': async (_url, _req, res) => {
      res.setHeader('content-type', registry.contentType);
      res.end(await registry.metrics());
    },
    '/healthz': (_url, _req, res) => void res.end('ok\n'),
    '/readyz': (_url, _req, res) => {
      res.statusCode = options.ready() ? 200 : 503;
      res.end(options.ready() ? 'ready\n' : 'not ready\n');
    },
    ...options.routes,
  };
  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const url = parseTarget(req.url ?? '/');
    if (!url) return void res.writeHead(400).end('the request target is neither a path nor a URL\n');
    const route = Object.hasOwn(routes, url.pathname) ? routes[url.pathname] : undefined;
    if (!route) return void res.writeHead(404).end(`no such path; there are ${Object.keys(routes).join(', ')}\n`);
    await route(url, req, res);
  };
  const server = createServer((req, res) => {
    answer(req, res).catch((error: Error) => {
      // Half an answer cannot become an error any more; a closed connection can.
      if (res.headersSent) res.destroy();
      else res.writeHead(500).end(`${error.message}\n`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * The URL that a request asks for: a path, or the absolute form that proxies send. A path may begin
 * with two slashes, which `new URL('//', base)` takes for a host and throws.
 * @returns null for everything else
 */
function parseTarget(target: string): URL | null {
  return URL.parse(target.startsWith('/') ? `http://metrics${target}` : target);
}

/** Answers with JSON. */
export function sendJson(res: ServerResponse, body: unknown): void {
  res.setHeader('content-type', 'application/json');
  res.end(JSON.stringify(body));
}
