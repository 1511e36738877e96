// KEDA's triggers, made from the stack config. See https://keda.sh/docs/2.20/scalers/
import type { Input } from '@pulumi/pulumi';
import type { Addresses } from '../../config/environment.ts';
import type { StackConfig } from '../../config/schema.ts';

/** One trigger of a ScaledObject. KEDA expects numbers and booleans as strings. */
export interface Trigger {
  readonly type: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly metricType?: 'AverageValue' | 'Utilization' | 'Value';
  /** The TriggerAuthentication that has the login. @default none */
  readonly authenticationRef?: Authentication;
}

/** Names a TriggerAuthentication. */
export interface Authentication {
  readonly name: Input<string>;
}

/** Part of the stack config that the consumers' triggers are made from. */
export type QueueTriggerConfig = Pick<StackConfig, 'queue' | 'consumer'>;

/** KEDA's names of the SASL mechanisms. */
const SASL = { PLAIN: 'plaintext', 'SCRAM-SHA-256': 'scram_sha256', 'SCRAM-SHA-512': 'scram_sha512' } as const;

/**
 * Version of Kafka's protocol that KEDA uses. The default is 1.0.0, which Kafka 4 refuses. Every
 * broker since 2.8 supports this one, so that an upgrade of the brokers changes nothing here.
 */
const KAFKA_PROTOCOL = '2.8.0';

/** Lag of the consumer group over all partitions. */
function kafkaTrigger({ queue, consumer }: QueueTriggerConfig, addresses: Addresses, hasLogin: boolean): Trigger {
  return {
    type: 'kafka',
    metricType: 'AverageValue',
    metadata: {
      bootstrapServers: addresses.kafkaBrokers.join(','),
      topic: queue.name,
      consumerGroup: queue.group,
      lagThreshold: String(consumer.lagPerReplica),
      // The first record is enough to scale up from zero.
      activationLagThreshold: '0',
      // The same as our consumer's: a group without commits starts with the oldest record.
      offsetResetPolicy: 'earliest',
      // A consumer beyond the number of partitions would idle.
      allowIdleConsumers: 'false',
      version: KAFKA_PROTOCOL,
      sasl: hasLogin ? SASL[addresses.kafkaSaslMechanism ?? 'PLAIN'] : 'none',
      tls: addresses.kafkaTls ? 'enable' : 'disable',
    },
  };
}

/**
 * Lag in records, as the API reports it. While its queue does not answer, the lag is null there,
 * which is an error for KEDA: the number of consumers stays as it is.
 */
function statsTrigger({ consumer }: QueueTriggerConfig, api: string): Trigger {
  return {
    type: 'metrics-api',
    metricType: 'AverageValue',
    metadata: {
      url: `${api}/api/stats`,
      valueLocation: 'lag',
      targetValue: String(consumer.lagPerReplica),
      // The first record is enough to scale up from zero.
      activationTargetValue: '0',
    },
  };
}

/**
 * Length of the stream. Entries leave the stream when they are acknowledged, so it is empty when
 * nothing waits, and includes what a dead consumer left pending. An entry is a group of records: by
 * itself, the length would ask for too few consumers, and never for too many. With the name of a
 * consumer group, KEDA would count something else. One entry is enough to scale up from zero.
 */
function redisStreamsTrigger({ queue, consumer }: QueueTriggerConfig, addresses: Addresses): Trigger {
  const { protocol, host } = new URL(addresses.redisUrl);
  return {
    type: 'redis-streams',
    metricType: 'AverageValue',
    metadata: {
      address: host,
      stream: `${queue.name}:groups`,
      streamLength: String(consumer.lagPerReplica),
      enableTLS: String(protocol === 'rediss:'),
    },
  };
}

/**
 * Scales the consumers: as many as the largest of the triggers asks for.
 * @param api address of the API, `http://host:port`. Not read with Kafka
 * @param authenticationRef the login of the queue's server; undefined if it has no authentication
 */
export function queueTriggers(
  config: QueueTriggerConfig,
  addresses: Addresses,
  api: string,
  authenticationRef: Authentication | undefined,
): readonly Trigger[] {
  const login = authenticationRef && { authenticationRef };
  switch (config.queue.kind) {
    case 'kafka':
      return [{ ...kafkaTrigger(config, addresses, login !== undefined), ...login }];
    case 'redis-streams':
      // The stream wakes the first consumer, and keeps consumers running, also while the API is
      // away.
      return [statsTrigger(config, api), { ...redisStreamsTrigger(config, addresses), ...login }];
    case 'sqs':
      // The API compares the lag with what SQS has, so KEDA needs no credentials of AWS.
      return [statsTrigger(config, api)];
  }
}

const REQUESTS = 'breakwater_http_request_duration_seconds';
/** Without 5xx: the fast 503 of an overloaded pod would make the API look fast. */
const SERVED = '{app="api",status!~"5.."}';

/**
 * p95 latency of the API over the last minute, seconds. It is 0 without requests. Without metrics
 * the query returns nothing, which KEDA treats as an error: the number of pods stays as it is.
 */
const LATENCY_QUERY = [
  `(histogram_quantile(0.95, sum by (le) (rate(${REQUESTS}_bucket${SERVED}[1m]))) >= 0)`,
  `(0 * sum(rate(${REQUESTS}_count{app="api"}[1m])))`,
].join(' or ');

/**
 * Scales the API by the latency that users see.
 * @param prometheus address of Prometheus, `http://host:port`
 */
export const latencyTrigger = ({ hpa }: Pick<StackConfig, 'hpa'>, prometheus: string): Trigger => ({
  type: 'prometheus',
  // The latency is that of the whole API: `AverageValue` would divide it by the number of pods.
  metricType: 'Value',
  metadata: {
    serverAddress: prometheus,
    query: LATENCY_QUERY,
    threshold: String(hpa.targetLatencyMs / 1000),
    ignoreNullValues: 'false',
  },
});

/** Scales the API by its CPU, as the HPA of `hpa:metric cpu` does. */
export const cpuTrigger = ({ hpa }: Pick<StackConfig, 'hpa'>): Trigger => ({
  type: 'cpu',
  metricType: 'Utilization',
  metadata: { value: String(hpa.targetCpuPercent) },
});
