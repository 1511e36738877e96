// The Kafka topics that a stack declares: the queue and its dead letters.
import type { StackConfig } from './schema.ts';
import { MIB } from './sizes.ts';

/** One topic in the state that `apps/topics` brings about. */
export interface TopicPlan {
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Kafka's topic settings by their own names. */
  readonly config: Readonly<Record<string, string>>;
}

const HOUR_MS = 3_600_000;
/** Retention deletes whole segments: small ones keep it close to what was asked. */
const LARGEST_SEGMENT_BYTES = 256 * MIB;

/** The topics of a stack. Dead letters are compacted, never aged out: they wait for someone to look at them. */
export function topicPlan({ queue, kafka }: StackConfig): readonly TopicPlan[] {
  const { partitions, replicationFactor } = kafka;
  const durable = { 'min.insync.replicas': String(kafka.minInsyncReplicas) };
  const retentionBytes = kafka.retentionMiB * MIB;
  return [
    {
      name: queue.name,
      partitions,
      replicationFactor,
      config: {
        ...durable,
        'cleanup.policy': 'delete',
        'retention.ms': String(kafka.retentionHours * HOUR_MS),
        'retention.bytes': String(retentionBytes),
        'segment.bytes': String(Math.min(LARGEST_SEGMENT_BYTES, retentionBytes / 4)),
      },
    },
    {
      name: `${queue.name}.dlq`,
      partitions: 1,
      replicationFactor,
      config: { ...durable, 'cleanup.policy': 'compact' },
    },
  ];
}
