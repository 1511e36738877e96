// The config values that the guard keeps in the stack's state, so that the next change can be
// compared with them.
import type { StackConfig } from '../../config/schema.ts';

/**
 * The config values whose change may be refused, by their keys; a key that is not set is absent.
 */
export interface Guarded {
  readonly 'cluster:namespace': string;
  readonly 'cluster:storageClass'?: string;
  /** Absent elsewhere than on AWS. */
  readonly 'aws:region'?: string;
  readonly 'aws:zones'?: string;
  readonly 'aws:cidr'?: string;
  readonly 'api:port': number;
  readonly 'queue:kind': string;
  readonly 'queue:name': string;
  readonly 'kafka:brokers': number;
  readonly 'kafka:partitions': number;
  readonly 'kafka:version': string;
  readonly 'kafka:volumeGiB': number;
  readonly 'kafka:passwordVersion': number;
  readonly 'kafka:external'?: string;
  readonly 'kafka:managed'?: true;
  readonly 'sqs:queueUrl'?: string;
  readonly 'redis:volumeGiB': number;
  readonly 'redis:passwordVersion': number;
  readonly 'redis:external'?: string;
  readonly 'redis:managed'?: true;
  /** Absent with MongoDB, as in the state of earlier versions. */
  readonly 'store:kind'?: string;
  readonly 'mongo:volumeGiB': number;
  readonly 'mongo:passwordVersion': number;
  readonly 'mongo:external'?: string;
  readonly 'mysql:external'?: string;
  /** Absent unless the store is DynamoDB. */
  readonly 'dynamodb:table'?: string;
  readonly 'dynamodb:region'?: string;
  readonly 'dynamodb:endpoint'?: string;
  readonly 'backup:enabled': boolean;
  readonly 'backup:volumeGiB': number;
  readonly 'monitoring:enabled': boolean;
  readonly 'monitoring:volumeGiB': number;
  readonly 'monitoring:logVolumeGiB': number;
}

/** A key of the config that the guard looks at. */
export type GuardedKey = keyof Guarded;

/** The values of the config that the guard looks at. */
export function guardedValues(config: StackConfig): Guarded {
  const { cluster, aws, api, queue, kafka, sqs, redis, store, mongo, mysql, dynamodb, backup, monitoring } = config;
  return {
    'cluster:namespace': cluster.namespace,
    ...(cluster.storageClass !== undefined && { 'cluster:storageClass': cluster.storageClass }),
    ...(cluster.kind === 'eks' && { 'aws:region': aws.region!, 'aws:zones': aws.zones, 'aws:cidr': aws.cidr }),
    'api:port': api.port,
    'queue:kind': queue.kind,
    'queue:name': queue.name,
    'kafka:brokers': kafka.brokers,
    'kafka:partitions': kafka.partitions,
    'kafka:version': kafka.version,
    'kafka:volumeGiB': kafka.volumeGiB,
    'kafka:passwordVersion': kafka.passwordVersion,
    ...(kafka.managed
      ? { 'kafka:managed': true }
      : kafka.external !== undefined && { 'kafka:external': kafka.external }),
    ...(sqs.queueUrl !== undefined && { 'sqs:queueUrl': sqs.queueUrl }),
    'redis:volumeGiB': redis.volumeGiB,
    'redis:passwordVersion': redis.passwordVersion,
    ...(redis.managed
      ? { 'redis:managed': true }
      : redis.external !== undefined && { 'redis:external': redis.external }),
    ...(store.kind !== 'mongo' && { 'store:kind': store.kind }),
    'mongo:volumeGiB': mongo.volumeGiB,
    'mongo:passwordVersion': mongo.passwordVersion,
    ...(mongo.external !== undefined && { 'mongo:external': mongo.external }),
    ...(mysql.external !== undefined && { 'mysql:external': mysql.external }),
    ...(store.kind === 'dynamodb' && { 'dynamodb:table': dynamodb.table }),
    ...(dynamodb.region !== undefined && { 'dynamodb:region': dynamodb.region }),
    ...(dynamodb.endpoint !== undefined && { 'dynamodb:endpoint': dynamodb.endpoint }),
    'backup:enabled': backup.enabled,
    'backup:volumeGiB': backup.volumeGiB,
    'monitoring:enabled': monitoring.enabled,
    'monitoring:volumeGiB': monitoring.volumeGiB,
    'monitoring:logVolumeGiB': monitoring.logVolumeGiB,
  };
}
