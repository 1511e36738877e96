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
  /** Undefined without a port for backups. */
  readonly backupPort: number | undefined;
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
    connections: () => proxies.reduce((sum, { connectionCount }) => sum + connectionCount, 0),
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
  // A backup waits for slots of its own, and each is then charged to the disk. So its large replies,
  // which pass at once, are charged one by one too, and never delay others by more than its share.
  const backupThrottle = new Throttle({
    pacer: new Pacer({ limit: settings.GATE_BACKUP_IOPS ?? 0 }),
    now,
    onSlot: (kind) => throttle.charge(kind, 1),
    onAdmitted: () => {},
  });
  const upstream = new Upstream({ ...settings.GATE_UPSTREAM, logger });
  const open = (port: number, limiter: Throttle): GateProxy =>
    new GateProxy({ host: settings.GATE_HOST, port, upstream, throttle: limiter, metrics, logger });
  const proxy = open(settings.GATE_PORT, throttle);
  const backup = settings.GATE_BACKUP_PORT === undefined ? undefined : open(settings.GATE_BACKUP_PORT, backupThrottle);
  const proxies = backup ? [proxy, backup] : [proxy];
  const closeProxies = () => Promise.all(proxies.map((one) => one.close()));
  const stats = (): GateStats => ({
    operationsPerSecond: counter.lastFullSecond(unixMs(now())),
    limit,
    queueLength: throttle.queueLength,
  });
  const seconds = (since: number): GateSeconds => ({ limit, seconds: counter.seconds(unixMs(now()), since) });

  let draining = false;
  const listen = async () => {
    for (const one of proxies) await one.listen();
    return startMetricsServer({
      port: settings.METRICS_PORT,
      host: settings.METRICS_HOST,
      registry,
      ready: () => upstream.isUp && !draining,
      routes: {
        '/stats': (_url, _req, res) => sendJson(res, stats()),
        '/seconds': (url, _req, res) => sendJson(res, seconds(Number(url.searchParams.get('since')) || 0)),
      },
    });
  };
  const server = await listen().catch(async (error) => {
    await closeProxies();
    throw error;
  });
  await upstream.start();
  logger.info(
    { port: proxy.port, backupPort: backup?.port, metricsPort: server.port, upstream: upstream.address, limit },
    'gate started',
  );

  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    draining = true;
    await closeProxies();
    backupThrottle.close();
    throttle.close();
    await upstream.close();
    await server.close();
  };
  return {
    port: proxy.port,
    backupPort: backup?.port,
    metricsPort: server.port,
    stop: () => (stopping ??= stop()),
  };
}
