// What a queue is to Breakwater: one interface, three adapters (kafka/, redis/, sqs/), one
// contract test-suite.
import type { Documents } from '../group.ts';
import type { DataRecord, NewRecords } from '../record.ts';

/** Accepts records. */
export interface QueueWriter {
  /**
   * Resolves once the queue has confirmed all records of one request durably; they go in all or
   * none.
   * @param group makes the ids of the records, 21 hexadecimal digits, for a caller that repeats a
   * request whose outcome is unknown: what arrives twice under the same ids is stored once. Default
   * a new one, which requests may share.
   * @returns the ids, in the order of the payloads
   * @throws QueueFullError, QueueUnavailableError (certainly none went in),
   * QueueOutcomeUnknownError, QueueRefusedError
   */
  accept(records: NewRecords, group?: string): Promise<string[]>;
  /** True while the queue is believed to take records. */
  ready(): boolean;
  close(): Promise<void>;
}

/**
 * What may wait in the queue. Several writers can overshoot by what they accept between two looks.
 */
export interface QueueLimits {
  /** Records. */
  readonly maxLength: number;
  /** Bytes of encoded records, waiting and dead letters. */
  readonly maxBytes: number;
}

export interface BatchLimits {
  /** Records in a batch, at most (a larger single group makes a batch of its own). */
  batchSize: number;
  /**
   * Bytes of encoded records in a batch, at most (a larger single group or record makes a batch of
   * its own).
   */
  batchBytes: number;
  /** How long the first record of a batch waits for others, milliseconds. */
  flushIntervalMs: number;
}

/** A record that can never be stored, and why. */
export interface Refusal {
  /** Its place among the documents of the batch. */
  readonly index: number;
  /** One line, for a person. */
  readonly reason: string;
}

/** Records that were accepted at the same time. */
export interface Accepted {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly records: number;
}

/** Delivered together, acknowledged together. */
export interface Batch {
  readonly documents: Documents;
  /** When the records were accepted. */
  readonly accepted: readonly Accepted[];
  /** Traces that its requests belong to, each once: of those that are sampled. */
  readonly traceparents: readonly string[];
  /** Records that were delivered before and not acknowledged. */
  readonly redelivered: number;
  /** Records that were accepted and are gone from the queue: they can no longer be stored. */
  readonly lost: number;
  /**
   * Acknowledges the whole batch; `refused` go to the dead letters first. A batch not acknowledged
   * is delivered again.
   */
  acknowledge(refused?: readonly Refusal[]): Promise<void>;
}

/** Delivers records to one member of the consumer group. */
export interface QueueReader {
  /**
   * The next batch; undefined once closed. Not called again before it has resolved; batches are
   * acknowledged in order.
   */
  next(): Promise<Batch | undefined>;
  /** Stops delivering; what was not acknowledged goes to others. May be called twice. */
  close(): Promise<void>;
}

/** How full the queue is, exact when nothing moves. */
export interface QueueDepth {
  /** Records ever accepted. */
  accepted: number;
  /** Records accepted and not yet acknowledged. */
  lag: number;
  /**
   * Bytes of those; with Redis Streams those of the dead letters too, which count against the
   * limit.
   */
  lagBytes: number;
  deadLetters: number;
  /** Where the queue deletes what waits for too long: the oldest record, and when that happens. */
  oldest?: { readonly ageMs: number; readonly retentionMs: number };
}

/** A record that the store refused. */
export interface DeadLetter {
  readonly id: string;
  readonly reason: string;
  readonly failedAt: string;
  readonly record: DataRecord;
}

/** Looks after the dead letters. */
export interface DeadLetters {
  /** The oldest first. @param limit at most that many */
  list(limit: number): Promise<DeadLetter[]>;
  show(id: string): Promise<DeadLetter | undefined>;
  /** Puts it into the queue again, then drops it here; false if there is none. */
  replay(id: string): Promise<boolean>;
  /** Forgets it; false if there is none. */
  drop(id: string): Promise<boolean>;
}

export interface WriterOptions {
  /**
   * Gets each group, its id and its bytes, once the first of its records is accepted, before
   * `accept` resolves, where the queue is not the cache as well. Must not reject.
   */
  onAccepted?: (id: string, group: Buffer) => Promise<void>;
}

/** A connection to the queue. */
export interface Queue {
  readonly kind: 'kafka' | 'redis-streams' | 'sqs';
  /** What survives a killed process, and what a power loss. */
  readonly durability: string;
  writer(options?: WriterOptions): Promise<QueueWriter>;
  reader(limits: BatchLimits): Promise<QueueReader>;
  depth(): Promise<QueueDepth>;
  readonly deadLetters: DeadLetters;
  /** Closes all that it opened; may be called twice. */
  close(): Promise<void>;
}
