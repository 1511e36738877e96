// What each app is told: its environment variables, from the stack config and the servers' addresses.
// One place for the local run and the Pulumi program, so that both start the same apps alike.
import type { StackConfig } from './schema.ts';
import { topicPlan } from './topics.ts';

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string>>;

/** Where the servers are, as the app sees them. */
export interface Addresses {
  /** Kafka's bootstrap brokers, `host:port`. Used with `queue:kind kafka` only. */
  readonly kafkaBrokers: readonly string[];
  /** How Kafka checks passwords. @default PLAIN */
  readonly kafkaSaslMechanism?: StackConfig['kafka']['saslMechanism'];
  /** Whether Kafka is reached over TLS. @default false */
  readonly kafkaTls?: boolean;
  /** `redis://host:port` */
  readonly redisUrl: string;
  /** MongoDB through the gate, with the database: `mongodb://host:port/breakwater`. */
  readonly mongoUrl: string;
  /** MongoDB itself, `host:port`; the gate alone goes there. None where MongoDB is external: then there is no gate. */
  readonly mongoUpstream?: string;
  /** The gate's metrics, for the API's statistics; without it they lack MongoDB's operations. */
  readonly gateMetricsUrl?: string;
}

/** Where an app listens. Ports come from the config where not given; 0 takes a free one. */
export interface Listen {
  /** Address of the app's own port. Default: all. */
  readonly host?: string;
  /** The app's own port. Default: from the config. */
  readonly port?: number;
  /** Address of the metrics server. Default: the app's own default, all. */
  readonly metricsHost?: string;
  /** Port of the metrics server. Default: the app's own default, 9464. */
  readonly metricsPort?: number;
}

/** Drops what is not given, and turns the rest into text. */
function variables(values: Readonly<Record<string, string | number | undefined>>): Environment {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [name, String(value)]));
}

const common = (config: StackConfig, listen: Listen) => ({
  LOG_LEVEL: config.logging.level,
  METRICS_HOST: listen.metricsHost,
  METRICS_PORT: listen.metricsPort,
});

/**
 * V8 options that keep a Node process within its memory: the old generation gets a bit more than half; buffers, code and
 * stacks live outside the heap, and the young generation is three semi-spaces. A larger one collects less: 32 MiB instead
 * of 16 gave the API a fifth more requests a second (`docs/results.md`).
 */
const heap = (memoryMiB: number, semiSpaceMiB: number): string =>
  `--max-old-space-size=${Math.floor(memoryMiB * 0.55)} --max-semi-space-size=${semiSpaceMiB}`;

const kafka = ({ kafkaBrokers, kafkaSaslMechanism, kafkaTls }: Addresses) => ({
  KAFKA_BROKERS: kafkaBrokers.join(','),
  KAFKA_SASL_MECHANISM: kafkaSaslMechanism,
  KAFKA_TLS: kafkaTls ? 'true' : undefined,
});

const queue = ({ queue: { kind, name, group, maxLength } }: StackConfig, addresses: Addresses) => ({
  QUEUE_KIND: kind,
  QUEUE_NAME: name,
  QUEUE_GROUP: group,
  QUEUE_MAX_LENGTH: maxLength,
  ...(kind === 'kafka' && kafka(addresses)),
  REDIS_URL: addresses.redisUrl,
});

/** The environment of `apps/api`. */
export function apiEnvironment(config: StackConfig, addresses: Addresses, listen: Listen = {}): Environment {
  const { api } = config;
  return variables({
    ...common(config, listen),
    ...queue(config, addresses),
    NODE_OPTIONS: heap(api.memoryMiB / api.workers, 32),
    MONGO_URL: addresses.mongoUrl,
    GATE_METRICS_URL: addresses.gateMetricsUrl,
    API_HOST: listen.host ?? '0.0.0.0',
    API_PORT: listen.port ?? api.port,
    API_WORKERS: api.workers,
    API_MAX_EVENT_LOOP_DELAY_MS: api.maxEventLoopDelayMs,
    API_MAX_WAIT_MS: api.maxWaitMs,
    API_BODY_LIMIT_KIB: api.bodyLimitKiB,
    API_REQUEST_TIMEOUT_MS: api.requestTimeoutMs,
    API_CATALOGUE_SIZE: api.catalogueSize,
    API_ZIPF_EXPONENT: api.zipfExponent,
    PAYLOAD_CHARS: api.payloadChars,
    CACHE_TTL_SECONDS: api.cacheTtlSeconds,
  });
}

