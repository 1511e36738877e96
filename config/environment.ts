// The environment of each app: variables made from the stack config and the addresses of the
// servers. Used by the Pulumi program and by the local run, so that both start the same apps in the
// same way. An app requires every variable that it knows and has no defaults of its own: those are
// in config/schema/ and, for what is no config key, in the constants below.
import type { StackConfig } from './schema.ts';
import { topicPlan } from './servers.ts';

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string>>;

/**
 * Port of the metrics server of every app. Pods have addresses of their own, so one port serves
 * all.
 */
export const METRICS_PORT = 9464;
/** Port of the gate for backups, in a cluster. */
export const BACKUP_PORT = 27_019;
/**
 * Listens on every address: a pod cannot know which one Kubernetes gives it. Network policies
 * decide who connects.
 */
const ANY_ADDRESS = '0.0.0.0';
/**
 * How long an API that is stopping still serves requests, in milliseconds. Nothing routes to the
 * processes of the local run, so they need no delay. In a cluster, `components/apps/api.ts` sets
 * the time that proxies need to notice.
 */
const DRAIN_DELAY_MS = 0;
/**
 * How long the topics job waits for the brokers that are to hold replicas: a cluster that starts
 * takes half a minute.
 */
const BROKERS_TIMEOUT_SECONDS = 60;
/** How long replicas may take to move to other brokers. The Job around it has a longer deadline. */
export const MOVES_TIMEOUT_SECONDS = 1_800;
/**
 * Log level of the Kafka agent. Not `logging:level`: a change of that key must not roll the
 * brokers.
 */
const AGENT_LOG_LEVEL = 'info';

/** A queue of SQS. */
export interface SqsAddress {
  readonly queueUrl: string;
  readonly region: string;
  /** @default that of the region */
  readonly endpoint?: string | undefined;
  /** Of an emulator. @default those that the SDK finds where the app runs */
  readonly accessKey?: { readonly id: string; readonly secret: string };
}

/** Where the servers are, as seen by the app. */
export interface Addresses {
  /** Kafka's bootstrap brokers, `host:port`. Used with `queue:kind kafka` only. */
  readonly kafkaBrokers: readonly string[];
  /** How Kafka checks passwords. @default PLAIN, as the stack's own brokers do */
  readonly kafkaSaslMechanism?: StackConfig['kafka']['saslMechanism'];
  /** Whether Kafka is reached over TLS. @default false */
  readonly kafkaTls?: boolean;
  /** The queue of SQS. Used with `queue:kind sqs` only. */
  readonly sqs?: SqsAddress;
  /** `redis://host:port` */
  readonly redisUrl: string;
  /**
   * MongoDB through the gate, with the database: `mongodb://host:port/breakwater`. Used with
   * `store:kind mongo` only.
   */
  readonly mongoUrl: string;
  /**
   * MongoDB itself, `host:port`, for the gate. Absent with an external MongoDB, which has no gate.
   */
  readonly mongoUpstream?: string;
  /** MySQL's primary, `mysql://host:port/database`. Used with `store:kind mysql` only. */
  readonly mysqlUrl?: string;
  /** Its replicas. Without them, all reads go to the primary. */
  readonly mysqlReaderUrl?: string;
  /** The gate's metrics, for the API's statistics. Without it, they lack MongoDB's operations. */
  readonly gateMetricsUrl?: string;
}

/** Where an app listens. */
export interface Listen {
  /** Address of the app's own port. @default all addresses */
  readonly host?: string;
  /** The app's own port; 0 takes a free one. @default the port in the config */
  readonly port?: number;
  /** Address of the metrics server. @default all addresses */
  readonly metricsHost?: string;
  /** Port of the metrics server; 0 takes a free one. @default METRICS_PORT */
  readonly metricsPort?: number;
  /** Second port of the gate, for backups. @default none */
  readonly backupPort?: number;
}

