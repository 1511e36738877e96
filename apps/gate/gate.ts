// Assembles the gate: a proxy that limits the operations a second that reach MongoDB, and counts
// them.
import type { App } from '../shared/lifecycle.ts';
import type { Logger } from '../shared/logger.ts';
import { createRegistry, sendJson, startMetricsServer } from '../shared/metrics.ts';
import { SecondCounter } from './counter.ts';
import { createGateMetrics } from './metrics.ts';
import { Pacer } from './pacer.ts';
import { GateProxy } from './proxy.ts';
import type { GateSettings } from './settings.ts';
import { Throttle } from './throttle.ts';
import { Upstream } from './upstream.ts';

export interface Gate extends App {
  readonly port: number;
  readonly metricsPort: number;
}

/** The answer of `GET /stats`. */
export interface GateStats {
  /** In the last full second. */
  operationsPerSecond: number;
  /** 0 = unlimited. */
  limit: number;
  queueLength: number;
}

/** The answer of `GET /seconds?since=`. */
export interface GateSeconds {
  limit: number;
  /**
   * `[unixSecond, operations]` of up to an hour, oldest first, including zeros. The last second is
   * not over yet.
   */
  seconds: [number, number][];
}

/**
 * Starts the gate. It listens even while MongoDB is unreachable, and rejects clients then.
 * @throws when a port is taken
 */
export async function startGate(settings: GateSettings, logger: Logger): Promise<Gate> {
  const limit = settings.MONGO_IOPS;
  // One clock for pacing and counting, which does not jump when the time of day is corrected.
  const now = (): number => performance.now();
  const unixMs = (monotonicMs: number): number => performance.timeOrigin + monotonicMs;
  const counter = new SecondCounter(unixMs(now()));
  const registry = createRegistry('gate');
  const metrics = createGateMetrics(registry, limit, {
    operationsPerSecond: () => counter.lastFullSecond(unixMs(now())),
    queueLength: () => throttle.queueLength,
    connections: () => proxy.connectionCount,
    upstreamUp: () => upstream.isUp,
  });
  const throttle = new Throttle({
    pacer: new Pacer({ limit }),
    now,
    onSlot: (kind, nowMs) => {
      counter.add(unixMs(nowMs), 1);
      metrics.operation(kind);
    },
    onAdmitted: (waitMs) => metrics.waited(waitMs / 1000),
  });
  const upstream = new Upstream({ ...settings.GATE_UPSTREAM, logger });
  const proxy = new GateProxy({
    host: settings.GATE_HOST,
    port: settings.GATE_PORT,
    upstream,
    throttle,
    metrics,
    logger,
  });
  const stats = (): GateStats => ({
    operationsPerSecond: counter.lastFullSecond(unixMs(now())),
    limit,
    queueLength: throttle.queueLength,
  });
  const seconds = (since: number): GateSeconds => ({ limit, seconds: counter.seconds(unixMs(now()), since) });

  await proxy.listen();
  let draining = false;
  const server = await startMetricsServer({
    port: settings.METRICS_PORT,
    host: settings.METRICS_HOST,
    registry,
    ready: () => upstream.isUp && !draining,
    routes: {
      '/stats': (_url, _req, res) => sendJson(res, stats()),
      '/seconds': (url, _req, res) => sendJson(res, seconds(Number(url.searchParams.get('since')) || 0)),
    },
  }).catch(async (error) => {
    await proxy.close();
    throw error;
  });
  await upstream.start();
  logger.info({ port: proxy.port, metricsPort: server.port, upstream: upstream.address, limit }, 'gate started');

  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    draining = true;
    await proxy.close();
    throttle.close();
    await upstream.close();
    await server.close();
  };
  return {
    port: proxy.port,
    metricsPort: server.port,
    stop: () => (stopping ??= stop()),
  };
}
