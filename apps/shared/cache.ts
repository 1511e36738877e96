// The cache: records as they were accepted, in Redis, under one key each.
import type { Redis } from 'ioredis';
import { Coalescer } from './coalescer.ts';
import type { DataRecord } from './record.ts';
import { encodeRecord } from './record.ts';
import { dropIfStalled } from './redis.ts';

const PREFIX = 'record:';

/** The key of a record: the queue's while it waits to be stored, the cache's afterwards. */
export const recordKey = (id: string): string => PREFIX + id;

/** How long an accepted record that nobody has stored yet stays readable, seconds: longer than any lag (7 days, as Kafka keeps it). */
export const PENDING_TTL_SECONDS = 7 * 24 * 3600;

/** KEYS: record keys. ARGV: TTL in seconds, records. A key that is there stays: the queue may need it, without a TTL. */
const PUT = `for i = 1, #KEYS do redis.call('SET', KEYS[i], ARGV[i + 1], 'EX', ARGV[1], 'NX') end return #KEYS`;

/** KEYS: record keys. ARGV: TTL in seconds. */
const EXPIRE = `for i = 1, #KEYS do redis.call('EXPIRE', KEYS[i], ARGV[1]) end return #KEYS`;

type CacheRedis = Redis & {
  cachePut(numKeys: number, ...args: (string | number)[]): Promise<number>;
  cacheExpire(numKeys: number, ...args: (string | number)[]): Promise<number>;
};

interface Entry {
  readonly record: DataRecord;
  readonly ttlSeconds: number;
}

export interface Cache {
  /** The encoded records in the order of `ids`, null for what is not cached. One round trip, shared by all callers of a tick. */
  getMany(ids: readonly string[]): Promise<(string | null)[]>;
  /** Keeps records that were accepted and are not stored yet. */
  putPending(records: readonly DataRecord[]): Promise<void>;
  /** Keeps records that came from MongoDB. */
  putStored(records: readonly DataRecord[]): Promise<void>;
  /** Says that these are stored now: from here on they may expire. */
  markStored(ids: readonly string[]): Promise<void>;
}

/** @param ttlSeconds how long a stored record stays cached */
export function createCache(connection: Redis, ttlSeconds: number): Cache {
  connection.defineCommand('cachePut', { lua: PUT });
  connection.defineCommand('cacheExpire', { lua: EXPIRE });
  const redis = connection as CacheRedis;

  const reads = new Coalescer<readonly string[], (string | null)[]>({
    maxItems: 100,
    maxInFlight: 16,
    flush: async (requests) => {
      const found = await redis.mget(requests.flat().map(recordKey)).catch((error) => {
        throw dropIfStalled(redis, error);
      });
      let from = 0;
      return requests.map((ids) => found.slice(from, (from += ids.length)));
    },
  });
  const writes = new Coalescer<readonly Entry[], void>({
    maxItems: 100,
    maxInFlight: 16,
    flush: async (requests) => {
      for (const [ttl, entries] of Map.groupBy(requests.flat(), (entry) => entry.ttlSeconds)) {
        const keys = entries.map(({ record }) => recordKey(record._id));
        await redis.cachePut(keys.length, ...keys, ttl, ...entries.map(({ record }) => encodeRecord(record)));
      }
    },
  });
  const put = async (records: readonly DataRecord[], seconds: number): Promise<void> => {
    if (records.length > 0) await writes.add(records.map((record) => ({ record, ttlSeconds: seconds })));
  };
  return {
    getMany: (ids) => (ids.length === 0 ? Promise.resolve([]) : reads.add(ids)),
    putPending: (records) => put(records, PENDING_TTL_SECONDS),
    putStored: (records) => put(records, ttlSeconds),
    async markStored(ids) {
      if (ids.length > 0) await redis.cacheExpire(ids.length, ...ids.map(recordKey), ttlSeconds);
    },
  };
}

/** Empties the cache, and only it: records that wait to be stored stay. @returns how many were removed */
export async function flushCache(redis: Redis): Promise<number> {
  let removed = 0;
  for await (const keys of redis.scanStream({ match: `${PREFIX}*`, count: 1000 }) as AsyncIterable<string[]>) {
    if (keys.length === 0) continue;
    const ttls = (await redis.pipeline(keys.map((key) => ['ttl', key])).exec()) as [Error | null, number][];
    // Keys without a TTL wait in Redis Streams; those with more than a day to go wait in Kafka.
    const stored = keys.filter((_, i) => ttls[i]![1] >= 0 && ttls[i]![1] < PENDING_TTL_SECONDS - 24 * 3600);
    if (stored.length > 0) removed += await redis.unlink(...stored);
  }
  return removed;
}
