// Config of the servers behind the apps: the queue, Kafka, Redis, MongoDB, and the gate in front of
// it.
import { z } from 'zod';
import { HOST_NAME, oneOf, optionalText, secretText, textOr, toggle, volumeGiB, wholeNumber } from '../keys.ts';

const portRange = { min: 1, max: 65_535 };

const rollsClients = 'Rolls the pods that use it. Data stays.';
const nextLocalStart = 'Local run only: takes effect at its next start. Data stays.';
const drainFirst =
  'Refused while the old queue holds records: let it drain first, because waiting records are not moved.';

const passwordVersion = (rolls: string) =>
  wholeNumber({
    min: 1,
    max: 1_000_000,
    default: 1,
    description:
      'Raise it by one to rotate the password. A new one is generated; the previous one stays valid until the next rotation.',
    change: `${rolls} The previous password stays valid meanwhile, so that no client is refused. Data stays. Refused when it decreases or skips a number.`,
  });

const external = (options: { pattern: RegExp; allowed: string; what: string }) =>
  optionalText({
    pattern: options.pattern,
    allowed: options.allowed,
    description: `${options.what}, such as a managed one. The stack then runs none of its own.`,
    change:
      'Refused while the queue holds records. Removes the server in the cluster and rolls the pods that use it. Stored data is not moved: it stays on its volume until you delete the claim.',
  });

const managed = (service: string, server: 'Kafka' | 'Redis') =>
  toggle({
    default: false,
    description: `Whether ${service}, takes the place of ${server} in the cluster, with \`cluster:kind eks\`. Its size is in \`aws:*\`.`,
    change: `Refused while the queue holds records. Removes ${server} from the cluster and rolls the pods that use it. Data is not moved: it stays on its volumes until you delete the claims.`,
  });

const username = (server: string) =>
  optionalText({
    pattern: /^\S+$/,
    allowed: 'a user name',
    description: `User name for an external ${server}.`,
    change: rollsClients,
  });

const password = (server: string) =>
  secretText({
    description: `Password for an external ${server}. Set it with \`--secret\`.`,
    change: rollsClients,
  });

/** `queue:*` */
export const queueSchema = z.object({
  kind: oneOf(['kafka', 'redis-streams', 'sqs'], {
    default: 'kafka',
    description:
      'What holds accepted records until they are stored. `sqs` is a standard queue of AWS; Redis then holds the counts, and the dead letters with a copy in a second queue.',
    change: `Replaces the queue and rolls the API, consumer, producer and console pods. ${drainFirst}`,
  }),
  name: textOr('posts', {
    pattern: /^[a-z0-9][a-z0-9-]{0,99}$/,
    allowed: 'lower-case letters, digits and hyphens, at most 100',
    description: 'Name of the topic or stream. Dead letters go to `<name>.dlq`.',
    change: `Rolls the API, consumer and producer pods onto a new, empty queue. ${drainFirst}`,
  }),
  group: textOr('store', {
    pattern: /^[a-z0-9][a-z0-9-]{0,99}$/,
    allowed: 'lower-case letters, digits and hyphens, at most 100',
    description: 'Name of the consumer group.',
    change:
      'Rolls the API, consumer and producer pods. The new group starts at the oldest record. Storing a record again is harmless, because `_id` makes it idempotent.',
  }),
  maxLength: wholeNumber({
    min: 1_000,
    max: 100_000_000,
    default: 1_000_000, // take about half of the default redis:memoryMiB
    unit: 'records',
    description: 'Number of accepted, not yet stored records at which the API answers 503 instead of accepting more.',
    change: 'Rolls the API, consumer and producer pods. Records above a lowered limit stay and are stored.',
  }),
  maxBytes: wholeNumber({
    min: 16_777_216,
    max: 1_099_511_627_776,
    default: 1_073_741_824, // holds queue:maxLength records of the default size
    unit: 'bytes',
    description:
      'Size of the accepted, not yet stored records, dead letters included, at which the API answers 503 instead of accepting more.',
    change: 'Rolls the API, consumer and producer pods. Records above a lowered limit stay and are stored.',
  }),
});

