// Which parts a stack has: the one place that decides, for the composition, the images, the network
// policies and the console.
import type { StackConfig } from '../../config/schema.ts';
import { hasOwnMongo } from '../../config/servers.ts';

/** Part of the stack config that decides. */
export type PartsConfig = Pick<
  StackConfig,
  'queue' | 'kafka' | 'redis' | 'store' | 'mongo' | 'producer' | 'console' | 'monitoring' | 'backup'
>;

/** A part is named after its pods. */
export type Part =
  | 'api'
  | 'consumer'
  | 'producer'
  | 'topics'
  | 'console'
  | 'gate'
  | 'kafka'
  | 'kafka-ui'
  | 'redis'
  | 'mongo'
  | 'backup'
  | 'redis-exporter'
  | 'mongo-exporter';

/** Parts that a stack has. An external server is not one of them. */
export function partsOf(config: PartsConfig): ReadonlySet<Part> {
  const { queue, kafka, redis, producer, console, monitoring, backup } = config;
  const usesKafka = queue.kind === 'kafka';
  const ownRedis = redis.external === undefined;
  const ownMongo = hasOwnMongo(config);
  const has: Readonly<Record<Part, boolean>> = {
    api: true,
    consumer: true,
    producer: producer.rate > 0,
    // An external Kafka gets its topics from the stack too.
    topics: usesKafka,
    console: console.enabled,
    gate: ownMongo,
    kafka: usesKafka && kafka.external === undefined,
    'kafka-ui': usesKafka && kafka.ui,
    redis: ownRedis,
    mongo: ownMongo,
    backup: backup.enabled && ownMongo,
    'redis-exporter': monitoring.enabled && ownRedis,
    'mongo-exporter': monitoring.enabled && ownMongo,
  };
  return new Set((Object.keys(has) as Part[]).filter((part) => has[part]));
}
