// Config of the servers behind the apps: the queue, Kafka, Redis, MongoDB and the gate before it.
import { z } from 'zod';
import { oneOf, optionalText, secretText, textOr, toggle, wholeNumber } from '../keys.ts';

const portRange = { min: 1, max: 65_535 };

const volume = (fallback: number, whose: string) =>
  wholeNumber({
    min: 1,
    max: 65_536,
    default: fallback,
    unit: 'GiB',
    description: `Size of ${whose}.`,
    change: 'Refused while the stack is up: a volume cannot shrink, and not every storage class can grow one.',
  });

const passwordVersion = (rolls: string) =>
  wholeNumber({
    min: 1,
    max: 1_000_000,
    default: 1,
    description:
      'Raise it by one to rotate the password: a new one is made, and the one before stays valid until the next rotation.',
    change: `${rolls} The one before stays valid meanwhile, so that nobody is turned away. Data stays. Refused when it goes down or skips one.`,
  });

const external = (options: { pattern: RegExp; allowed: string; whose: string }) =>
  optionalText({
    pattern: options.pattern,
    allowed: options.allowed,
    description: `${options.whose} outside the cluster, a managed one for example. The stack then has none of its own.`,
    change:
      'Refused while the queue holds records. Removes the one in the cluster and rolls the pods that use it. Stored data is not moved: it stays on its volume until you delete the claim.',
  });

const username = (whose: string) =>
  optionalText({
    pattern: /^\S+$/,
    allowed: 'a user name',
    description: `User of ${whose} outside the cluster.`,
    change: 'Rolls the pods that use it. Data stays.',
  });

const password = (whose: string) =>
  secretText({
    description: `Password of ${whose} outside the cluster. Set it with \`--secret\`.`,
    change: 'Rolls the pods that use it. Data stays.',
  });

const tls = (whose: string) =>
  toggle({
    default: false,
    description: `Whether ${whose} outside the cluster is reached over TLS.`,
    change: 'Rolls the pods that use it. Data stays.',
  });