/** Drops undefined values and turns the others into text. */
function variables(values: Readonly<Record<string, string | number | boolean | undefined>>): Environment {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [name, String(value)]));
}

const common = (logLevel: string, listen: Listen) => ({
  LOG_LEVEL: logLevel,
  METRICS_HOST: listen.metricsHost ?? ANY_ADDRESS,
  METRICS_PORT: listen.metricsPort ?? METRICS_PORT,
});

/**
 * V8 options that keep a Node process within its memory. The old generation gets 55 %: buffers,
 * code and stacks live outside the heap, and the young generation takes three semi-spaces. Larger
 * semi-spaces need fewer collections, but keep more garbage: buffers too are freed with them. The
 * consumer's records are buffers: with 32 MiB only full collections freed them, four a second, and
 * it took twice the CPU that it takes with 8.
 */
const heap = (memoryMiB: number, semiSpaceMiB: number): string =>
  `--max-old-space-size=${Math.floor(memoryMiB * 0.55)} --max-semi-space-size=${semiSpaceMiB}`;

/**
 * glibc's allocator with one arena, and with a fixed size from which buffers go back to the system
 * when they are freed, bytes. With its defaults an API process that gets bodies of every size held
 * 15 to 35 MiB more.
 */
const ALLOCATOR = { MALLOC_ARENA_MAX: 1, MALLOC_MMAP_THRESHOLD_: 131_072 };

/**
 * What request bodies may hold in an API process: a twentieth of its memory. Those that are worked
 * on take several times as much, and 5,000 connections and the process itself take 200 MiB
 * (`npm run bench -- --only memory`).
 */
const bodiesBytes = (memoryMiB: number): number => Math.floor((memoryMiB * 2 ** 20) / 20);

type KafkaAddresses = Pick<Addresses, 'kafkaBrokers' | 'kafkaSaslMechanism' | 'kafkaTls'>;

const kafka = ({ kafkaBrokers, kafkaSaslMechanism = 'PLAIN', kafkaTls = false }: KafkaAddresses) => ({
  KAFKA_BROKERS: kafkaBrokers.join(','),
  KAFKA_SASL_MECHANISM: kafkaSaslMechanism,
  KAFKA_TLS: kafkaTls,
});

const sqs = ({ queueUrl, region, endpoint, accessKey }: SqsAddress) => ({
  SQS_QUEUE_URL: queueUrl,
  SQS_REGION: region,
  ...(endpoint !== undefined && { SQS_ENDPOINT: endpoint }),
  ...(accessKey && { AWS_ACCESS_KEY_ID: accessKey.id, AWS_SECRET_ACCESS_KEY: accessKey.secret }),
});

const queue = ({ queue: { kind, name, group, maxLength, maxBytes }, redis }: StackConfig, addresses: Addresses) => ({
  QUEUE_KIND: kind,
  QUEUE_NAME: name,
  QUEUE_GROUP: group,
  QUEUE_MAX_LENGTH: maxLength,
  QUEUE_MAX_BYTES: maxBytes,
  ...(kind === 'kafka' && kafka(addresses)),
  ...(kind === 'sqs' && addresses.sqs && sqs(addresses.sqs)),
  REDIS_URL: addresses.redisUrl,
  ...(redis.waitReplicas > 0 && { REDIS_WAIT_REPLICAS: redis.waitReplicas }),
});

const tracing = ({ tracing: { endpoint, sampleRatio } }: StackConfig) =>
  endpoint !== undefined && { TRACING_ENDPOINT: endpoint, TRACING_SAMPLE_RATIO: sampleRatio };

const store = ({ store: { kind }, mysql, dynamodb }: StackConfig, addresses: Addresses) => ({
  STORE_KIND: kind,
  ...(kind === 'mongo' && { MONGO_URL: addresses.mongoUrl }),
  ...(kind === 'mysql' && {
    MYSQL_URL: addresses.mysqlUrl,
    MYSQL_READER_URL: addresses.mysqlReaderUrl,
    MYSQL_TLS: mysql.tls,
  }),
  ...(kind === 'dynamodb' && {
    DYNAMODB_TABLE: dynamodb.table,
    DYNAMODB_REGION: dynamodb.region,
    DYNAMODB_ENDPOINT: dynamodb.endpoint,
  }),
});

