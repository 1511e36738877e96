// The cache: records as they were accepted, in groups, and single ones that are read again.
import type { Redis } from 'ioredis';
import { Coalescer } from './coalescer.ts';
import { decodeDocument, documentId } from './document.ts';
import { groupOf, placeOf } from './group.ts';
import type { DataRecord } from './record.ts';
import { decodeRecord, encodeRecord } from './record.ts';
import { dropIfStalled, type Script } from './redis.ts';

const GROUP = 'group:';
const RECORD = 'record:';

/**
 * The key of a group: the queue's while it waits to be stored (Redis Streams), the cache's
 * afterwards.
 */
export const groupKey = (id: string): string => GROUP + id;

const groupKeys = (ids: readonly string[]): string[] => ids.map((id) => groupKey(groupOf(id)));

/** The key of a single record. */
export const recordKey = (id: string): string => RECORD + id;

/**
 * How long accepted records that are not stored yet stay readable, seconds: longer than any lag
 * (7 days).
 */
export const PENDING_TTL_SECONDS = 7 * 24 * 3600;

/**
 * Cuts the document at a place, three hexadecimal digits, out of a group. Where there is no table,
 * it gives bytes that the reader rejects. A place beyond the table is refused, because a payload
 * there may look like a table: the table ends where the first record begins. `single` is the key of
 * the single record.
 */
const CUT = `
local function cut(group, place)
  local at = tonumber(place, 16) * 8
  local range = redis.call('GETRANGE', group, at, at + 15)
  if #range < 16 then return false end
  local from, to = tonumber(string.sub(range, 1, 8), 16), tonumber(string.sub(range, 9), 16)
  local first = at == 0 and from or tonumber(redis.call('GETRANGE', group, 0, 7), 16)
  local isPlace = first and at + 16 <= first
  return isPlace and from and to and to > from and redis.call('GETRANGE', group, from, to - 1)
end
local function single(group, place) return '${RECORD}' .. string.sub(group, ${GROUP.length + 1}) .. place end`;

/**
 * KEYS: for each record its group's key. ARGV: its place. Replies with the single record, where
 * most reads end, or else with its document in the group, or with nothing.
 */
const READ = `${CUT}
local found = {}
for i = 1, #KEYS do
  found[i] = redis.call('GET', single(KEYS[i], ARGV[i])) or cut(KEYS[i], ARGV[i]) or false
end
return found`;

/** KEYS: for each record its group's key. ARGV: TTL in seconds, their places. */
const KEEP = `${CUT}
for i = 1, #KEYS do
  local document = cut(KEYS[i], ARGV[i + 1])
  if document then redis.call('SET', single(KEYS[i], ARGV[i + 1]), document, 'EX', ARGV[1], 'NX') end
end
return #KEYS`;

/**
 * KEYS: keys. ARGV: TTL in seconds, values. A key that is there stays: the queue may need it,
 * without a TTL.
 */
const PUT = `for i = 1, #KEYS do redis.call('SET', KEYS[i], ARGV[i + 1], 'EX', ARGV[1], 'NX') end return #KEYS`;

/** KEYS: keys. ARGV: TTL in seconds. */
const EXPIRE = `for i = 1, #KEYS do redis.call('EXPIRE', KEYS[i], ARGV[1]) end return #KEYS`;

/**
 * KEYS: keys. ARGV: a TTL in seconds. Keys without a TTL wait in Redis Streams; those with a longer
 * one wait in Kafka.
 */
const FLUSH = `
local removed = 0
for i = 1, #KEYS do
  local ttl = redis.call('TTL', KEYS[i])
  if ttl >= 0 and ttl < tonumber(ARGV[1]) then removed = removed + redis.call('UNLINK', KEYS[i]) end
end
return removed`;

type CacheRedis = Redis & {
  cacheReadBuffer: Script<(Buffer | null)[]>;
  cacheKeep: Script;
  cachePut: Script;
  cacheExpire: Script;
};

/** Records that one call copies or writes, bytes; a larger one makes a call of its own. */
const MAX_CALL_BYTES = 1 << 20;

interface Entry {
  readonly key: string;
  readonly value: string | Buffer;
}

/** What a record begins with as JSON, before its id. */
const JSON_ID = '{"_id":"';
/** The first four bytes of it, as a number. */
const JSON_START = Buffer.from(JSON_ID).readUInt32LE();

/** A record that was found: still encoded. */
export class CachedRecord {
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** What `text` gave. */
  static of(text: string): CachedRecord {
    return new CachedRecord(Buffer.from(text, 'latin1'));
  }

  /** The encoded record, a character a byte. */
  text(): string {
    return this.#bytes.toString('latin1');
  }

  /** Size of the encoded record, bytes. */
  get size(): number {
    return this.#bytes.length;
  }

  /** Whether it is the record with this id: what lies there may be something else. */
  is(id: string): boolean {
    try {
      if (!this.#isJson()) return documentId(this.#bytes) === id;
      const start = `${JSON_ID}${id}"`;
      return this.#bytes.toString('latin1', 0, start.length) === start;
    } catch {
      return false;
    }
  }

  /** undefined if the bytes are no record. */
  decode(): DataRecord | undefined {
    try {
      return this.#isJson() ? decodeRecord(this.#bytes.toString()) : decodeDocument(this.#bytes);
    } catch {
      return undefined;
    }
  }

  /** A document begins with its size, which no document has that looks like JSON. */
  #isJson(): boolean {
    return this.#bytes.length > 4 && this.#bytes.readUInt32LE(0) === JSON_START;
  }
}