/** `queue:*` */
export const queueSchema = z.object({
  kind: oneOf(['kafka', 'redis-streams'], {
    default: 'kafka',
    description: 'What holds accepted records until they are stored.',
    change:
      'Replaces the queue and rolls the API, consumer, producer and console pods. Refused while the old queue holds records: let it drain first, its lag is not moved.',
  }),
  name: textOr('posts', {
    pattern: /^[a-z0-9][a-z0-9-]{0,99}$/,
    allowed: 'lower-case letters, digits and hyphens, at most 100',
    description: 'The topic or stream. Dead letters go to `<name>.dlq`.',
    change:
      'Rolls the API, consumer and producer pods onto a new, empty queue. Refused while the old queue holds records: let it drain first, its lag is not moved.',
  }),
  group: textOr('store', {
    pattern: /^[a-z0-9][a-z0-9-]{0,99}$/,
    allowed: 'lower-case letters, digits and hyphens, at most 100',
    description: 'The consumer group.',
    change:
      'Rolls the API, consumer and producer pods. The new group starts at the oldest record; storing again is harmless, since `_id` makes it idempotent.',
  }),
  maxLength: wholeNumber({
    min: 1_000,
    max: 100_000_000,
    default: 1_000_000,
    unit: 'records',
    description: 'Records accepted and not yet stored at which the API answers 503 instead of accepting more.',
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
    description: 'Brokers. The first three are also the controllers; further ones are brokers only.',
    change:
      'In place: partitions are spread onto new brokers. Refused below `kafka:replicationFactor` and below 3 controllers; a removed broker is emptied first.',
  }),
  partitions: wholeNumber({
    min: 1,
    max: 1_000,
    default: 3,
    unit: 'partitions',
    description: 'Partitions of the topic, and so the most consumers that can work at once.',
    change: 'In place when it grows. Refused when it shrinks: Kafka cannot do that without losing records.',
  }),
  replicationFactor: wholeNumber({
    min: 1,
    max: 7,
    default: 3,
    unit: 'copies',
    description: 'Copies of each record, each on another broker.',
    change: 'In place: the topics job adds or removes copies while the topic is in use. Records stay.',
  }),
  minInsyncReplicas: wholeNumber({
    min: 1,
    max: 7,
    default: 2,
    unit: 'copies',
    description: 'Copies that must have a record before it counts as accepted.',
    change: 'In place, by the topics job. Records stay.',
  }),
  retentionHours: wholeNumber({
    min: 1,
    max: 8_760,
    default: 168,
    unit: 'h',
    description:
      'How long Kafka keeps a record. One that is not stored by then is lost, so it must outlast the longest outage of MongoDB.',
    change: 'In place, by the topics job. Lowering it deletes older records, stored or not.',
  }),
  retentionMiB: wholeNumber({
    min: 64,
    max: 1_048_576,
    default: 4_096,
    unit: 'MiB a partition',
    description:
      'How much Kafka keeps of each partition; the oldest goes first, stored or not. Must hold `queue:maxLength` records twice, so that what is not stored stays.',
    change: 'In place, by the topics job. Lowering it deletes the oldest records above it.',
  }),
  version: textOr('4.3.1', {
    pattern: /^[4-9]\.\d+\.\d+$/,
    allowed: 'a version from 4.0.0, such as 4.3.1',
    description: 'Version of Apache Kafka.',
    change:
      'Rolls the brokers one by one; data stays. Refused when it goes down. Finalizing the feature level is a step of its own.',
  }),
  heapMiB: wholeNumber({
    min: 256,
    max: 65_536,
    default: 512,
    unit: 'MiB',
    description: 'Java heap of each broker.',
    change: 'Rolls the brokers one by one. Data stays.',
  }),
  volumeGiB: volume(32, "each broker's volume"),
  passwordVersion: passwordVersion('Rolls the brokers one by one, then the pods that use Kafka.'),
  ui: toggle({
    default: true,
    description: 'Whether a web UI for Kafka runs beside it.',
    change: 'Creates or deletes the web UI. Kafka is not touched.',
  }),
  external: external({
    pattern: /^[A-Za-z0-9.-]+:\d+(,[A-Za-z0-9.-]+:\d+)*$/,
    allowed: 'host:port, more of them separated by commas',
    whose: 'Bootstrap brokers of a Kafka',
  }),
  username: username('a Kafka'),
  password: password('a Kafka'),
  saslMechanism: oneOf(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'], {
    default: 'PLAIN',
    description: 'How a Kafka outside the cluster checks the password. Read only with `kafka:external`.',
    change: 'Rolls the pods that use it. Data stays.',
  }),
  tls: tls('a Kafka'),
  port: wholeNumber({
    ...portRange,
    default: 9092,
    description: 'Port of the first broker in the local run.',
    change: 'Local run only: takes effect at its next start. Data stays.',
  }),
});

/** `redis:*` */
export const redisSchema = z.object({
  memoryMiB: wholeNumber({
    min: 64,
    max: 1_048_576,
    default: 2_048,
    unit: 'MiB',
    description:
      'Memory of Redis. It must hold every record that is not yet stored, whatever the queue; the rest caches stored ones.',
    change:
      'Replaces the Redis pod: a short interruption, answered with 503. The data comes back from the append-only file.',
  }),
  appendFsync: oneOf(['everysec', 'always'], {
    default: 'always',
    description:
      'When Redis flushes to disk. `always`: before it answers, so that nothing accepted is lost by a killed process or a power loss. `everysec` can lose the last second at a power loss, and up to two seconds with a killed process while the disk is slow.',
    change:
      'Replaces the Redis pod: a short interruption, answered with 503. The data comes back from the append-only file.',
  }),
  volumeGiB: volume(16, 'the volume for the append-only file'),
  passwordVersion: passwordVersion('Replaces the Redis pod, then rolls the pods that use Redis.'),
  external: external({
    pattern: /^rediss?:\/\/[A-Za-z0-9.-]+:\d+$/,
    allowed: 'redis://host:port, or rediss:// for TLS',
    whose: 'Address of a Redis',
  }),
  password: password('a Redis'),
  port: wholeNumber({
    ...portRange,
    default: 6379,
    description: 'Port of Redis in the local run.',
    change: 'Local run only: takes effect at its next start. Data stays.',
  }),
});

