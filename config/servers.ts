// Settings of the servers that hold wherever they run: the topics of Kafka, and redis.conf. The
// rest is up to the cluster (components/servers/) and to the local run (local/servers/).
import type { StackConfig } from './schema.ts';

/**
 * Whether the stack runs a MongoDB of its own, with the gate that stands in for its disk. An
 * external server has limits of its own.
 */
export const hasOwnMongo = ({ store, mongo }: Pick<StackConfig, 'store' | 'mongo'>): boolean =>
  store.kind === 'mongo' && mongo.external === undefined;

/** A topic in its declared state, which `apps/topics` brings about. */
export interface TopicPlan {
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Kafka's topic settings, by their own names. */
  readonly config: Readonly<Record<string, string>>;
}

const MIB = 1024 * 1024;
/** Kafka frees space a whole segment at a time: small ones keep it close to what is configured. */
const LARGEST_SEGMENT_BYTES = 256 * MIB;

/**
 * The topics of a stack: the queue and its dead letters, which are compacted. Kafka deletes nothing
 * from either by itself: consumers delete what is stored, by `kafka:retentionHours`.
 */
export function topicPlan({ queue, kafka }: StackConfig): readonly TopicPlan[] {
  const { partitions, replicationFactor } = kafka;
  const durable = { 'min.insync.replicas': String(kafka.minInsyncReplicas) };
  return [
    {
      name: queue.name,
      partitions,
      replicationFactor,
      config: {
        ...durable,
        'cleanup.policy': 'delete',
        'retention.ms': '-1',
        'retention.bytes': '-1',
        // What other programs compress is unpacked: `queue:maxBytes` and the largest batch then
        // count what a consumer will hold in memory.
        'compression.type': 'uncompressed',
        // Records age from when the broker got them, whatever another program's clock says.
        'message.timestamp.type': 'LogAppendTime',
        'segment.bytes': String(Math.min(LARGEST_SEGMENT_BYTES, (kafka.retentionMiB * MIB) / 4)),
      },
    },
    {
      name: `${queue.name}.dlq`,
      partitions: 1,
      replicationFactor,
      // A letter is a record that just fitted into the queue's topic, and the reason.
      config: { ...durable, 'cleanup.policy': 'compact', 'max.message.bytes': String(2 * MIB) },
    },
  ];
}

/**
 * Ports that lead to each broker of the stack from outside the cluster: on every node, and with k3d
 * on this machine. None without `kafka:nodePort`, or if the stack runs no Kafka.
 */
export const brokerNodePorts = ({ queue, kafka }: Pick<StackConfig, 'queue' | 'kafka'>): readonly number[] =>
  kafka.nodePort > 0 && queue.kind === 'kafka' && kafka.external === undefined
    ? Array.from({ length: kafka.brokers }, (_, broker) => kafka.nodePort + broker)
    : [];

/** What differs between stacks. */
export interface RedisLimits {
  /** Memory for the data. */
  readonly memoryMiB: number;
  /** When the append-only file is flushed to disk. */
  readonly appendFsync: 'always' | 'everysec' | 'no';
}

/**
 * Connections that may wait to be accepted: as many as a new network namespace allows
 * (`net.core.somaxconn`).
 */
const TCP_BACKLOG = 4096;

/**
 * The append-only file is rewritten once it has doubled and is larger than this. Rewriting copies
 * the cache as well, which took a small Redis a fifth of its CPU time; a start reads so much in some
 * ten seconds.
 */
export const REDIS_REWRITE_MIN_MIB = 1024;

/** Settings of redis.conf, by name. */
export function redisSettings({ memoryMiB, appendFsync }: RedisLimits): readonly (readonly [string, string])[] {
  return [
    ['appendonly', 'yes'],
    ['appendfsync', appendFsync],
    ['save', ''], // the append-only file makes data durable; snapshots would only cost a fork
    ['maxmemory', `${memoryMiB}mb`],
    // Records that wait to be stored have no TTL and stay. Of the cache, groups go first, the
    // oldest one first: single records have a longer TTL. There are a hundred of them for each
    // group, so that the usual sample of 5 keys would hardly ever hold a group.
    ['maxmemory-policy', 'volatile-ttl'],
    ['maxmemory-samples', '64'],
    // Compressing records when the append-only file is rewritten took a third of Redis' time.
    ['rdbcompression', 'no'],
    ['auto-aof-rewrite-min-size', `${REDIS_REWRITE_MIN_MIB}mb`],
    ['tcp-backlog', String(TCP_BACKLOG)],
    ['maxclients', '20000'],
  ];
}
