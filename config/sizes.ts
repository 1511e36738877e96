// Estimates of how large records are on their way, for the rules that keep what is accepted from being crowded out.
import type { StackConfig } from './schema.ts';

export const KIB = 1024;
export const MIB = 1024 * KIB;

/** What a record has besides its payload: id, type, index, time, origin, and their names. Measured: 147. */
const RECORD_OVERHEAD_BYTES = 150;
/** What Redis adds to a record under its key: the key, the hash table, the allocator's rounding. Measured: 222. */
const REDIS_KEY_OVERHEAD_BYTES = 230;
/** What Redis adds for the queue, as a stream entry that names the key. Measured: 43. */
const STREAM_ENTRY_BYTES = 45;
/** What Redis adds for an expiry. */
const EXPIRY_BYTES = 60;
/** The gate counts a command as 1 for its first so many bytes and 1 for each further so many. */
const GATE_UNIT_BYTES = 256 * KIB;

/** Bytes of one record as it lies in the queue, for payloads of `api:payloadChars`. */
export const recordBytes = (config: StackConfig): number => config.api.payloadChars + RECORD_OVERHEAD_BYTES;

/**
 * Bytes of Redis that one record takes until it is stored. It lies there once, to be read from its first moment on; where
 * Redis is the queue, the stream names it, and where Kafka is, it has an expiry.
 */
export const redisBytesPerRecord = (config: StackConfig): number =>
  recordBytes(config) +
  REDIS_KEY_OVERHEAD_BYTES +
  (config.queue.kind === 'redis-streams' ? STREAM_ENTRY_BYTES : EXPIRY_BYTES);

/** What the gate counts for one command of so many bytes. */
export const gateCost = (bytes: number): number => Math.max(1, Math.ceil(bytes / GATE_UNIT_BYTES));
