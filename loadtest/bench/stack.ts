// The stacks under test: local runs on free ports with temporary data, and the baseline.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Addresses, apiEnvironment, consumerEnvironment, type Environment } from '../../config/environment.ts';
import { type Stack, startStack } from '../../local/stack.ts';
import { freePorts } from '../../tooling/ports.ts';
import { spawnGuarded, waitUntilReady } from '../../tooling/process/guarded.ts';

export type QueueKind = 'kafka' | 'redis-streams';

export interface BenchStackOptions {
  readonly queue: QueueKind;
  /** The gate's limit, operations a second; 0 is no limit. */
  readonly iops: number;
  /** Whether the console and Prometheus run too. Default: false. */
  readonly monitoring?: boolean;
  readonly log: (line: string) => void;
}

export interface BenchProcess {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export interface BenchStack {
  readonly stack: Stack;
  /** One API process, one consumer. */
  readonly api: BenchProcess;
  readonly consumer: BenchProcess;
  /** Starts a consumer in place of one that was stopped. */
  startConsumer(): Promise<BenchProcess>;
  /** Starts a second API process that records no metrics. */
  startUncountedApi(): Promise<BenchProcess>;
  startBaseline(): Promise<BenchProcess>;
  /** Stops everything and removes the data. */
  stop(): Promise<void>;
}

const ROOT = join(import.meta.dirname, '..', '..');
const HOST = '127.0.0.1';

/** Starts a stack. If that fails, nothing is left behind. */
export async function startBenchStack({
  queue,
  iops,
  monitoring = false,
  log,
}: BenchStackOptions): Promise<BenchStack> {
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-bench-'));
  const removeData = () => rm(directory, { recursive: true, force: true });
  const options = {
    overrides: { 'mongo:iops': String(iops), 'console:enabled': String(monitoring) },
    monitoring,
    queue,
    brokers: 1,
    apiProcesses: 1,
  };
  const stack = await startStack({
    ...options,
    dataDir: directory,
    ports: 'free',
    env: { PATH: process.env.PATH, JAVA_HOME: process.env.JAVA_HOME },
    log,
  }).catch(async (error: unknown) => {
    await removeData();
    throw error;
  });
  const stops: (() => Promise<void>)[] = [removeData, stack.stop];

  const launch = async (
    name: string,
    file: string,
    env: Environment,
    url: string,
    readyUrl: string,
    preload: readonly string[] = [],
  ): Promise<BenchProcess> => {
    const running = spawnGuarded({
      name,
      command: process.execPath,
      args: ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON', ...preload, join(ROOT, file)],
      logFile: join(directory, `${name}.log`),
      env,
    });
    stops.push(running.stop);
    await waitUntilReady(running, () => answers(readyUrl));
    return { url, pid: running.pid, stop: running.stop };
  };
  const ofStack = (name: string, url: string): BenchProcess => {
    const running = stack.processes.get(name)!;
    return { url, pid: running.pid, stop: () => running.stop() };
  };
  return {
    stack,
    api: ofStack('api-0', stack.apiUrl),
    consumer: ofStack('consumer-0', ''),
    async startConsumer() {
      const [port] = await freePorts(1);
      const env = consumerEnvironment(stack.config, addressesOf(stack), { metricsHost: HOST, metricsPort: port! });
      const url = `http://${HOST}:${port}`;
      return launch('consumer', 'apps/consumer/main.ts', env, url, `${url}/readyz`);
    },
    async startUncountedApi() {
      const [port, metricsPort] = (await freePorts(2)) as [number, number];
      const listen = { host: HOST, port, metricsHost: HOST, metricsPort };
      const env = apiEnvironment(stack.config, addressesOf(stack), listen);
      const readyUrl = `http://${HOST}:${metricsPort}/readyz`;
      const preload = ['--import', join(import.meta.dirname, 'uncounted.mjs')];
      return launch('uncounted-api', 'apps/api/main.ts', env, `http://${HOST}:${port}`, readyUrl, preload);
    },
    async startBaseline() {
      const [port] = await freePorts(1);
      const { payloadChars } = stack.config.api;
      const env = { MONGO_URL: stack.mongoUrl, BASELINE_PORT: String(port), PAYLOAD_CHARS: String(payloadChars) };
      const url = `http://${HOST}:${port}`;
      return launch('baseline', 'loadtest/bench/baseline/server.ts', env, url, `${url}/api/stats`);
    },
    async stop() {
      for (const one of stops.splice(0).reverse()) await one();
    },
  };
}

/** Runs `use` with a stack and stops the stack afterwards. */
export async function withStack(options: BenchStackOptions, use: (stack: BenchStack) => Promise<void>): Promise<void> {
  const stack = await startBenchStack(options);
  try {
    await use(stack);
  } finally {
    await stack.stop();
  }
}

const addressesOf = ({ kafkaBrokers, redisUrl, mongoUrl, gateMetricsUrl }: Stack): Addresses => ({
  kafkaBrokers,
  redisUrl,
  mongoUrl,
  mongoUpstream: '', // only the gate uses it, and it is already running
  gateMetricsUrl,
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
