// How large the stack's own Kafka is meant to be, for whoever compares it with what is there.
import type { StackConfig } from '../config/schema.ts';

/** How many there should be. */
export interface KafkaSize {
  readonly brokers: number;
  /** Controllers that vote: brokers with an ordinal below three are controllers too. */
  readonly voters: number;
}

const MOST_VOTERS = 3;

/** Undefined where the stack has no Kafka of its own. */
export const kafkaSizeOf = ({ queue, kafka }: StackConfig): KafkaSize | undefined =>
  queue.kind === 'kafka' && kafka.external === undefined
    ? { brokers: kafka.brokers, voters: Math.min(kafka.brokers, MOST_VOTERS) }
    : undefined;
