// The queue that the settings ask for.
import type { Logger } from '../logger.ts';
import type { Queue } from './queue.ts';
import { createRedisStreamsQueue } from './redis-streams.ts';

export interface QueueSettings {
  QUEUE_KIND: 'kafka' | 'redis-streams';
  QUEUE_NAME: string;
  QUEUE_GROUP: string;
  QUEUE_MAX_LENGTH: number;
  KAFKA_BROKERS?: string[] | undefined;
  KAFKA_USERNAME?: string | undefined;
  KAFKA_PASSWORD?: string | undefined;
  REDIS_URL: string;
  REDIS_PASSWORD?: string | undefined;
  CACHE_TTL_SECONDS?: number | undefined;
}

/** Opens the queue; connects in the background. @throws SettingsError when Kafka is asked for without brokers */
export function createQueue(settings: QueueSettings, logger: Logger): Queue {
  return createRedisStreamsQueue(
    {
      url: settings.REDIS_URL,
      password: settings.REDIS_PASSWORD,
      name: settings.QUEUE_NAME,
      group: settings.QUEUE_GROUP,
      maxLength: settings.QUEUE_MAX_LENGTH,
      cacheTtlSeconds: settings.CACHE_TTL_SECONDS ?? 600,
    },
    logger,
  );
}
