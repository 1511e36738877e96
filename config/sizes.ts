// Estimates of how large records are on their way, for the rules that keep what is accepted from being crowded out.
import type { StackConfig } from './schema.ts';

export const KIB = 1024;
export const MIB = 1024 * KIB;

/** What a record has besides its payload: id, type, index, time, origin, and their names. */
const RECORD_OVERHEAD_BYTES = 200;
/** What Redis adds to one stream entry. */
const STREAM_ENTRY_OVERHEAD_BYTES = 40;
/** What Redis adds to one cached copy: key, expiry, hash-table entry, allocator rounding. */
const CACHE_ENTRY_OVERHEAD_BYTES = 160;
/** The gate counts a command as 1 for its first so many bytes and 1 for each further so many. */
const GATE_UNIT_BYTES = 256 * KIB;

/** Bytes of one record as it lies in the queue, for payloads of `api:payloadChars`. */
export const recordBytes = (config: StackConfig): number => config.api.payloadChars + RECORD_OVERHEAD_BYTES;

/** Bytes of Redis that one record takes until it is stored: its cached copy and, where Redis is the queue, its entry. */
export function redisBytesPerRecord(config: StackConfig): number {
  const cached = recordBytes(config) + CACHE_ENTRY_OVERHEAD_BYTES;
  return config.queue.kind === 'redis-streams' ? cached + recordBytes(config) + STREAM_ENTRY_OVERHEAD_BYTES : cached;
}

/** What the gate counts for one command of so many bytes. */
export const gateCost = (bytes: number): number => Math.max(1, Math.ceil(bytes / GATE_UNIT_BYTES));

/** Records a second that all consumers together can store at best. */
export function storableRecordsPerSecond(config: StackConfig): number {
  const { consumer, mongo } = config;
  const records = Math.max(1, Math.min(consumer.batchSize, Math.floor(consumer.batchBytes / recordBytes(config))));
  const commands = mongo.iops === 0 ? Number.POSITIVE_INFINITY : mongo.iops / gateCost(records * recordBytes(config));
  const worked = consumer.workMs === 0 ? Number.POSITIVE_INFINITY : (consumer.maxReplicas * 1000) / consumer.workMs;
  return Math.min(records * Math.min(commands, mongo.writesPerSecond), worked);
}
