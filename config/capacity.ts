// The rules that weigh sizes: accepted records must fit where they wait, and a batch must pass the
// gate and the consumer in time. With the estimates that these rules use.
import { type ConfigProblem, problemIf } from './errors.ts';
import { grouped } from './keys.ts';
import type { StackConfig } from './schema.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

/**
 * What Redis takes for bytes of records: the allocator rounds a group up, by a quarter at most.
 */
const REDIS_ROUNDING = 1.25;
/**
 * Share of Redis' memory that unstored records may take. The rest is for the cache and for Redis
 * itself.
 */
const REDIS_SHARE = 0.9;
/**
 * Share of Kafka's volumes that unstored records may take. The rest is for stored ones, which stay
 * for kafka:retentionHours, and for segments that are deleted as a whole.
 */
const KAFKA_SHARE = 0.5;
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

const gateCost = (bytes: number): number => Math.max(1, Math.ceil(bytes / GATE_UNIT_BYTES));

const mib = (bytes: number): string => `${grouped(Math.ceil(bytes / MIB))} MiB`;

function redisMemory({ queue, redis }: StackConfig): readonly ConfigProblem[] {
  const usableBytes = (redis.memoryMiB * MIB * REDIS_SHARE) / REDIS_ROUNDING;
  return problemIf(
    queue.kind === 'redis-streams' && queue.maxBytes > usableBytes,
    'queue:maxBytes',
    () =>
      `is ${grouped(queue.maxBytes)} bytes, which stay in Redis until they are stored and do not fit into ` +
      `redis:memoryMiB (${grouped(redis.memoryMiB)} MiB); use at most ${grouped(Math.floor(usableBytes))} bytes, ` +
      `or at least ${mib((queue.maxBytes * REDIS_ROUNDING) / REDIS_SHARE)}`,
  );
}

function kafkaVolumes({ queue, kafka }: StackConfig): readonly ConfigProblem[] {
  const neededBytes = queue.maxBytes * kafka.replicationFactor;
  const neededGiB = Math.ceil(neededBytes / (kafka.brokers * KAFKA_SHARE) / GIB);
  return problemIf(
    queue.kind === 'kafka' && kafka.external === undefined && kafka.volumeGiB < neededGiB,
    'kafka:volumeGiB',
    () =>
      `is ${grouped(kafka.volumeGiB)} GiB on each of ${kafka.brokers} brokers, too little for ` +
      `${kafka.replicationFactor} replicas of queue:maxBytes (${grouped(queue.maxBytes)} bytes) and as much again that is ` +
      `stored; use at least ${grouped(neededGiB)} GiB, or a smaller queue:maxBytes`,
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

const batches = ({ consumer, store, mongo }: StackConfig): readonly ConfigProblem[] => {
  const { batchSize, batchBytes, workMs } = consumer;
  const iops = store.kind === 'mongo' ? mongo.iops : 0;
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

const mongo = ({ store, mongo }: StackConfig): readonly ConfigProblem[] => {
  if (store.kind !== 'mongo') return [];
  const { iops, writesPerSecond, memoryMiB, cacheMiB } = mongo;
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
export const capacityRules = [kafkaVolumes, redisMemory, requestBody, batches, mongo];