/** The environment of `apps/consumer`, and of the dead-letter command. */
export function consumerEnvironment(config: StackConfig, addresses: Addresses, listen: Listen = {}): Environment {
  const { consumer } = config;
  return variables({
    ...common(config, listen),
    ...queue(config, addresses),
    NODE_OPTIONS: heap(consumer.memoryMiB, 8),
    MONGO_URL: addresses.mongoUrl,
    MONGO_WRITES_PER_SECOND: config.mongo.writesPerSecond,
    CONSUMER_BATCH_SIZE: consumer.batchSize,
    CONSUMER_BATCH_BYTES: consumer.batchBytes,
    CONSUMER_FLUSH_INTERVAL_MS: consumer.flushIntervalMs,
    CONSUMER_WORK_MS: consumer.workMs,
    CACHE_TTL_SECONDS: config.api.cacheTtlSeconds,
  });
}

/** The environment of `apps/gate`. */
export function gateEnvironment(config: StackConfig, addresses: Addresses, listen: Listen = {}): Environment {
  return variables({
    ...common(config, listen),
    GATE_HOST: listen.host ?? '0.0.0.0',
    GATE_PORT: listen.port ?? config.gate.port,
    GATE_UPSTREAM: addresses.mongoUpstream,
    MONGO_IOPS: config.mongo.iops,
  });
}

/** The environment of `apps/producer`. */
export function producerEnvironment(config: StackConfig, addresses: Addresses, listen: Listen = {}): Environment {
  return variables({
    ...common(config, listen),
    ...queue(config, addresses),
    PRODUCER_RATE: config.producer.rate,
    PAYLOAD_CHARS: config.api.payloadChars,
  });
}

/** Where the console finds each app's metrics: `host:port`, where a name stands for all of its addresses. */
export interface ConsoleTargets {
  readonly api: readonly string[];
  readonly consumer: readonly string[];
  readonly gate: readonly string[];
  readonly producer: readonly string[];
}

/** What the console is told besides the config. */
export interface ConsoleSurroundings {
  /** The stack's name, as the page shows it. */
  readonly stack: string;
  readonly targets: ConsoleTargets;
  /** The table of problems that it judges by, which the alerts are made from too. */
  readonly problems: Readonly<Record<string, unknown>>;
}

/** The environment of `apps/console`. It needs no server's address: all its numbers come from the apps. */
export function consoleEnvironment(
  config: StackConfig,
  { stack, targets, problems }: ConsoleSurroundings,
  listen: Listen = {},
): Environment {
  return variables({
    ...common(config, listen),
    NODE_OPTIONS: heap(config.console.memoryMiB, 2),
    CONSOLE_HOST: listen.host ?? '0.0.0.0',
    CONSOLE_PORT: listen.port ?? config.console.port,
    CONSOLE_USER: config.console.user,
    CONSOLE_STACK: stack,
    CONSOLE_PROBLEMS: JSON.stringify(problems),
    QUEUE_KIND: config.queue.kind,
    API_TARGETS: targets.api.join(','),
    CONSUMER_TARGETS: targets.consumer.join(','),
    GATE_TARGETS: targets.gate.join(','),
    PRODUCER_TARGETS: targets.producer.join(','),
  });
}

/**
 * The environment of `apps/topics`.
 *
 * @param brokerCount brokers of a cluster that is ours to size: replicas lie on ids below it. Not given: on whoever is there
 */
export function topicsEnvironment(config: StackConfig, addresses: Addresses, brokerCount?: number): Environment {
  return variables({ ...kafka(addresses), TOPICS: JSON.stringify(topicPlan(config)), BROKER_COUNT: brokerCount });
}

/** The environment of `apps/topics --empty`. @param brokers the brokers themselves: they have addresses if they are there */
export function emptyEnvironment(brokerCount: number, brokers: readonly string[]): Environment {
  return variables({ KAFKA_BROKERS: brokers.join(','), BROKER_COUNT: brokerCount });
}
