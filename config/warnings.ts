// What works and is probably not meant: values that win over each other. Shown at preview.
import { type ConfigProblem, problemIf } from './errors.ts';
import { grouped } from './keys.ts';
import type { StackConfig } from './schema.ts';
import { REDIS_REWRITE_MIN_MIB } from './servers.ts';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
/**
 * Share of Kafka's volumes that may be used as planned. The rest is for segments, which are deleted
 * as a whole, and for Kafka's own topics.
 */
const PLANNED_SHARE = 0.9;
/** What a record takes besides its payload, bytes. */
const RECORD_BYTES = 200;

/** What is stored gives way at kafka:retentionMiB, which should happen before a volume is full. */
function volumes({ queue, kafka }: StackConfig): readonly ConfigProblem[] {
  const { partitions, replicationFactor, brokers, volumeGiB, retentionMiB } = kafka;
  const usable = (volumeGiB * GIB * PLANNED_SHARE * brokers) / replicationFactor - queue.maxBytes;
  const most = Math.floor(usable / partitions / MIB);
  return problemIf(
    kafka.external === undefined && retentionMiB > most,
    'kafka:retentionMiB',
    () =>
      `is ${grouped(retentionMiB)} MiB for each of ${partitions} partitions: stored records can fill kafka:volumeGiB ` +
      `(${grouped(volumeGiB)} GiB on each of ${brokers} brokers) before they are deleted; ` +
      `use at most ${grouped(most)} MiB`,
  );
}

/** What the API accepts no config knows; the producer alone may fill a partition too soon. */
function producer({ api, kafka, producer: { rate } }: StackConfig): readonly ConfigProblem[] {
  const bytesAnHour = rate * 3_600 * (api.payloadChars + RECORD_BYTES);
  const hours = (kafka.partitions * kafka.retentionMiB * MIB) / bytesAnHour;
  return problemIf(
    hours < kafka.retentionHours,
    'kafka:retentionHours',
    () =>
      `is ${grouped(kafka.retentionHours)} h, but kafka:retentionMiB (${grouped(kafka.retentionMiB)} MiB) wins, which ` +
      `producer:rate ${rate} alone fills in ${grouped(Math.floor(hours))} h`,
  );
}

/**
 * The append-only file is at most twice the data, or the size that is always allowed. While it is
 * rewritten, there is the new one too, and what is written meanwhile is in both.
 */
function redisVolume({ redis: { memoryMiB, volumeGiB, external, managed } }: StackConfig): readonly ConfigProblem[] {
  const mostMiB = Math.max(2 * memoryMiB, REDIS_REWRITE_MIN_MIB) + 2 * memoryMiB;
  const least = Math.ceil(mostMiB / 1024);
  return problemIf(
    external === undefined && !managed && volumeGiB < least,
    'redis:volumeGiB',
    () =>
      `is ${grouped(volumeGiB)} GiB: the append-only file of redis:memoryMiB (${grouped(memoryMiB)} MiB) can fill it ` +
      `while it is rewritten; use at least ${grouped(least)} GiB, or less memory`,
  );
}

/** Combinations that work, though not as one of their keys says. */
export const configWarnings = (config: StackConfig): readonly ConfigProblem[] => [
  ...redisVolume(config),
  ...(config.queue.kind === 'kafka' ? [...volumes(config), ...producer(config)] : []),
];