/** `kafka:*` */
export const kafkaSchema = z.object({
  brokers: wholeNumber({
    min: 1,
    max: 30,
    default: 3,
    unit: 'brokers',
    description: 'Number of brokers. The first three are also the controllers; the others are brokers only.',
    change:
      'In place: partitions are spread onto new brokers, and a removed broker is drained first. Refused below `kafka:replicationFactor` and below 3 controllers.',
  }),
  partitions: wholeNumber({
    min: 1,
    max: 1_000,
    default: 3,
    unit: 'partitions',
    description: 'Number of partitions of the topic. It limits how many consumers can work at once.',
    change: 'In place when it grows. Refused when it shrinks: Kafka cannot do that without losing records.',
  }),
  replicationFactor: wholeNumber({
    min: 1,
    max: 7,
    default: 3,
    unit: 'replicas',
    description: 'Number of replicas of each partition, each on a different broker.',
    change: 'In place: the topics job adds or removes replicas while the topic is in use. Records stay.',
  }),
  minInsyncReplicas: wholeNumber({
    min: 1,
    max: 7,
    default: 2, // one of three brokers may fail
    unit: 'replicas',
    description: 'Number of replicas that must have a record before it counts as accepted.',
    change: 'In place, by the topics job. Records stay.',
  }),
  retentionHours: wholeNumber({
    min: 1,
    max: 8_760,
    default: 168, // as Kafka itself
    unit: 'h',
    description:
      'How long a stored record stays in Kafka, so that other consumer groups can read it, unless `kafka:retentionMiB` is reached before. The consumers delete it afterwards; a record that is not stored stays.',
    change: 'Rolls the consumer pods. Lowering it deletes older records that are stored.',
  }),
  retentionMiB: wholeNumber({
    min: 64,
    max: 1_048_576,
    default: 4_096,
    unit: 'MiB per partition',
    description:
      'How much of a partition its stored records may take, so that they cannot fill the volume. It wins over `kafka:retentionHours`: above it the oldest are deleted, however new they are, and the consumers log a warning. A record that is not stored stays.',
    change: 'Rolls the consumer pods and runs the topics job. Lowering it deletes the oldest stored records above it.',
  }),
  version: textOr('4.3.1', {
    pattern: /^[4-9]\.\d+\.\d+$/,
    allowed: 'a version from 4.0.0, such as 4.3.1',
    description: 'Version of Apache Kafka.',
    change:
      'Rolls the brokers one by one; data stays. Refused when it goes down. Finalizing the feature level is a separate step.',
  }),
  heapMiB: wholeNumber({
    min: 256,
    max: 65_536,
    default: 512,
    unit: 'MiB',
    description: 'Java heap of each broker.',
    change: 'Rolls the brokers one by one. Data stays.',
  }),
  volumeGiB: volumeGiB(32, 'the volume of each broker'),
  passwordVersion: passwordVersion('Rolls the brokers one by one, then the pods that use Kafka.'),
  nodePort: wholeNumber({
    min: 30_000,
    max: 32_767,
    default: 0,
    or: { value: 0, meaning: 'not reachable' },
    description:
      'Port of every node that leads to the first broker from outside the cluster; the other brokers take the ports after it. With k3d they are ports of this machine too, on `cluster:hostAddress`. Clients log in; nothing is encrypted.',
    change:
      'Rolls the brokers one by one. With k3d, the load balancer is replaced too, and again whenever `kafka:brokers` changes: connections break briefly. Data stays.',
  }),
  advertisedHost: optionalText({
    ...HOST_NAME,
    description:
      'Host name or address by which clients outside the cluster reach `kafka:nodePort`: the brokers tell it to them. Required with `cluster:kind kubeconfig`; with k3d, 127.0.0.1 unless it is set.',
    change: 'Rolls the brokers one by one: clients outside must use the new name. Data stays.',
  }),
  ui: toggle({
    default: true,
    description: 'Whether a web UI for Kafka runs in the cluster.',
    change: 'Creates or deletes the web UI. Kafka is not touched.',
  }),
  uiHost: textOr('kafka.localhost', {
    ...HOST_NAME,
    description:
      "Host name under which the ingress serves Kafka's web UI, with `sso:issuer`. It has no login of its own: without single sign-on it is in no ingress.",
    change: 'Rolls the web UI, whose login must know its name. The ingress answers to the new name only.',
  }),
  external: external({
    pattern: /^[A-Za-z0-9.-]+:\d+(,[A-Za-z0-9.-]+:\d+)*$/,
    allowed: 'host:port, several separated by commas',
    what: 'Bootstrap brokers of an external Kafka',
  }),
  managed: managed('MSK, with SCRAM and TLS', 'Kafka'),
  username: username('Kafka'),
  password: password('Kafka'),
  saslMechanism: oneOf(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'], {
    default: 'PLAIN',
    description: 'How an external Kafka checks the password. Used only with `kafka:external`.',
    change: rollsClients,
  }),
  tls: toggle({
    default: false,
    description: 'Whether an external Kafka is reached over TLS.',
    change: rollsClients,
  }),
  port: wholeNumber({
    ...portRange,
    default: 9092,
    description: 'Port of the first broker in the local run. The others take the ports after it.',
    change: nextLocalStart,
  }),
});