export class Cache {
  readonly #redis: CacheRedis;
  readonly #ttlSeconds: number;
  readonly #reads: Coalescer<readonly string[], (CachedRecord | null)[]>;
  readonly #writes: Record<'pending' | 'stored', Coalescer<readonly Entry[]>>;
  readonly #kept: Coalescer<{ readonly id: string; readonly size: number }>;

  /**
   * @param ttlSeconds how long a group stays cached once it is stored. A single record is read
   * again, so it stays twice as long and, when Redis is full, longer than every group.
   */
  constructor(connection: Redis, ttlSeconds: number) {
    connection.defineCommand('cacheRead', { lua: READ });
    connection.defineCommand('cacheKeep', { lua: KEEP });
    connection.defineCommand('cachePut', { lua: PUT });
    connection.defineCommand('cacheExpire', { lua: EXPIRE });
    this.#redis = connection as CacheRedis;
    this.#ttlSeconds = ttlSeconds;
    this.#reads = new Coalescer({ maxItems: 100, maxInFlight: 16, flush: (requests) => this.#read(requests) });
    this.#writes = { pending: this.#writer(PENDING_TTL_SECONDS), stored: this.#writer(2 * ttlSeconds) };
    this.#kept = new Coalescer({
      maxItems: 100,
      maxBytes: MAX_CALL_BYTES,
      sizeOf: ({ size }) => size,
      maxInFlight: 1,
      flush: (records) => this.#keep(records.map(({ id }) => id)),
    });
  }

  /**
   * The records in the order of `ids`, null for what is not cached. One round trip, shared by all
   * callers of a tick.
   */
  getMany(ids: readonly string[]): Promise<(CachedRecord | null)[]> {
    return ids.length === 0 ? Promise.resolve([]) : this.#reads.add(ids);
  }

  /** Keeps a group that was accepted and is not stored yet. @param group its bytes */
  async putPending(id: string, group: Buffer): Promise<void> {
    await this.#writes.pending.add([{ key: groupKey(id), value: group }]);
  }

  /** Keeps records that came from MongoDB. */
  async putStored(records: readonly DataRecord[]): Promise<void> {
    if (records.length === 0) return;
    await this.#writes.stored.add(
      records.map((record) => ({ key: recordKey(record._id), value: encodeRecord(record) })),
    );
  }

  /**
   * Keeps a copy of a record that stays when its group is evicted.
   * @param size about how large it is, bytes: Redis serves no other client while it copies
   */
  async keep(id: string, size: number): Promise<void> {
    await this.#kept.add({ id, size });
  }

  /** Says that these groups are stored now: from here on they may expire. */
  async markStored(groups: readonly string[]): Promise<void> {
    if (groups.length > 0) await this.#redis.cacheExpire(groups.length, groups.map(groupKey), this.#ttlSeconds);
  }

  /** @throws the error, after it has dropped a connection that hangs */
  readonly #fail = (error: Error): never => {
    throw dropIfStalled(this.#redis, error);
  };

  async #read(requests: readonly (readonly string[])[]): Promise<(CachedRecord | null)[][]> {
    const ids = requests.flat();
    const found = await this.#redis.cacheReadBuffer(ids.length, groupKeys(ids), ids.map(placeOf)).catch(this.#fail);
    let i = 0;
    return requests.map((request) =>
      request.map((id) => {
        const bytes = found[i++];
        const record = bytes ? new CachedRecord(bytes) : null;
        return record?.is(id) ? record : null;
      }),
    );
  }

  async #keep(ids: readonly string[]): Promise<void> {
    const ttl = 2 * this.#ttlSeconds;
    await this.#redis.cacheKeep(ids.length, groupKeys(ids), ttl, ids.map(placeOf)).catch(this.#fail);
  }

  #writer(ttlSeconds: number): Coalescer<readonly Entry[]> {
    return new Coalescer({
      maxItems: 100,
      maxBytes: MAX_CALL_BYTES,
      sizeOf: (entries) => entries.reduce((sum, { value }) => sum + value.length, 0),
      maxInFlight: 16,
      flush: async (requests) => {
        const entries = requests.flat();
        const keys = entries.map(({ key }) => key);
        const values = entries.map(({ value }) => value);
        await this.#redis.cachePut(keys.length, keys, ttlSeconds, values);
      },
    });
  }
}

/**
 * Empties the cache, and only it: records that wait to be stored stay.
 * @returns how many keys were removed
 */
export async function flushCache(redis: Redis): Promise<number> {
  const untilSeconds = PENDING_TTL_SECONDS - 24 * 3600;
  let removed = 0;
  for (const prefix of [GROUP, RECORD])
    for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 1000 }) as AsyncIterable<string[]>)
      if (keys.length > 0) removed += (await redis.eval(FLUSH, keys.length, ...keys, untilSeconds)) as number;
  return removed;
}