/** The environment of `apps/api`. */
export function apiEnvironment(config: StackConfig, addresses: Addresses, listen: Listen = {}): Environment {
  const { api } = config;
  return variables({
    ...common(config.logging.level, listen),
    ...queue(config, addresses),
    NODE_OPTIONS: heap(api.memoryMiB / api.workers, 16),
    ...ALLOCATOR,
    ...store(config, addresses),
    GATE_METRICS_URL: addresses.gateMetricsUrl,
    API_HOST: listen.host ?? ANY_ADDRESS,
    API_PORT: listen.port ?? api.port,
    API_WORKERS: api.workers,
    API_MAX_EVENT_LOOP_DELAY_MS: api.maxEventLoopDelayMs,
    API_MAX_WAIT_MS: api.maxWaitMs,
    API_BODY_LIMIT_KIB: api.bodyLimitKiB,
    API_BODIES_BYTES: bodiesBytes(api.memoryMiB / api.workers),
    API_MAX_CONNECTIONS: api.maxConnections,
    API_REQUEST_TIMEOUT_MS: api.requestTimeoutMs,
    API_DRAIN_DELAY_MS: DRAIN_DELAY_MS,
    API_CATALOGUE_SIZE: api.catalogueSize,
    API_ZIPF_EXPONENT: api.zipfExponent,
    PAYLOAD_CHARS: api.payloadChars,
    CACHE_TTL_SECONDS: api.cacheTtlSeconds,
    ...tracing(config),
  });
}

/** The environment of `apps/consumer`, and of the dead-letter command. */
export function consumerEnvironment(config: StackConfig, addresses: Addresses, listen: Listen = {}): Environment {
  const { consumer } = config;
  return variables({
    ...common(config.logging.level, listen),
    ...queue(config, addresses),
    NODE_OPTIONS: heap(consumer.memoryMiB, 8),
    ...store(config, addresses),
    MONGO_WRITES_PER_SECOND: config.mongo.writesPerSecond,
    CONSUMER_BATCH_SIZE: consumer.batchSize,
    CONSUMER_BATCH_BYTES: consumer.batchBytes,
    CONSUMER_FLUSH_INTERVAL_MS: consumer.flushIntervalMs,
    CONSUMER_WORK_MS: consumer.workMs,
    ...(config.queue.kind === 'kafka' && {
      KAFKA_RETENTION_HOURS: config.kafka.retentionHours,
      KAFKA_RETENTION_MIB: config.kafka.retentionMiB,
    }),
    CACHE_TTL_SECONDS: config.api.cacheTtlSeconds,
    ...tracing(config),
  });
}

/** Operations a second of backups; 0 = no limit. */
const backupIops = ({ mongo: { iops }, backup: { iopsPercent } }: StackConfig): number =>
  iops === 0 ? 0 : Math.max(1, Math.floor((iops * iopsPercent) / 100));

/** The environment of `apps/gate`. */
export function gateEnvironment(config: StackConfig, addresses: Addresses, listen: Listen = {}): Environment {
  return variables({
    ...common(config.logging.level, listen),
    GATE_HOST: listen.host ?? ANY_ADDRESS,
    GATE_PORT: listen.port ?? config.gate.port,
    GATE_UPSTREAM: addresses.mongoUpstream,
    MONGO_IOPS: config.mongo.iops,
    ...(listen.backupPort !== undefined && {
      GATE_BACKUP_PORT: listen.backupPort,
      GATE_BACKUP_IOPS: backupIops(config),
    }),
  });
}

