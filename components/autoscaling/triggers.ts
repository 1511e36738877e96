// What KEDA scales on: its triggers, made from the stack config. See https://keda.sh/docs/2.20/scalers/
import type { Addresses } from '../../config/environment.ts';
import type { StackConfig } from '../../config/schema.ts';

/** One trigger of a ScaledObject. KEDA takes numbers and booleans as texts. */
export interface Trigger {
  readonly type: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly metricType?: 'AverageValue' | 'Value';
}

/** Part of the stack config that the consumer's trigger is made from. */
export type QueueTriggerConfig = Pick<StackConfig, 'queue' | 'consumer'>;

/** KEDA's words for the ways in which Kafka checks passwords. */
const SASL = { PLAIN: 'plaintext', 'SCRAM-SHA-256': 'scram_sha256', 'SCRAM-SHA-512': 'scram_sha512' } as const;

/**
 * Version of Kafka's protocol that KEDA speaks; without one it takes 1.0.0, which Kafka 4 refuses. Every broker from 2.8 on
 * understands this one, so that an upgrade of the brokers is no change here.
 */
const KAFKA_PROTOCOL = '2.8.0';

/** Lag of the consumer group over all partitions. */
function kafkaTrigger({ queue, consumer }: QueueTriggerConfig, addresses: Addresses, login: boolean): Trigger {
  return {
    type: 'kafka',
    metricType: 'AverageValue',
    metadata: {
      bootstrapServers: addresses.kafkaBrokers.join(','),
      topic: queue.name,
      consumerGroup: queue.group,
      lagThreshold: String(consumer.lagPerReplica),
      // From zero at the first record.
      activationLagThreshold: '0',
      // As our consumer's: a group that has never committed has everything before it.
      offsetResetPolicy: 'earliest',
      // A consumer beyond the number of partitions would idle.
      allowIdleConsumers: 'false',
      version: KAFKA_PROTOCOL,
      sasl: login ? SASL[addresses.kafkaSaslMechanism ?? 'PLAIN'] : 'none',
      tls: addresses.kafkaTls ? 'enable' : 'disable',
    },
  };
}

/**
 * Length of the stream: entries leave it as they are acknowledged, so it is the lag, and counts what a dead consumer left
 * pending. Naming the consumer group would make KEDA count something else. One entry is enough to start from zero.
 */
function redisStreamsTrigger({ queue, consumer }: QueueTriggerConfig, addresses: Addresses): Trigger {
  const { protocol, host } = new URL(addresses.redisUrl);
  return {
    type: 'redis-streams',
    metricType: 'AverageValue',
    metadata: {
      address: host,
      stream: queue.name,
      streamLength: String(consumer.lagPerReplica),
      enableTLS: String(protocol === 'rediss:'),
    },
  };
}

/** What the consumers are scaled on. @param login whether the queue's server asks for a user and password */
export function queueTrigger(config: QueueTriggerConfig, addresses: Addresses, login: boolean): Trigger {
  return config.queue.kind === 'kafka'
    ? kafkaTrigger(config, addresses, login)
    : redisStreamsTrigger(config, addresses);
}

const REQUESTS = 'breakwater_http_request_duration_seconds';
/** Answers that cost nothing, such as a 503 of an overloaded pod, would make it look fast. */
const SERVED = '{app="api",status!~"5.."}';

/**
 * p95 latency of the API over the last minute, seconds. No requests are a latency of 0; no numbers at all are an error, on which
 * the pods stay as many as they are.
 */
const LATENCY_QUERY = [
  `(histogram_quantile(0.95, sum by (le) (rate(${REQUESTS}_bucket${SERVED}[1m]))) >= 0)`,
  `(0 * sum(rate(${REQUESTS}_count{app="api"}[1m])))`,
].join(' or ');

/** What the API is scaled on with `hpa:metric latency`. @param prometheus address of Prometheus, `http://host:port` */
export const latencyTrigger = ({ hpa }: Pick<StackConfig, 'hpa'>, prometheus: string): Trigger => ({
  type: 'prometheus',
  // The latency is the whole API's: not to be divided by the number of pods.
  metricType: 'Value',
  metadata: {
    serverAddress: prometheus,
    query: LATENCY_QUERY,
    threshold: String(hpa.targetLatencyMs / 1000),
    ignoreNullValues: 'false',
  },
});
