// The whole stack as processes of this machine, started in the order in which its parts need each
// other.
import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type Addresses, apiEnvironment, consumerEnvironment } from '../config/environment.ts';
import type { StackConfig } from '../config/schema.ts';
import { consoleTargets } from './console.ts';
import { DataInUseError, type LocalError } from './errors.ts';
import { kafkaVariable } from './install/kafka.ts';
import { mongoVariable } from './install/mongo.ts';
import { redisVariable } from './install/redis.ts';
import { lockHolder, tryLock } from './lock.ts';
import type { QueueKind } from './options.ts';
import { assertPortsFree, neededPorts, planPorts } from './ports-plan.ts';
import { Processes } from './processes.ts';
import { announce, type CommandEnvironment } from './running.ts';
import { declareTopics, launchConsole, launchGate, launchWorkers, needsProducer } from './stack-apps.ts';
import { apiProcesses, localConfig, REPOSITORY, withQueueThatRuns } from './stack-config.ts';
import {
  launchKafka,
  launchMongo,
  launchPrometheus,
  launchRedis,
  launchSqs,
  type StackRun,
  since,
} from './stack-servers.ts';
import { type Status, StatusSource } from './status.ts';
import type { Supervised } from './supervisor.ts';

export interface StackOptions {
  /** Which `Pulumi.<stack>.yaml`. @default dev */
  readonly stack?: string;
  /** Keys that win over the stack file, like `{'mongo:iops': '0'}`. @default none */
  readonly overrides?: Readonly<Record<string, string>>;
  /**
   * Asked for by name: then there is no falling back.
   *
   * @default the stack's own, Redis Streams where Kafka cannot run
   */
  readonly queue?: QueueKind | undefined;
  /** Kafka brokers; copies are lowered to fit. @default 1 */
  readonly brokers?: number | undefined;
  /** @default the stack's own, but no more than the machine has cores */
  readonly apiProcesses?: number | undefined;
  /** Where data and logs are kept. @default `.local/<stack>` */
  readonly dataDir?: string | undefined;
  /** Where a load that the console starts leaves its report. @default reports */
  readonly reportDir?: string;
  /** Where fetched servers are kept. @default `.local/cache` */
  readonly cacheDir?: string;
  /** Whether Prometheus runs beside the stack. @default false */
  readonly monitoring?: boolean;
  /**
   * `stack`: those of the config; `free`: any, so that runs can stand side by side.
   *
   * @default stack
   */
  readonly ports?: 'stack' | 'free';
  /**
   * The caller's `process.env`: PATH, JAVA_HOME and addresses of running servers.
   *
   * @default empty
   */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Gets one line at a time: what is chosen, fetched and started. @default nothing is said */
  readonly log?: (line: string) => void;
  /** Aborted: what has been started is stopped, and the start fails. */
  readonly signal?: AbortSignal;
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
  /** For commands beside the stack. */
  readonly environment: CommandEnvironment;
  /**
   * Every process by name (`api-0`, `consumer-0`, `gate`, `redis`, `mongo`, `kafka-0`, …): each
   * comes back when it ends.
   */
  readonly processes: ReadonlyMap<string, Supervised>;
  /**
   * Resolves when something ended too often to be started again; the rest still runs until `stop`.
   */
  readonly failed: Promise<LocalError>;
  /** The numbers since the call before. */
  status(): Promise<Status>;
  /**
   * Drains and stops, apps before servers; may be called twice. What is in the queue stays there
   * for the next start.
   */
  stop(): Promise<void>;
}