/** `sqs:*` */
export const sqsSchema = z.object({
  queueUrl: optionalText({
    pattern: /^https?:\/\/[A-Za-z0-9.-]+(:\d+)?\/\S+$/,
    allowed: 'the URL of a queue, such as https://sqs.eu-west-1.amazonaws.com/123456789012/posts',
    description:
      'A standard queue of SQS, with `queue:kind sqs`: no redrive policy, and a retention of 14 days. A second one of the same name with `-dlq` must be beside it, for the dead letters. Credentials come from where the pod runs, such as EKS Pod Identity.',
    change: `Rolls the pods that use it onto the other queue. ${drainFirst}`,
  }),
  region: optionalText({
    pattern: /^[a-z0-9-]+$/,
    allowed: 'a region, such as eu-west-1',
    description: 'Region of the queue. Required where `sqs:queueUrl` does not name it.',
    change: rollsClients,
  }),
  endpoint: optionalText({
    pattern: /^https?:\/\/[A-Za-z0-9.-]+(:\d+)?$/,
    allowed: 'http://host:port or https://host',
    description: 'Address of SQS, for an emulator or a VPC endpoint. Default: that of the region.',
    change: rollsClients,
  }),
});

const replacesRedis =
  'Replaces the Redis pod: a short interruption, answered with 503. The data is restored from the append-only file.';

/** `redis:*` */
export const redisSchema = z.object({
  memoryMiB: wholeNumber({
    min: 64,
    max: 1_048_576,
    default: 2_048,
    unit: 'MiB',
    description:
      'Memory for the data in Redis. It must hold every record that is not yet stored, whatever the queue; the rest caches stored records.',
    change: replacesRedis,
  }),
  appendFsync: oneOf(['everysec', 'always'], {
    default: 'always',
    description:
      'When Redis flushes its append-only file to disk. `always` flushes before it answers, so that neither a killed process nor a power loss loses an accepted record. `everysec` can lose the last second at a power loss, and up to two seconds when a process is killed while the disk is slow.',
    change: replacesRedis,
  }),
  volumeGiB: volumeGiB(16, 'the volume for the append-only file'),
  passwordVersion: passwordVersion('Replaces the Redis pod, then rolls the pods that use Redis.'),
  external: external({
    pattern: /^rediss?:\/\/[A-Za-z0-9.-]+:\d+$/,
    allowed: 'redis://host:port, or rediss:// for TLS',
    what: 'Address of an external Redis',
  }),
  managed: managed(
    'ElastiCache for Valkey, which keeps its data in memory only: the cache, and never the queue',
    'Redis',
  ),
  waitReplicas: wholeNumber({
    min: 0,
    max: 5,
    default: 0,
    unit: 'replicas',
    description:
      "Number of replicas of an external Redis that must have a record before it counts as accepted, with `queue:kind redis-streams`. At 0, a failover loses what the new primary had not received yet. Set it to the number of replicas that may become the primary, and Redis' own `min-replicas-to-write` as well: writes are then refused while replicas are missing, instead of ending as unknown.",
    change: rollsClients,
  }),
  password: password('Redis'),
  port: wholeNumber({
    ...portRange,
    default: 6379,
    description: 'Port of Redis in the local run.',
    change: nextLocalStart,
  }),
});

