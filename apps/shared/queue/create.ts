// The queue that the settings ask for.
import type { Logger } from '../logger.ts';
import { SettingsError } from '../settings.ts';
import { KAFKA_DURABILITY, SQS_DURABILITY } from './durability.ts';
import { type KafkaSettings, kafkaAddress } from './kafka/client.ts';
import { LazyQueue } from './lazy.ts';
import type { Queue } from './queue.ts';
import { RedisStreamsQueue } from './redis/queue.ts';

export interface QueueSettings extends KafkaSettings {
  QUEUE_KIND: Queue['kind'];
  QUEUE_NAME: string;
  QUEUE_GROUP: string;
  QUEUE_MAX_LENGTH: number;
  QUEUE_MAX_BYTES: number;
  KAFKA_BROKERS?: string[] | undefined;
  /** The consumer's: without both, it deletes nothing from Kafka. */
  KAFKA_RETENTION_HOURS?: number | undefined;
  KAFKA_RETENTION_MIB?: number | undefined;
  SQS_QUEUE_URL?: string | undefined;
  SQS_REGION?: string | undefined;
  SQS_ENDPOINT?: string | undefined;
  REDIS_URL: string;
  REDIS_PASSWORD?: string | undefined;
  REDIS_WAIT_REPLICAS?: number | undefined;
  CACHE_TTL_SECONDS?: number | undefined;
}

/**
 * Opens the queue; connects in the background.
 * @throws SettingsError when the kind lacks its addresses
 */
export function createQueue(settings: QueueSettings, logger: Logger): Queue {
  const common = {
    name: settings.QUEUE_NAME,
    group: settings.QUEUE_GROUP,
    maxLength: settings.QUEUE_MAX_LENGTH,
    maxBytes: settings.QUEUE_MAX_BYTES,
  };
  if (settings.QUEUE_KIND === 'kafka') {
    const { KAFKA_BROKERS: brokers } = settings;
    if (!brokers) throw new SettingsError('Bad settings:\n  KAFKA_BROKERS: is required when QUEUE_KIND is kafka');
    const retention = retentionOf(settings);
    const options = { ...common, ...kafkaAddress(brokers, settings), retention };
    return new LazyQueue('kafka', KAFKA_DURABILITY, async () => {
      const { KafkaQueue } = await import('./kafka/queue.ts');
      return new KafkaQueue(options, logger);
    });
  }
  const { REDIS_URL: url, REDIS_PASSWORD: password, REDIS_WAIT_REPLICAS: waitReplicas = 0 } = settings;
  if (settings.QUEUE_KIND === 'sqs') {
    const { SQS_QUEUE_URL: queueUrl, SQS_REGION: region, SQS_ENDPOINT: endpoint } = settings;
    if (!queueUrl || !region)
      throw new SettingsError('Bad settings:\n  SQS_QUEUE_URL, SQS_REGION: are required when QUEUE_KIND is sqs');
    const options = { ...common, queueUrl, region, endpoint, url, password };
    return new LazyQueue('sqs', SQS_DURABILITY, async () => {
      const { SqsQueue } = await import('./sqs/queue.ts');
      return new SqsQueue(options, logger);
    });
  }
  const { CACHE_TTL_SECONDS: cacheTtlSeconds = 600 } = settings;
  return new RedisStreamsQueue({ ...common, url, password, cacheTtlSeconds, waitReplicas }, logger);
}

function retentionOf({ KAFKA_RETENTION_HOURS: hours, KAFKA_RETENTION_MIB: mib }: QueueSettings) {
  if (hours === undefined || mib === undefined) return undefined;
  return { retentionMs: hours * 3_600_000, retentionBytes: mib * 1024 * 1024 };
}