/** `mongo:*` */
export const mongoSchema = z.object({
  iops: wholeNumber({
    min: 10,
    max: 1_000_000,
    default: 100,
    or: { value: 0, meaning: 'no limit' },
    unit: 'operations/s',
    description:
      'Operations a second that the gate lets through to MongoDB. A command costs 1, plus 1 for each further 256 KiB.',
    change: 'Rolls the gate: connections to MongoDB break and are retried. Data stays.',
  }),
  writesPerSecond: wholeNumber({
    min: 1,
    max: 1_000_000,
    default: 80,
    or: { value: 0, meaning: 'no limit' },
    unit: 'commands/s',
    description: 'Write commands a second that all consumers together may send; the rest of `mongo:iops` is for reads.',
    change: 'Rolls the consumer pods. Unacknowledged records are taken up again; none is lost.',
  }),
  memoryMiB: wholeNumber({
    min: 400,
    max: 1_048_576,
    default: 500,
    unit: 'MiB',
    description: 'Memory of MongoDB.',
    change: 'Replaces the MongoDB pod: consumers wait and the lag grows meanwhile. Data stays on its volume.',
  }),
  cacheMiB: wholeNumber({
    min: 256,
    max: 1_048_576,
    default: 256,
    unit: 'MiB',
    description: 'WiredTiger cache; 256 MiB is the least that MongoDB takes.',
    change: 'Replaces the MongoDB pod: consumers wait and the lag grows meanwhile. Data stays on its volume.',
  }),
  tickets: wholeNumber({
    min: 5,
    max: 1_024,
    default: 10,
    unit: 'operations',
    description:
      'Reads, and as many writes, that WiredTiger works on at once; the others wait for a ticket. Few, since each takes memory.',
    change: 'Replaces the MongoDB pod: consumers wait and the lag grows meanwhile. Data stays on its volume.',
  }),
  volumeGiB: volume(16, "MongoDB's volume"),
  auth: toggle({
    default: true,
    description:
      'Whether MongoDB asks for a user and a password. Turn it off only where the engine at hand has no authentication (the embedded one); then the network policy alone keeps others out.',
    change: 'Replaces the MongoDB pod, then rolls the pods that use MongoDB. Data stays.',
  }),
  passwordVersion: passwordVersion('Replaces the MongoDB pod, then rolls the pods that use MongoDB.'),
  external: external({
    pattern: /^mongodb(\+srv)?:\/\/[A-Za-z0-9.,:-]+\/[A-Za-z0-9_-]+(\?\S*)?$/,
    allowed: 'mongodb://host:port/database or mongodb+srv://host/database, without user and password',
    whose: 'Address and database of a MongoDB',
  }),
  username: username('a MongoDB'),
  password: password('a MongoDB'),
  port: wholeNumber({
    ...portRange,
    default: 27_017,
    description: 'Port of MongoDB itself in the local run. Everything else goes through `gate:port`.',
    change: 'Local run only: takes effect at its next start. Data stays.',
  }),
});

/** `gate:*` */
export const gateSchema = z.object({
  port: wholeNumber({
    ...portRange,
    default: 27_018,
    description: 'Port of the gate, the way to MongoDB for everyone.',
    change: 'Rolls the gate and the API and consumer pods. Data stays.',
  }),
});