const replacesMongo = 'Replaces the MongoDB pod: consumers wait and the lag grows meanwhile. Data stays on its volume.';

/** `mongo:*` */
export const mongoSchema = z.object({
  iops: wholeNumber({
    min: 10,
    max: 1_000_000,
    default: 100, // the disk that the stack is built for
    or: { value: 0, meaning: 'no limit' },
    unit: 'operations/s',
    description:
      'Operations per second that the gate lets through to MongoDB. A command costs 1, plus 1 for each further 256 KiB.',
    change: 'Rolls the gate: connections to MongoDB break and are retried. Data stays.',
  }),
  writesPerSecond: wholeNumber({
    min: 1,
    max: 1_000_000,
    default: 80, // leaves a fifth of the operations for reads
    or: { value: 0, meaning: 'no limit' },
    unit: 'commands/s',
    description:
      'Write commands per second that all consumers together may send. The rest of `mongo:iops` is for reads.',
    change: 'Rolls the consumer pods. Unacknowledged records are delivered again; none is lost.',
  }),
  memoryMiB: wholeNumber({
    min: 400,
    max: 1_048_576,
    default: 500,
    unit: 'MiB',
    description: 'Memory limit of MongoDB.',
    change: replacesMongo,
  }),
  cacheMiB: wholeNumber({
    min: 256, // the least that MongoDB accepts
    max: 1_048_576,
    default: 256,
    unit: 'MiB',
    description: 'Size of the WiredTiger cache.',
    change: replacesMongo,
  }),
  tickets: wholeNumber({
    min: 5,
    max: 1_024,
    default: 10,
    unit: 'operations',
    description:
      'Number of reads, and of writes, that WiredTiger executes at once; the others wait for a ticket. Keep it small, because each takes memory.',
    change: replacesMongo,
  }),
  volumeGiB: volumeGiB(16, 'the volume of MongoDB'),
  auth: toggle({
    default: true,
    description:
      'Whether MongoDB requires a user and a password. Turn it off only for an engine that has no authentication (the embedded one); then only the network policy restricts access.',
    change: 'Replaces the MongoDB pod, then rolls the pods that use MongoDB. Data stays.',
  }),
  passwordVersion: passwordVersion('Replaces the MongoDB pod, then rolls the pods that use MongoDB.'),
  external: external({
    pattern: /^mongodb(\+srv)?:\/\/[A-Za-z0-9.,:-]+\/[A-Za-z0-9_-]+(\?\S*)?$/,
    allowed: 'mongodb://host:port/database or mongodb+srv://host/database, without user and password',
    what: 'Address and database of an external MongoDB',
  }),
  username: username('MongoDB'),
  password: password('MongoDB'),
  port: wholeNumber({
    ...portRange,
    default: 27_017,
    description: 'Port of MongoDB itself in the local run. Every client connects through `gate:port` instead.',
    change: nextLocalStart,
  }),
});

/** `gate:*` */
export const gateSchema = z.object({
  port: wholeNumber({
    ...portRange,
    default: 27_018,
    description: 'Port of the gate, through which every client reaches MongoDB.',
    change: 'Rolls the gate and the API and consumer pods. Data stays.',
  }),
});
