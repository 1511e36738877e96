// The stacks that the bench measures: servers, gate and apps on free ports, with data that is thrown away.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Addresses,
  apiEnvironment,
  consumerEnvironment,
  type Environment,
  gateEnvironment,
  topicsEnvironment,
} from '../../config/environment.ts';
import { loadStackConfig } from '../../config/load.ts';
import type { StackConfig } from '../../config/schema.ts';
import { freePorts } from '../../local/ports.ts';
import { type GuardedProcess, spawnGuarded, waitUntilReady } from '../../local/process/guarded.ts';
import { startKafka } from '../../local/servers/kafka.ts';
import { startMongo } from '../../local/servers/mongo.ts';
import { startRedis } from '../../local/servers/redis.ts';
import type { RunningServer } from '../../local/servers/server.ts';
import { withDatabase } from '../ledger/scan.ts';

export type QueueKind = 'kafka' | 'redis-streams';

export interface BenchStackOptions {
  readonly queue: QueueKind;
  /** The gate's limit; 0 only counts. */
  readonly iops: number;
  readonly log: (line: string) => void;
}

export interface BenchApp {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export interface BenchStack {
  readonly mongoUrl: string;
  readonly gateUrl: string;
  startApi(): Promise<BenchApp>;
  startConsumer(): Promise<BenchApp>;
  startBaseline(): Promise<BenchApp>;
  /** Stops everything and removes the data. */
  stop(): Promise<void>;
}

const ROOT = join(import.meta.dirname, '..', '..');
const HOST = '127.0.0.1';

/** Starts the servers and the gate; the apps follow when they are asked for. */
export async function startBenchStack({ queue, iops, log }: BenchStackOptions): Promise<BenchStack> {
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-bench-'));
  const config = loadStackConfig('dev', ROOT, {
    'queue:kind': queue,
    'mongo:iops': iops,
    'kafka:brokers': 1,
    'kafka:replicationFactor': 1,
    'kafka:minInsyncReplicas': 1,
    'api:replicas': 1,
  });
  const stops: (() => Promise<void>)[] = [() => rm(directory, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (const one of stops.splice(0).reverse()) await one();
  };
  const server = async (
    start: typeof startRedis | typeof startMongo | typeof startKafka,
    name: string,
  ): Promise<RunningServer> => {
    const running = await start({ dataDir: join(directory, name), env: process.env, log });
    stops.push(running.stop);
    return running;
  };
  try {
    const redis = await server(startRedis, 'redis');
    const mongo = await server(startMongo, 'mongo');
    const kafka = queue === 'kafka' ? await server(startKafka, 'kafka') : null;
    const [gatePort, gateMetricsPort] = (await freePorts(2)) as [number, number];
    const addresses: Addresses = {
      kafkaBrokers: kafka?.url.split(',') ?? [],
      redisUrl: redis.url,
      mongoUrl: `mongodb://${HOST}:${gatePort}/breakwater`,
      mongoUpstream: new URL(mongo.url).host,
      gateMetricsUrl: `http://${HOST}:${gateMetricsPort}`,
    };
    const launch = appLauncher(directory, stops);
    const listen = { host: HOST, port: gatePort, metricsHost: HOST, metricsPort: gateMetricsPort };
    await launch(
      'gate',
      'apps/gate/main.ts',
      gateEnvironment(config, addresses, listen),
      `${addresses.gateMetricsUrl}/readyz`,
    );
    if (kafka) await createTopics(config, addresses, directory);
    return {
      mongoUrl: withDatabase(mongo.url),
      gateUrl: addresses.gateMetricsUrl!,
      ...appStarters(config, addresses, launch),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Launch = (name: string, file: string, env: Environment, readyUrl: string) => Promise<GuardedProcess>;

function appLauncher(directory: string, stops: (() => Promise<void>)[]): Launch {
  let count = 0;
  return async (name, file, env, readyUrl) => {
    const process = spawnGuarded({
      name,
      ...nodeCommand(file),
      logFile: join(directory, `${name}-${count++}.log`),
      env: { LOG_LEVEL: 'warn', ...env },
    });
    stops.push(process.stop);
    await waitUntilReady(process, () => answers(readyUrl));
    return process;
  };
}

function appStarters(config: StackConfig, addresses: Addresses, launch: Launch) {
  const start = async (
    name: string,
    file: string,
    environment: (port: number, metricsPort: number) => Environment,
    ready: 'app' | 'metrics',
  ) => {
    const [port, metricsPort] = (await freePorts(2)) as [number, number];
    const url = `http://${HOST}:${port}`;
    const readyUrl = ready === 'app' ? `${url}/api/stats` : `http://${HOST}:${metricsPort}/readyz`;
    const running = await launch(name, file, environment(port, metricsPort), readyUrl);
    return { url, pid: running.pid, stop: running.stop };
  };
  const listen = (port: number, metricsPort: number) => ({ host: HOST, port, metricsHost: HOST, metricsPort });
  return {
    startApi: () => start('api', 'apps/api/main.ts', (p, m) => apiEnvironment(config, addresses, listen(p, m)), 'app'),
    startConsumer: () =>
      start(
        'consumer',
        'apps/consumer/main.ts',
        (p, m) => consumerEnvironment(config, addresses, listen(p, m)),
        'metrics',
      ),
    startBaseline: () =>
      start(
        'baseline',
        'loadtest/baseline/server.ts',
        (port) => ({
          MONGO_URL: addresses.mongoUrl,
          BASELINE_PORT: String(port),
          PAYLOAD_CHARS: String(config.api.payloadChars),
        }),
        'app',
      ),
  };
}

async function createTopics(config: StackConfig, addresses: Addresses, directory: string): Promise<void> {
  const topics = spawnGuarded({
    name: 'topics',
    ...nodeCommand('apps/topics/main.ts'),
    logFile: join(directory, 'topics.log'),
    env: topicsEnvironment(config, addresses),
  });
  const { code } = await topics.exited;
  if (code !== 0) throw new Error(`the topics could not be created (status ${code}); see ${topics.logFile}`);
}

const nodeCommand = (file: string) => ({
  command: process.execPath,
  args: ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON', join(ROOT, file)],
});

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false; // not yet
  }
}