/** The environment of `apps/producer`. */
export function producerEnvironment(config: StackConfig, addresses: Addresses, listen: Listen = {}): Environment {
  return variables({
    ...common(config.logging.level, listen),
    ...queue(config, addresses),
    PRODUCER_RATE: config.producer.rate,
    PAYLOAD_CHARS: config.api.payloadChars,
  });
}

/** Metrics servers of each app, as `host:port`. A name stands for all of its addresses. */
export interface ConsoleTargets {
  readonly api: readonly string[];
  readonly consumer: readonly string[];
  readonly gate: readonly string[];
  readonly producer: readonly string[];
}

/** What the console shows, besides the config. */
export interface ConsoleSurroundings {
  /** The stack's name, as shown on the page. */
  readonly stack: string;
  readonly targets: ConsoleTargets;
  /** The table of problems that it judges by, which the alerts are made from too. */
  readonly problems: Readonly<Record<string, unknown>>;
}

/**
 * The environment of `apps/console`. It has no address of a server: the console reads the apps'
 * metrics only.
 */
export function consoleEnvironment(
  config: StackConfig,
  { stack, targets, problems }: ConsoleSurroundings,
  listen: Listen = {},
): Environment {
  return variables({
    ...common(config.logging.level, listen),
    NODE_OPTIONS: heap(config.console.memoryMiB, 2),
    // With single sign-on, only the proxy in the pod reaches it.
    CONSOLE_HOST: listen.host ?? (config.sso.issuer === undefined ? ANY_ADDRESS : '127.0.0.1'),
    CONSOLE_PORT: listen.port ?? config.console.port,
    CONSOLE_USER: config.console.user,
    CONSOLE_STACK: stack,
    CONSOLE_PROBLEMS: JSON.stringify(problems),
    QUEUE_KIND: config.queue.kind,
    STORE_KIND: config.store.kind,
    API_TARGETS: targets.api.join(','),
    CONSUMER_TARGETS: targets.consumer.join(','),
    GATE_TARGETS: targets.gate.join(','),
    PRODUCER_TARGETS: targets.producer.join(','),
  });
}

const topicsJob = (addresses: KafkaAddresses) => ({
  ...kafka(addresses),
  BROKERS_TIMEOUT_SECONDS,
  MOVES_TIMEOUT_SECONDS,
});

/**
 * The environment of `apps/topics`.
 *
 * @param brokerCount number of brokers, for the stack's own cluster: replicas are placed on ids
 * below it. Without it, they are placed on every broker that is registered
 */
export function topicsEnvironment(config: StackConfig, addresses: Addresses, brokerCount?: number): Environment {
  return variables({
    ...topicsJob(addresses),
    TOPICS: JSON.stringify(topicPlan(config)),
    BROKER_COUNT: brokerCount,
  });
}

/**
 * The environment of `apps/topics --empty`, which drains the brokers with ids from `brokerCount`
 * on.
 *
 * @param brokers the brokers themselves, `host:port`: no address means no broker
 */
export function emptyEnvironment(brokerCount: number, brokers: readonly string[]): Environment {
  return variables({ ...topicsJob({ kafkaBrokers: brokers }), BROKER_COUNT: brokerCount });
}

/** The broker beside a Kafka agent. */
export interface AgentSurroundings {
  /** Port of the broker's listener for other brokers. */
  readonly brokerPort: number;
  /** How long the agent delays a stopping broker until the others can do without it. */
  readonly stopWaitSeconds: number;
}

/** The environment of `apps/kafka-agent`, which shares the network of its broker's pod. */
export function agentEnvironment(
  { brokerPort, stopWaitSeconds }: AgentSurroundings,
  listen: Pick<Listen, 'metricsHost' | 'metricsPort'> = {},
): Environment {
  return variables({
    ...common(AGENT_LOG_LEVEL, listen),
    BROKER_HOST: '127.0.0.1',
    BROKER_PORT: brokerPort,
    STOP_WAIT_SECONDS: stopWaitSeconds,
  });
}
