// The stacks under test: local runs on free ports with temporary data, and the baseline.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Addresses, apiEnvironment, consumerEnvironment, type Environment } from '../../config/environment.ts';
import { type Stack, startStack } from '../../local/stack.ts';
import { isUp } from '../../tooling/http.ts';
import { freePorts } from '../../tooling/ports.ts';
import { GuardedProcess } from '../../tooling/process/guarded.ts';

export type QueueKind = 'kafka' | 'redis-streams';

export interface BenchStackOptions {
  readonly queue: QueueKind;
  /** The gate's limit, operations a second; 0 is no limit. */
  readonly iops: number;
  /** Whether the console and Prometheus run too. Default: false. */
  readonly monitoring?: boolean;
  /** Number of API processes. Default: 1; `configured`: as in a local run. */
  readonly apiProcesses?: 'configured';
  /** Keys that win over the stack file. Default: none. */
  readonly overrides?: Readonly<Record<string, string>>;
  readonly log: (line: string) => void;
}

export interface BenchProcess {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

const ROOT = join(import.meta.dirname, '..', '..');
const HOST = '127.0.0.1';

interface Launch {
  readonly name: string;
  /** The entry point, relative to the repository. */
  readonly file: string;
  readonly env: Environment;
  readonly url: string;
  /** Answers once the process is ready. */
  readonly readyUrl: string;
  readonly preload?: readonly string[];
}

/** A stack with one API process and one consumer, to which further processes can be added. */
export class BenchStack {
  readonly stack: Stack;
  readonly api: BenchProcess;
  readonly consumer: BenchProcess;
  /** All API processes, which share one port; `api` is the first of them. */
  readonly apis: readonly BenchProcess[];
  readonly #directory: string;
  readonly #stops: (() => Promise<void>)[];

  /** Starts a stack. If that fails, nothing is left behind. */
  static async start({
    queue,
    iops,
    monitoring = false,
    apiProcesses,
    overrides = {},
    log,
  }: BenchStackOptions): Promise<BenchStack> {
    const directory = await mkdtemp(join(tmpdir(), 'breakwater-bench-'));
    try {
      const stack = await startStack({
        overrides: { 'mongo:iops': String(iops), 'console:enabled': String(monitoring), ...overrides },
        monitoring,
        queue,
        brokers: 1,
        ...(apiProcesses === undefined && { apiProcesses: 1 }),
        dataDir: directory,
        ports: 'free',
        env: { PATH: process.env.PATH, JAVA_HOME: process.env.JAVA_HOME },
        log,
      });
      return new BenchStack(stack, directory);
    } catch (error) {
      await removeData(directory);
      throw error;
    }
  }

  private constructor(stack: Stack, directory: string) {
    this.stack = stack;
    const apis = [...stack.processes.keys()].filter((name) => name.startsWith('api-'));
    this.apis = apis.map((name) => processOf(stack, name, stack.apiUrl));
    this.api = this.apis[0]!;
    this.consumer = processOf(stack, 'consumer-0', '');
    this.#directory = directory;
    this.#stops = [() => removeData(directory), () => stack.stop()];
  }

  /** Starts a consumer in place of one that was stopped. */
  async startConsumer(): Promise<BenchProcess> {
    const [port] = await freePorts(1);
    const url = `http://${HOST}:${port}`;
    const env = consumerEnvironment(this.stack.config, addressesOf(this.stack), {
      metricsHost: HOST,
      metricsPort: port!,
    });
    return this.#launch({ name: 'consumer', file: 'apps/consumer/main.ts', env, url, readyUrl: `${url}/readyz` });
  }

  /** Starts a second API process that records no metrics. */
  async startUncountedApi(): Promise<BenchProcess> {
    const [port, metricsPort] = (await freePorts(2)) as [number, number];
    const listen = { host: HOST, port, metricsHost: HOST, metricsPort };
    return this.#launch({
      name: 'uncounted-api',
      file: 'apps/api/main.ts',
      env: apiEnvironment(this.stack.config, addressesOf(this.stack), listen),
      url: `http://${HOST}:${port}`,
      readyUrl: `http://${HOST}:${metricsPort}/readyz`,
      preload: ['--import', join(import.meta.dirname, 'uncounted.mjs')],
    });
  }

  async startBaseline(): Promise<BenchProcess> {
    const [port] = await freePorts(1);
    const { payloadChars } = this.stack.config.api;
    const url = `http://${HOST}:${port}`;
    return this.#launch({
      name: 'baseline',
      file: 'loadtest/bench/baseline/server.ts',
      env: { MONGO_URL: this.stack.mongoUrl, BASELINE_PORT: String(port), PAYLOAD_CHARS: String(payloadChars) },
      url,
      readyUrl: `${url}/api/stats`,
    });
  }

  /** Starts an Express server without anything behind it. */
  async startExpress(): Promise<BenchProcess> {
    const [port] = await freePorts(1);
    const url = `http://${HOST}:${port}`;
    const env = { EXPRESS_PORT: String(port), NODE_ENV: 'production' };
    return this.#launch({ name: 'express', file: 'loadtest/bench/express.ts', env, url, readyUrl: `${url}/api/data` });
  }

  /** Stops all processes and removes the data. May be called twice. */
  async stop(): Promise<void> {
    for (const stop of this.#stops.splice(0).reverse()) await stop();
  }

  async #launch({ name, file, env, url, readyUrl, preload = [] }: Launch): Promise<BenchProcess> {
    const running = new GuardedProcess({
      name,
      command: process.execPath,
      args: [...preload, join(ROOT, file)],
      logFile: join(this.#directory, `${name}.log`),
      env,
    });
    const stop = () => running.stop();
    this.#stops.push(stop);
    await running.untilReady(() => isUp(readyUrl));
    return { url, pid: running.pid, stop };
  }
}

/** Runs `use` with a stack and stops the stack afterwards. */
export async function withStack(options: BenchStackOptions, use: (stack: BenchStack) => Promise<void>): Promise<void> {
  const stack = await BenchStack.start(options);
  try {
    await use(stack);
  } finally {
    await stack.stop();
  }
}

const removeData = (directory: string): Promise<void> => rm(directory, { recursive: true, force: true });

function processOf(stack: Stack, name: string, url: string): BenchProcess {
  const running = stack.processes.get(name)!;
  return { url, pid: running.pid, stop: () => running.stop() };
}

const addressesOf = ({ kafkaBrokers, redisUrl, mongoUrl, gateMetricsUrl }: Stack): Addresses => ({
  kafkaBrokers,
  redisUrl,
  mongoUrl,
  mongoUpstream: '', // only the gate uses it, and it is already running
  gateMetricsUrl,
});