/**
 * Brings the stack up and gives it back once it can accept requests. Nothing stays behind if that
 * fails.
 *
 * @throws ConfigError, DataInUseError, ServerUnavailableError, ProcessFailedError, LocalError
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const { stack = 'dev', log = () => {}, signal } = options;
  const config = localConfig({ ...options, stack });
  const dataDir = options.dataDir ?? join(REPOSITORY, '.local', stack);
  const lock = await tryLock(join(dataDir, 'run.lock'));
  if (!lock) throw new DataInUseError(dataDir, lockHolder(join(dataDir, 'run.lock')));
  const processes = new Processes(log);
  const stop = () => processes.stop().finally(() => lock.release());
  const aborted = new Promise<never>((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason));
  });
  aborted.catch(() => {}); // it may come when nobody waits any more
  try {
    signal?.throwIfAborted();
    const running = await Promise.race([bringUp({ ...options, stack, log }, config, dataDir, processes), aborted]);
    return { ...running, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type FilledOptions = StackOptions & Required<Pick<StackOptions, 'stack' | 'log'>>;

async function bringUp(
  options: FilledOptions,
  asked: StackConfig,
  dataDir: string,
  processes: Processes,
): Promise<Omit<Stack, 'stop'>> {
  const begun = performance.now();
  const run = await prepare(options, asked, dataDir, processes);
  const { config, ports } = run;
  const usesKafka = config.queue.kind === 'kafka';

  const [redisUrl, mongo, kafkaBrokers, sqs] = await Promise.all([
    launchRedis(run),
    launchMongo(run).then((url) => launchGate(run, url)),
    usesKafka ? launchKafka(run) : [],
    config.queue.kind === 'sqs' ? launchSqs(run) : undefined,
  ]);
  const apiUrl = `http://127.0.0.1:${ports.api}`;
  const gateMetricsUrl = `http://127.0.0.1:${ports.gateMetrics}`;
  const addresses: Addresses = {
    kafkaBrokers,
    ...(sqs && { sqs }),
    redisUrl,
    mongoUrl: mongo.throughGate,
    mongoUpstream: mongo.upstream,
    gateMetricsUrl,
  };
  if (usesKafka) await declareTopics(run, addresses);
  const showsConsole = config.console.enabled;
  await Promise.all([
    launchWorkers(run, addresses),
    showsConsole &&
      launchConsole(
        run,
        { stack: options.stack, reportDir: options.reportDir ?? 'reports' },
        { apiUrl, directMongoUrl: mongo.direct, gateMetricsUrl, redisUrl },
      ),
  ]);
  const prometheusUrl = options.monitoring
    ? await launchPrometheus(run, { producer: needsProducer(config), console: showsConsole })
    : undefined;
  const environment = environmentOf(run, addresses);
  if (options.ports !== 'free') processes.stopWith('observers', await announce(environment));
  options.log(`ready in ${since(begun)}`);

  const source = new StatusSource({ apiUrl, apiMetricsPorts: ports.apiMetrics, gateMetricsUrl });
  return {
    config,
    apiUrl,
    mongoUrl: mongo.throughGate,
    directMongoUrl: mongo.direct,
    redisUrl,
    kafkaBrokers,
    gateMetricsUrl,
    prometheusUrl,
    consoleUrl: showsConsole ? `http://127.0.0.1:${ports.console}` : undefined,
    dataDir,
    environment,
    processes: processes.byName,
    failed: processes.failed,
    status: () => source.read(),
  };
}

/** Chooses the queue and the ports. @throws LocalError when something is in the way */
async function prepare(
  { env = {}, cacheDir, log, queue, ports: choice, apiProcesses: count, monitoring = false }: FilledOptions,
  asked: StackConfig,
  dataDir: string,
  processes: Processes,
): Promise<StackRun> {
  const install = { env, log, cacheDir };
  const foreign = {
    redis: Boolean(env[redisVariable]),
    mongo: Boolean(env[mongoVariable]),
    kafka: Boolean(env[kafkaVariable]),
  };
  const config = foreign.kafka ? asked : await withQueueThatRuns(asked, queue === 'kafka', install);
  const counts = {
    apiProcesses: apiProcesses(config, count, availableParallelism(), process.platform),
    consumers: config.consumer.replicas,
  };
  const ports = await planPorts(config, counts, choice === 'free');
  const brokers = config.queue.kind === 'kafka' ? config.kafka.brokers : 0;
  const extras = { console: config.console.enabled, prometheus: monitoring };
  await assertPortsFree(neededPorts(ports, brokers, foreign, extras));
  await rm(join(dataDir, 'logs'), { recursive: true, force: true });
  processes.throwIfStopped();
  return { config, ports, dataDir, processes, install };
}

/** What commands beside the stack need to know. */
function environmentOf({ config, ports }: StackRun, addresses: Addresses): CommandEnvironment {
  const environment = {
    ...apiEnvironment(config, addresses),
    ...consumerEnvironment(config, addresses),
    CONSUMER_TARGETS: consoleTargets(ports).consumer.join(','),
    ...(needsProducer(config) && { PRODUCER_URL: `http://127.0.0.1:${ports.producerMetrics}` }),
  };
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) =>
      /^(QUEUE|KAFKA|SQS|AWS|REDIS|PRODUCER_URL|CONSUMER_TARGETS|PAYLOAD_CHARS|API_BODY_LIMIT_KIB)/.test(name),
    ),
  );
}
