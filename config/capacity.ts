// The rules that weigh sizes: accepted records must fit where they wait, and a batch must pass the
// gate and the consumer in time. With the estimates that these rules use.
import { type ConfigProblem, problemIf } from './errors.ts';
import { grouped } from './keys.ts';
import type { StackConfig } from './schema.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * What a record has besides its payload: id, type, index, time, origin, and their names. Measured:
 * 147.
 */
const RECORD_OVERHEAD_BYTES = 150;
/**
 * What Redis adds to a record under its key: the key, the hash table, the allocator's rounding.
 * Measured: 222.
 */
const REDIS_KEY_OVERHEAD_BYTES = 230;
/** What Redis adds for the queue: a stream entry that names the key. Measured: 43. */
const STREAM_ENTRY_BYTES = 45;
/** What Redis adds for an expiry. */
const EXPIRY_BYTES = 60;
/**
 * Share of Redis' memory that unstored records may take. The rest is for the cache and for Redis
 * itself.
 */
const REDIS_SHARE = 0.9;
/**
 * The gate counts 1 operation for a command of up to this size, and 1 for each further such size.
 */
const GATE_UNIT_BYTES = 256 * KIB;
/**
 * A consumer that is busy with a batch for longer is considered dead, and its records go to another
 * one.
 */
const LONGEST_BATCH_SECONDS = 30;
/** What mongod takes besides its cache. */
const MONGOD_BASE_MIB = 200;

/** Size of a record in the queue, with a payload of `api:payloadChars`. */
const recordBytes = ({ api }: StackConfig): number => api.payloadChars + RECORD_OVERHEAD_BYTES;

/**
 * Memory that a record takes in Redis until it is stored. Redis holds it once, for the queue and
 * for reads: where Redis is the queue, the stream names it; where Kafka is, it has an expiry.
 */
const redisBytesPerRecord = (config: StackConfig): number =>
  recordBytes(config) +
  REDIS_KEY_OVERHEAD_BYTES +
  (config.queue.kind === 'redis-streams' ? STREAM_ENTRY_BYTES : EXPIRY_BYTES);

const gateCost = (bytes: number): number => Math.max(1, Math.ceil(bytes / GATE_UNIT_BYTES));

const mib = (bytes: number): string => `${grouped(Math.ceil(bytes / MIB))} MiB`;

function redisMemory(config: StackConfig): readonly ConfigProblem[] {
  const { queue, redis } = config;
  const bytesPerRecord = redisBytesPerRecord(config);
  const usableBytes = redis.memoryMiB * MIB * REDIS_SHARE;
  const neededBytes = queue.maxLength * bytesPerRecord;
  return problemIf(
    neededBytes > usableBytes,
    'queue:maxLength',
    () =>
      `is ${grouped(queue.maxLength)} records, which stay in Redis until they are stored ` +
      `(about ${grouped(bytesPerRecord)} bytes each) and do not fit into redis:memoryMiB ` +
      `(${grouped(redis.memoryMiB)} MiB); use at most ${grouped(Math.floor(usableBytes / bytesPerRecord))} records, ` +
      `or at least ${mib(neededBytes / REDIS_SHARE)}`,
  );
}

const requestBody = ({ api: { payloadChars, bodyLimitKiB } }: StackConfig): readonly ConfigProblem[] =>
  problemIf(
    5 * payloadChars + KIB > bodyLimitKiB * KIB,
    'api:bodyLimitKiB',
    () =>
      `is ${bodyLimitKiB} KiB, too small for five payloads of api:payloadChars (${payloadChars}) characters; ` +
      `use at least ${Math.ceil((5 * payloadChars + KIB) / KIB)} KiB`,
  );

const batches = ({ consumer, mongo: { iops } }: StackConfig): readonly ConfigProblem[] => {
  const { batchSize, batchBytes, workMs } = consumer;
  const batchSeconds = (batchSize * workMs) / 1000;
  return [
    ...problemIf(
      iops > 0 && gateCost(batchBytes) > iops,
      'consumer:batchBytes',
      () =>
        `is ${grouped(batchBytes)} bytes, which costs the gate ${gateCost(batchBytes)} operations, more than ` +
        `mongo:iops allows in a second (${iops}); use at most ${grouped(iops * GATE_UNIT_BYTES)} bytes`,
    ),
    ...problemIf(
      batchSeconds > LONGEST_BATCH_SECONDS,
      'consumer:batchSize',
      () =>
        `is ${grouped(batchSize)} records, which take ${grouped(batchSeconds)} s with consumer:workMs ${workMs}: ` +
        `a consumer that is busy for more than ${LONGEST_BATCH_SECONDS} s is considered dead; ` +
        `use at most ${grouped(Math.floor((LONGEST_BATCH_SECONDS * 1000) / workMs))} records`,
    ),
  ];
};

const mongo = ({ mongo: { iops, writesPerSecond, memoryMiB, cacheMiB } }: StackConfig): readonly ConfigProblem[] => {
  const allowed = `allowed: 1 to ${iops}, less what reads need`;
  return [
    ...problemIf(
      iops > 0 && writesPerSecond === 0,
      'mongo:writesPerSecond',
      () => `is 0 (no limit), which leaves no operations of mongo:iops (${iops}) for reads; ${allowed}`,
    ),
    ...problemIf(
      iops > 0 && writesPerSecond > iops,
      'mongo:writesPerSecond',
      () => `is ${writesPerSecond}, more than the gate lets through (mongo:iops ${iops}); ${allowed}`,
    ),
    ...problemIf(
      cacheMiB + MONGOD_BASE_MIB > memoryMiB,
      'mongo:cacheMiB',
      () =>
        `is ${cacheMiB} MiB: with the ${MONGOD_BASE_MIB} MiB that mongod itself takes, it exceeds mongo:memoryMiB ` +
        `(${memoryMiB} MiB), and mongod would be killed; use at most ${memoryMiB - MONGOD_BASE_MIB} MiB, ` +
        `or at least ${cacheMiB + MONGOD_BASE_MIB} MiB of memory`,
    ),
  ];
};

/** What does not fit. */
export const capacityRules = [redisMemory, requestBody, batches, mongo];
