// The whole stack as processes of this machine: servers, gate, topics, consumers, API, in the order that they need each other.
import { rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import {
  type Addresses,
  apiEnvironment,
  consoleEnvironment,
  consumerEnvironment,
  gateEnvironment,
  producerEnvironment,
  topicsEnvironment,
} from '../config/environment.ts';
import { loadStackConfig } from '../config/load.ts';
import type { StackConfig } from '../config/schema.ts';
import { ruleFile } from '../monitoring/alert-rules.ts';
import { liveProblems } from '../monitoring/problems/problems.ts';
import { type AppSpec, runJob, startApp } from './apps.ts';
import { consoleLoad, consoleTargets, type LoadAddresses } from './console.ts';
import { DataInUseError, LocalError, ServerUnavailableError } from './errors.ts';
import { installKafka } from './install/kafka.ts';
import { lockHolder, tryLock } from './lock.ts';
import { mongoAddresses } from './mongo-address.ts';
import { prometheusTargets } from './monitoring.ts';
import type { QueueKind } from './options.ts';
import { assertPortsFree, neededPorts, type PortPlan, planPorts } from './ports-plan.ts';
import { kafkaVariable, type RunningKafka, startKafka } from './servers/kafka.ts';
import { mongoVariable, startMongo } from './servers/mongo.ts';
import { startPrometheus } from './servers/prometheus.ts';
import { redisVariable, startRedis } from './servers/redis.ts';
import type { RunningServer } from './servers/server.ts';
import type { Status } from './status.ts';
import { createStatusSource } from './status-source.ts';
import { Supervised, type Unit } from './supervisor.ts';

const repository = join(import.meta.dirname, '..');
/** Where the queue and the producer of the stack on the stack's own ports are; see `deadletters` in package.json. */
const RUNNING_FILE = join(repository, '.local', 'running.env');

export interface StackOptions {
  /** Which `Pulumi.<stack>.yaml`; default `dev`. */
  stack?: string;
  /** Keys that win over the stack file, like `{'mongo:iops': '0'}`; default: none. */
  overrides?: Readonly<Record<string, string>>;
  /** Asked for by name: then there is no falling back. Default: the stack's own, Redis Streams where Kafka cannot run. */
  queue?: QueueKind | undefined;
  /** Kafka brokers, default 1; copies are lowered to fit. */
  brokers?: number | undefined;
  /** Default: the stack's own, but no more than the machine has cores. */
  apiProcesses?: number | undefined;
  /** Where data and logs are kept; default `.local/<stack>`. */
  dataDir?: string | undefined;
  /** Where a load that the console starts leaves its report; default `reports`. */
  reportDir?: string;
  /** Where fetched servers are kept; default `.local/cache`. */
  cacheDir?: string;
  /** Whether Prometheus runs beside the stack; default: no. */
  monitoring?: boolean;
  /** `stack`: those of the config (default); `free`: any, so that runs can stand side by side. */
  ports?: 'stack' | 'free';
  /** The caller's `process.env`: PATH, JAVA_HOME and addresses of running servers; default: empty. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Told one line at a time what is chosen, fetched and started; default: nobody. */
  log?: (line: string) => void;
  /** Aborted: what has been started is stopped, and the start fails. */
  signal?: AbortSignal;
}

/** A stack that is ready. */
export interface Stack {
  readonly config: StackConfig;
  readonly apiUrl: string;
  /** Through the gate, with the database. */
  readonly mongoUrl: string;
  /** Past the gate, with the database. */
  readonly directMongoUrl: string;
  readonly redisUrl: string;
  /** Empty with Redis Streams. */
  readonly kafkaBrokers: readonly string[];
  readonly gateMetricsUrl: string;
  /** The live page; undefined with `console:enabled false`. */
  readonly consoleUrl: string | undefined;
  /** Prometheus; undefined unless it was asked for. */
  readonly prometheusUrl: string | undefined;
  readonly dataDir: string;
  /** Every process by name (`api-0`, `consumer-0`, `gate`, `redis`, `mongo`, `kafka-0`, …): each comes back when it ends. */
  readonly processes: ReadonlyMap<string, Supervised>;
  /** Settles when something ended too often to be started again; the rest still runs until `stop`. */
  readonly failed: Promise<LocalError>;
  /** The numbers since the call before. */
  status(): Promise<Status>;
  /** Drains and stops, apps before servers; may be called twice. What is in the queue stays there for the next start. */
  stop(): Promise<void>;
}

/**
 * Brings the stack up and gives it back once it can accept requests. Nothing stays behind if that fails.
 * @throws ConfigError, DataInUseError, ServerUnavailableError, ServerFailedError, LocalError
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const { stack = 'dev', log = () => {}, signal } = options;
  const config = stackConfig(options);
  const dataDir = options.dataDir ?? join(repository, '.local', stack);
  const lock = await tryLock(join(dataDir, 'run.lock'));
  if (!lock) throw new DataInUseError(dataDir, lockHolder(join(dataDir, 'run.lock')));
  const run = new StackRun(options, config, dataDir, log);
  const aborted = new Promise<never>((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason));
  });
  aborted.catch(() => {}); // it may come when nobody waits any more
  try {
    signal?.throwIfAborted();
    const running = await Promise.race([run.start(), aborted]);
    return { ...running, stop: () => running.stop().finally(() => lock.release()) };
  } catch (error) {
    await run.stop();
    lock.release();
    throw error;
  }
}

/** On one machine further brokers share the first one's disk and cores: they make the start slower and nothing safer. */
const DEFAULT_BROKERS = 1;

/** The stack's config with what the command line says. */
function stackConfig({ stack = 'dev', overrides, queue, brokers = DEFAULT_BROKERS }: StackOptions): StackConfig {
  const config = loadStackConfig(stack, repository, { ...overrides, ...(queue && { 'queue:kind': queue }) });
  const { replicationFactor, minInsyncReplicas } = config.kafka;
  return loadStackConfig(stack, repository, {
    ...overrides,
    ...(queue && { 'queue:kind': queue }),
    'kafka:brokers': String(brokers),
    'kafka:replicationFactor': String(Math.min(replicationFactor, brokers)),
    'kafka:minInsyncReplicas': String(Math.min(minInsyncReplicas, brokers)),
  });
}

/** API processes: what the stack says, but a process beyond the machine's cores makes nothing faster. */
export function apiProcesses(config: StackConfig, asked: number | undefined, cores: number, platform: string): number {
  if (asked !== undefined) return asked;
  if (platform !== 'linux') return 1; // only Linux lets processes share a port
  return Math.min(config.hpa.enabled ? config.hpa.minReplicas : config.api.replicas, cores);
}

class StackRun {
  readonly #options: StackOptions;
  readonly #dataDir: string;
  readonly #log: (line: string) => void;
  readonly #processes = new Map<string, Supervised>();
  readonly #startedAt = performance.now();
  #config: StackConfig;
  #startingKafka: Promise<RunningKafka | undefined> = Promise.resolve(undefined);
  #stopped: Promise<void> | undefined;
  #announced = false;
  #giveUp: (error: LocalError) => void = () => {};
  readonly #failed = new Promise<LocalError>((resolve) => {
    this.#giveUp = resolve;
  });

  constructor(options: StackOptions, config: StackConfig, dataDir: string, log: (line: string) => void) {
    this.#options = options;
    this.#config = config;
    this.#dataDir = dataDir;
    this.#log = log;
  }

  async start(): Promise<Stack> {
    const { env = {}, ports: portChoice = 'stack', apiProcesses: asked } = this.#options;
    const count = apiProcesses(this.#config, asked, availableParallelism(), process.platform);
    const consumers = this.#config.consumer.replicas;
    const foreign = {
      redis: Boolean(env[redisVariable]),
      mongo: Boolean(env[mongoVariable]),
      kafka: Boolean(env[kafkaVariable]),
    };
    await this.#chooseQueue(foreign.kafka);
    const plan = await planPorts(this.#config, { apiProcesses: count, consumers }, portChoice === 'free');
    const brokers = this.#config.queue.kind === 'kafka' ? this.#config.kafka.brokers : 0;
    await assertPortsFree(
      neededPorts(plan, brokers, foreign, {
        console: this.#config.console.enabled,
        prometheus: this.#options.monitoring ?? false,
      }),
    );
    await rm(join(this.#dataDir, 'logs'), { recursive: true, force: true });
    if (this.#stopped) throw new LocalError('app_failed', 'stopped while starting');

    const redis = this.#server(
      'redis',
      (port) =>
        startRedis({
          ...this.#serverOptions('redis', port),
          maxMemoryMiB: this.#config.redis.memoryMiB,
          appendFsync: this.#config.redis.appendFsync,
        }),
      plan.redis,
    );
    const mongo = this.#server(
      'mongo',
      (port) =>
        startMongo({
          ...this.#serverOptions('mongo', port),
          cacheMiB: this.#config.mongo.cacheMiB,
        }),
      plan.mongo,
    );
    const kafka = brokers > 0 ? this.#startKafka(plan.kafka, brokers) : undefined;
    const gateMetricsUrl = `http://127.0.0.1:${plan.gateMetrics}`;
    const gate = mongo.then(async ({ url }) => {
      const mongoUrls = mongoAddresses(url, plan.gate);
      const upstream = { ...noAddresses, mongoUpstream: mongoUrls.upstream };
      const listen = { host: '127.0.0.1', port: plan.gate, ...metricsAt(plan.gateMetrics) };
      await this.#app('gate', 'gate', gateEnvironment(this.#config, upstream, listen), plan.gateMetrics);
      return mongoUrls;
    });
    const [{ url: redisUrl }, mongoUrls, kafkaUrl] = await Promise.all([redis, gate, kafka]);
    const addresses: Addresses = {
      kafkaBrokers: kafkaUrl?.split(',') ?? [],
      redisUrl,
      mongoUrl: mongoUrls.throughGate,
      mongoUpstream: mongoUrls.upstream,
      gateMetricsUrl,
    };
    if (kafkaUrl) await this.#declareTopics(addresses);
    const apiUrl = `http://127.0.0.1:${plan.api}`;
    await Promise.all([
      this.#startWorkers(plan, addresses),
      this.#startConsole(plan, { ...addresses, apiUrl, directMongoUrl: mongoUrls.direct, gateMetricsUrl }),
    ]);
    const prometheusUrl = this.#options.monitoring ? await this.#startPrometheus(plan) : undefined;
    const producer: Record<string, string> = this.#needsProducer()
      ? { PRODUCER_URL: `http://127.0.0.1:${plan.producerMetrics}` }
      : {};
    if (portChoice === 'stack') await this.#announce({ ...consumerEnvironment(this.#config, addresses), ...producer });
    this.#log(`ready in ${seconds(this.#startedAt)}`);
    return {
      config: this.#config,
      apiUrl,
      mongoUrl: addresses.mongoUrl,
      directMongoUrl: mongoUrls.direct,
      redisUrl,
      kafkaBrokers: addresses.kafkaBrokers,
      gateMetricsUrl,
      prometheusUrl,
      consoleUrl: this.#config.console.enabled ? `http://127.0.0.1:${plan.console}` : undefined,
      dataDir: this.#dataDir,
      processes: this.#processes,
      failed: this.#failed,
      status: createStatusSource({ apiUrl, apiMetricsPorts: plan.apiMetrics, gateMetricsUrl }),
      stop: () => this.stop(),
    };
  }

  /** Leaves the addresses that commands run beside the stack need (`npm run deadletters`, `npm run rate`) where they find them. */
  async #announce(environment: Readonly<Record<string, string>>): Promise<void> {
    const known = Object.entries(environment).filter(([name]) => /^(QUEUE|KAFKA|REDIS|PRODUCER_URL)/.test(name));
    await writeFile(RUNNING_FILE, known.map(([name, value]) => `${name}=${value}\n`).join(''));
    this.#announced = true;
  }

  /** Apps in the order of the data, then the servers; what still starts is waited for, then stopped. */
  stop(): Promise<void> {
    this.#stopped ??= (async () => {
      const all = [...this.#processes.values()];
      for (const each of all) each.expectEnd();
      if (this.#announced) await rm(RUNNING_FILE, { force: true });
      const named = (pattern: RegExp) => all.filter(({ name }) => pattern.test(name));
      for (const stage of [/^(console|prometheus)/, /^(api|producer)/, /^consumer/, /^gate/]) {
        await Promise.all(named(stage).map((each) => each.stop()));
      }
      await Promise.all([...named(/^(redis|mongo)/).map((each) => each.stop()), this.#stopKafka()]);
    })();
    return this.#stopped;
  }

  async #stopKafka(): Promise<void> {
    const cluster = await this.#startingKafka.catch(() => undefined); // its failure is the start's to tell
    await cluster?.stop();
  }

  /** Falls back to Redis Streams where Kafka cannot run, unless Kafka was asked for by name. */
  async #chooseQueue(kafkaIsForeign: boolean): Promise<void> {
    if (this.#config.queue.kind !== 'kafka' || kafkaIsForeign) return;
    try {
      await installKafka(this.#installOptions());
    } catch (error) {
      if (!(error instanceof ServerUnavailableError) || this.#options.queue === 'kafka') throw error;
      this.#log(`Kafka cannot run here: ${error.message}`);
      this.#log(
        'the queue is Redis Streams instead (--queue kafka insists, --queue redis-streams leaves this message out)',
      );
      this.#config = { ...this.#config, queue: { ...this.#config.queue, kind: 'redis-streams' } };
    }
  }

  #installOptions() {
    const { env = {}, cacheDir } = this.#options;
    return { env, log: this.#log, ...(cacheDir && { cacheDir }) };
  }

  #serverOptions(name: string, port: number) {
    return { ...this.#installOptions(), dataDir: join(this.#dataDir, name), port };
  }

  async #server(
    name: 'redis' | 'mongo',
    start: (port: number) => Promise<RunningServer>,
    port: number,
  ): Promise<RunningServer> {
    let server: RunningServer | undefined;
    const begun = performance.now();
    const logFile = join(this.#dataDir, name, `${name}.log`);
    await this.#supervise(name, async () => (server = await start(port)), logFile);
    this.#log(`${server!.origin}; ready in ${seconds(begun)}`);
    return server!;
  }

  async #startKafka(port: number | undefined, brokers: number): Promise<string> {
    const begun = performance.now();
    const {
      kafka: { heapMiB },
    } = this.#config;
    const options = { ...this.#installOptions(), dataDir: join(this.#dataDir, 'kafka'), brokers, heapMiB };
    const starting = startKafka({ ...options, ...(port !== undefined && { port }) });
    this.#startingKafka = starting;
    const cluster = await starting;
    await Promise.all(
      cluster.brokers.map((first) => {
        let broker: Unit | undefined = first; // runs already; a restart goes through the cluster
        const start = async (): Promise<Unit> => {
          const unit = broker ?? (await cluster.startBroker(first.nodeId));
          broker = undefined;
          return unit;
        };
        return this.#supervise(
          `kafka-${first.nodeId}`,
          start,
          join(options.dataDir, `broker-${first.nodeId}`, 'kafka.log'),
        );
      }),
    );
    this.#log(`${cluster.origin}; ready in ${seconds(begun)}`);
    return cluster.url;
  }

  async #declareTopics(addresses: Addresses): Promise<void> {
    const logFile = join(this.#dataDir, 'logs', 'topics.log');
    await runJob({ name: 'topics', app: 'topics', env: topicsEnvironment(this.#config, addresses), logFile });
  }

  async #startWorkers(plan: PortPlan, addresses: Addresses): Promise<void> {
    const config = this.#config;
    const apis = plan.apiMetrics.map((metricsPort, i) => {
      const listen = { host: '127.0.0.1', port: plan.api, ...metricsAt(metricsPort) };
      return this.#app(`api-${i}`, 'api', apiEnvironment(config, addresses, listen), metricsPort);
    });
    const consumers = plan.consumerMetrics.map((metricsPort, i) =>
      this.#app(
        `consumer-${i}`,
        'consumer',
        consumerEnvironment(config, addresses, metricsAt(metricsPort)),
        metricsPort,
      ),
    );
    const producerPort = plan.producerMetrics;
    const producers = this.#needsProducer()
      ? [
          this.#app(
            'producer',
            'producer',
            producerEnvironment(config, addresses, metricsAt(producerPort)),
            producerPort,
          ),
        ]
      : [];
    await Promise.all([...apis, ...consumers, ...producers]);
    const processes = (many: unknown[], what: string) => `${many.length} ${what}${many.length === 1 ? '' : 's'}`;
    this.#log(
      `${processes(apis, 'API process').replace('processs', 'processes')}, ${processes(consumers, 'consumer')}`,
    );
  }

  /** At rate 0 it waits for the console to change that. */
  /** Asks every process for its metrics and follows the same rules as in a cluster. */
  async #startPrometheus(plan: PortPlan): Promise<string> {
    const begun = performance.now();
    const { scrapeSeconds, retentionHours } = this.#config.monitoring;
    const dataDir = join(this.#dataDir, 'prometheus');
    let running: Awaited<ReturnType<typeof startPrometheus>> | undefined;
    const start = async () => {
      running = await startPrometheus({
        ...this.#installOptions(),
        dataDir,
        port: plan.prometheus,
        targets: prometheusTargets(plan, { producer: this.#needsProducer(), console: this.#config.console.enabled }),
        rules: ruleFile(this.#config, 'local'),
        scrapeSeconds,
        retentionHours,
      });
      return running;
    };
    await this.#supervise('prometheus', start, join(dataDir, 'prometheus.log'));
    this.#log(`${running!.origin}; ready in ${seconds(begun)}`);
    return running!.url;
  }

  #needsProducer(): boolean {
    return this.#config.producer.rate > 0 || this.#config.console.enabled;
  }

  async #startConsole(plan: PortPlan, where: Omit<LoadAddresses, 'payloadChars' | 'reportDir'>): Promise<void> {
    const config = this.#config;
    if (!config.console.enabled) return;
    const { stack = 'dev', reportDir = 'reports' } = this.#options;
    const listen = { host: '127.0.0.1', port: plan.console, ...metricsAt(plan.consoleMetrics) };
    const load = { ...where, payloadChars: config.api.payloadChars, reportDir: resolve(reportDir) };
    const environment = {
      ...consoleEnvironment(config, { stack, targets: consoleTargets(plan), problems: liveProblems(config) }, listen),
      CONSOLE_LOAD: consoleLoad(load),
    };
    await this.#app('console', 'console', environment, plan.consoleMetrics);
  }

  async #app(
    name: string,
    app: AppSpec['app'],
    env: Readonly<Record<string, string>>,
    metricsPort: number,
  ): Promise<void> {
    const logFile = join(this.#dataDir, 'logs', `${name}.log`);
    await this.#supervise(name, () => startApp({ name, app, env, logFile }, metricsPort), logFile);
  }

  async #supervise(name: string, start: () => Promise<Unit>, logFile: string): Promise<void> {
    const supervised = new Supervised({
      name,
      start,
      logFile,
      log: this.#log,
      onGiveUp: (error) => this.#giveUp(error),
    });
    this.#processes.set(name, supervised);
    if (this.#stopped) supervised.expectEnd();
    await supervised.start();
  }
}

/** The gate needs only where MongoDB is. */
const noAddresses: Addresses = { kafkaBrokers: [], redisUrl: '', mongoUrl: '', mongoUpstream: '' };

function metricsAt(metricsPort: number) {
  return { metricsHost: '127.0.0.1', metricsPort };
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}
