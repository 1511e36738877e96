// The keys of a queue on Redis Streams.
export interface QueueKeys {
  /**
   * An entry for each group that waits: `g` the group, `n` its records, `b` its bytes; `t` the
   * traces of its requests, where one is sampled, separated by spaces.
   */
  readonly stream: string;
  readonly counts: string;
  /** An entry for each dead letter: `record`, `reason`, `failedAt`. */
  readonly deadLetters: string;
  /** The stream of version 0.1, an entry a record. Consumers empty it. */
  readonly legacyStream: string;
  /** The consumer group, of both streams. */
  readonly group: string;
}

/** Field of an entry with the traces. */
export const TRACES_FIELD = 't';

export const queueKeys = (name: string, group: string): QueueKeys => ({
  stream: `${name}:groups`,
  counts: `${name}:counts`,
  deadLetters: `${name}.dlq`,
  legacyStream: name,
  group,
});
