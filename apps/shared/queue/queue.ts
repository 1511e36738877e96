// What a queue is to Breakwater: one interface, two adapters (kafka/, redis-streams.ts), one contract test-suite.
import type { DataRecord } from '../record.ts';

/** Accepts records. */
export interface QueueWriter {
  /**
   * Resolves once the queue has confirmed all records of one request durably; they go in all or none.
   * @throws QueueFullError, QueueUnavailableError (certainly none went in), QueueOutcomeUnknownError, QueueRefusedError
   */
  accept(records: readonly DataRecord[]): Promise<void>;
  /** True while the queue is believed to take records. */
  ready(): boolean;
  /** True when `accept` also puts the records into the cache, atomically. */
  readonly cachesAccepted: boolean;
  close(): Promise<void>;
}

export interface BatchLimits {
  /** Records in a batch, at most. */
  batchSize: number;
  /** Bytes of encoded records in a batch, at most (a larger single record makes a batch of its own). */
  batchBytes: number;
  /** How long the first record of a batch waits for others, milliseconds. */
  flushIntervalMs: number;
}

/** One record as the queue delivered it. */
export interface Delivery {
  readonly record: DataRecord;
  /** It was delivered before and not acknowledged. */
  readonly redelivered: boolean;
}

/** A delivery that can never be stored, and why. */
export interface Refusal {
  readonly record: DataRecord;
  /** One line, for a person. */
  readonly reason: string;
}

/** Delivered together, settled together. */
export interface Batch {
  readonly deliveries: readonly Delivery[];
  /** Accepted records before these that the queue has deleted unread. Default 0. */
  readonly lost?: number;
  /** Acknowledges the whole batch; `refused` go to the dead letters first. A batch not settled is delivered again. */
  settle(refused?: readonly Refusal[]): Promise<void>;
}

/** Delivers records to one member of the consumer group. */
export interface QueueReader {
  /** The next batch; undefined once closed. Not called again before it has resolved; batches are settled in order. */
  next(): Promise<Batch | undefined>;
  /** Stops delivering; what was not settled goes to others. May be called twice. */
  close(): Promise<void>;
}

/** How full the queue is; records, exact when nothing moves. */
export interface QueueDepth {
  /** Ever accepted. */
  accepted: number;
  /** Accepted and not yet settled. */
  lag: number;
  deadLetters: number;
}

/** A record that MongoDB refused. */
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

/** A connection to the queue. */
export interface Queue {
  readonly kind: 'kafka' | 'redis-streams';
  /** What survives a killed process, and what a power loss. */
  readonly durability: string;
  writer(): Promise<QueueWriter>;
  reader(limits: BatchLimits): Promise<QueueReader>;
  depth(): Promise<QueueDepth>;
  readonly deadLetters: DeadLetters;
  /** Closes all that it opened; may be called twice. */
  close(): Promise<void>;
}
