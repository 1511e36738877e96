// The consumer on real servers: stored first, acknowledged afterwards, whatever dies in between.
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { type Collection, MongoClient } from 'mongodb';
import { databaseUrl, silent, uniqueName } from '../../test/api.ts';
import { useMongo, useRedis } from '../../test/servers.ts';
import { until } from '../../test/until.ts';
import { Cache, flushCache, groupKey, PENDING_TTL_SECONDS } from '../shared/cache.ts';
import { fromStored, type StoredRecord } from '../shared/document.ts';
import { Documents, encodeGroup, groupOf } from '../shared/group.ts';
import type { Queue } from '../shared/queue/queue.ts';
import { makeRecords } from '../shared/record.testing.ts';
import type { DataRecord, NewRecords } from '../shared/record.ts';
import { connectRedis, redisReady } from '../shared/redis.ts';
import { RECORDS } from '../shared/store/store.ts';
import {
  openQueue,
  startTestConsumer,
  type TestConsumer,
  type TestConsumerOptions,
  total,
} from './consumer.testing.ts';

const redis = useRedis();
const mongo = useMongo();

describe('consumer', () => {
  let client: MongoClient;
  let connection: Redis;
  const opened: Queue[] = [];
  const started: TestConsumer[] = [];
  /** The database of the running test. */
  let database: string;

  beforeAll(async () => {
    connection = connectRedis({ url: redis.url, name: 'test' }, silent);
    await redisReady(connection);
  });
  afterAll(async () => {
    connection?.disconnect();
    await client?.close();
  });
  afterEach(async () => {
    for (const consumer of started.splice(0)) await consumer.stop();
    for (const queue of opened.splice(0)) await queue.close();
    await client?.close();
  });

  /** A queue and a database of the test's own. */
  const setUp = async (requests: readonly NewRecords[] = [], claimIdleMs?: number) => {
    database = uniqueName('consumer');
    client = new MongoClient(databaseUrl(mongo.url, database), { serverSelectionTimeoutMS: 2_000 });
    const name = uniqueName('posts');
    const queue = openQueue(redis.url, name, claimIdleMs);
    opened.push(queue);
    const writer = await queue.writer();
    const ids: string[] = [];
    // One after the other: each is a group.
    for (const request of requests) ids.push(...(await writer.accept(request)));
    const collection: Collection<StoredRecord> = client.db().collection(RECORDS);
    return { queue, writer, collection, name, ids };
  };
  const consume = async (queue: Queue, options: Partial<TestConsumerOptions> = {}): Promise<TestConsumer> => {
    const mongoUrl = databaseUrl(mongo.url, database);
    const consumer = await startTestConsumer({ queue, redisUrl: redis.url, mongoUrl, ...options });
    started.push(consumer);
    return consumer;
  };
  const drained = async (queue: Queue) => (await queue.depth().catch(() => ({ lag: -1 }))).lag === 0;
  const one = (...payloads: string[]): NewRecords => ({ type: 'post', origin: 'consumer-test', payloads });
  /** Requests with `size` records each, `count` in all. */
  const some = (count: number, size = 100): NewRecords[] =>
    Array.from({ length: Math.ceil(count / size) }, () => one(...Array<string>(Math.min(size, count)).fill('payload')));

  test('stores what was accepted, in batches, and counts it', async () => {
    const { queue, collection, ids } = await setUp(some(2_500));
    const consumer = await consume(queue, { limits: { batchSize: 500 } });
    await until(() => drained(queue));
    const stored = await collection.find().sort({ _id: 1 }).toArray();
    expect(stored.map(({ _id }) => _id)).toEqual([...ids].sort());
    const { createdAt, ...first } = fromStored(stored[0]!);
    expect(first).toEqual({ _id: ids[0], type: 'post', index: 0, payload: 'payload', origin: 'consumer-test' });
    expect(Math.abs(Date.now() - Date.parse(createdAt))).toBeLessThan(60_000);
    expect(consumer.inserts).toHaveLength(5);
    expect(await total(consumer.metrics.stored)).toBe(2_500);
    expect(await total(consumer.metrics.duplicates)).toBe(0);
    expect(await total(consumer.metrics.storeDelaySeconds)).toBe(2_500);
    expect(consumer.healthy()).toBe(true);
  });

  test('a record from a clock that is ahead of ours counts without a delay, not with a negative one', async () => {
    const { queue } = await setUp();
    const documents = Documents.ofRecords(makeRecords('post', 'ahead', ['payload']));
    const accepted = [{ at: Date.now() + 60_000, records: 1 }];
    const batches = [{ documents, accepted, traceparents: [], redelivered: 0, lost: 0, acknowledge: async () => {} }];
    const reader = { next: async () => batches.shift(), close: async () => {} };
    const { metrics } = await consume(queue, { replace: () => ({ reader }) });
    await until(async () => (await total(metrics.storeDelaySeconds)) === 1);
    const { values } = await metrics.storeDelaySeconds.get();
    expect(values.find(({ metricName }) => metricName?.endsWith('_sum'))?.value).toBe(0);
  });

  test('a batch also ends at its bytes, and at the flush interval', async () => {
    const { queue, writer } = await setUp(Array(20).fill(one('x'.repeat(10_000))));
    const consumer = await consume(queue, { limits: { batchBytes: 60_000, flushIntervalMs: 200 } });
    await until(() => drained(queue));
    expect(consumer.inserts.length).toBeGreaterThanOrEqual(4);
    // The interval starts when the record is read, which is after the writer was called.
    const before = consumer.inserts.length;
    const begun = performance.now();
    await writer.accept(one('late'));
    await until(() => drained(queue));
    expect(consumer.inserts).toHaveLength(before + 1);
    expect(consumer.inserts[before]! - begun).toBeGreaterThan(150);
  });

  test('what MongoDB refuses goes to the dead letters with its reason, its neighbours are stored', async () => {
    const { queue, writer, collection } = await setUp();
    await collection.createIndex({ payload: 1 }, { unique: true });
    const ids = await writer.accept(one('a', 'b', 'a', 'c'));
    const consumer = await consume(queue);
    await until(() => drained(queue));
    expect((await collection.find().toArray()).map(({ payload }) => payload).sort()).toEqual(['a', 'b', 'c']);
    expect(await queue.deadLetters.list(10)).toEqual([
      expect.objectContaining({
        record: expect.objectContaining({ _id: ids[2], index: 2, payload: 'a' }),
        reason: expect.stringMatching(/^MongoDB 11000: .*payload/),
      }),
    ]);
    expect(await total(consumer.metrics.deadLetters)).toBe(1);
    expect(consumer.healthy()).toBe(true);
  });

  test('a refused document that cannot be decoded goes to the dead letters as it is', async () => {
    const { queue, name } = await setUp();
    // As long as it says, with a field of a type that BSON does not have.
    const document = Buffer.from([8, 0, 0, 0, 0x77, 0x61, 0, 0]);
    const group = Buffer.concat([Buffer.from('0000001000000018', 'latin1'), document]);
    await connection.set(groupKey(name), group);
    await connection.xadd(`${name}:groups`, '*', 'g', name, 'n', 1, 'b', group.length);
    const refused = [{ index: 0, reason: 'made up' }];
    const store = { insert: async () => ({ stored: 0, duplicates: 0, refused }) };
    const consumer = await consume(queue, { replace: () => ({ store }) });
    const ended = consumer.done.then(() => 'stopped');
    await Promise.race([ended, until(async () => (await queue.depth()).deadLetters === 1)]);
    expect(await queue.deadLetters.list(10)).toMatchObject([
      { reason: 'made up', record: { type: 'unreadable', payload: document.toString() } },
    ]);
  });

  // Fields of a record in its encoded form, and what damages them.
  test.each<[what: string, field: string, damage: (document: Buffer, at: number) => void]>([
    ['a length beyond its end', '\x02payload\0', (document, at) => document.writeInt32LE(1_000_000, at + 9)],
    ['a negative length', '\x02payload\0', (document, at) => document.writeInt32LE(-1, at + 9)],
    ['a type that does not exist', '\x10index\0', (document, at) => document.writeUInt8(0x7e, at)],
    ['a string without an end', '\x02origin\0', (document) => document.writeUInt8(0x61, document.length - 2)],
  ])('a document with %s holds up no other: it goes to the dead letters', async (_what, field, damage) => {
    const { queue, collection, ids } = await setUp([one('a', 'b', 'c'), one('d')]);
    const key = groupKey(groupOf(ids[0]!));
    const group = (await connection.getBuffer(key))!;
    const [, second, third] = [0, 8, 16].map((at) => Number.parseInt(group.toString('latin1', at, at + 8), 16));
    const document = group.subarray(second, third);
    damage(document, document.indexOf(field, 0, 'latin1'));
    await connection.set(key, group);
    const consumer = await consume(queue, { writesPerSecond: 20 });
    await until(() => drained(queue));
    const stored = await collection.find().sort({ _id: 1 }).toArray();
    expect(stored.map(({ _id }) => _id)).toEqual([ids[0], ids[2], ids[3]]);
    expect(await total(consumer.metrics.stored)).toBe(3);
    expect(await total(consumer.metrics.deadLetters)).toBe(1);
    const [letter] = await queue.deadLetters.list(10);
    expect(letter).toMatchObject({ reason: expect.stringMatching(/not valid BSON/), record: { type: 'unreadable' } });
    expect(letter!.record.payload).toContain('consumer-test');
    expect(consumer.healthy()).toBe(true);
  });

  test('MongoDB killed half way: nothing is acknowledged before it is stored, nothing is lost', async () => {
    const records = 3_000;
    const { queue, collection } = await setUp(some(records));
    const consumer = await consume(queue, {
      limits: { batchSize: 100 },
      writesPerSecond: 50,
      limiterName: uniqueName('l'),
    });
    await until(() => consumer.inserts.length >= 5);
    mongo.server.kill('SIGKILL');
    await mongo.server.exited;
    await until(() => !consumer.healthy());
    const { lag } = await queue.depth();
    expect(lag).toBeGreaterThan(0);
    // Trying again pays the limiter and acknowledges nothing.
    const tries = await total(consumer.metrics.storeRetries);
    await until(async () => (await total(consumer.metrics.storeRetries)) > tries);
    expect((await queue.depth()).lag).toBe(lag);
    await mongo.restart();
    // All that was acknowledged is there: it was journaled.
    expect(await collection.countDocuments()).toBeGreaterThanOrEqual(records - lag);
    await until(() => drained(queue), 30_000);
    expect(await collection.countDocuments()).toBe(records);
    expect(consumer.healthy()).toBe(true);
  });

  test('Redis killed half way: the batch that could not be acknowledged comes again as duplicates', async () => {
    const { queue, collection } = await setUp(some(300));
    let killed = false;
    const consumer = await consume(queue, {
      limits: { batchSize: 100 },
      replace: ({ store }) => ({
        store: {
          async insert(batch) {
            const result = await store.insert(batch);
            if (!killed) {
              killed = true;
              redis.server.kill('SIGKILL');
              await redis.server.exited;
            }
            return result;
          },
        },
      }),
    });
    await until(() => killed);
    await redis.restart();
    await until(() => drained(queue), 30_000);
    expect(await collection.countDocuments()).toBe(300);
    expect(await total(consumer.metrics.stored)).toBe(300);
    expect(await total(consumer.metrics.duplicates)).toBeGreaterThanOrEqual(100);
    expect(await total(consumer.metrics.redelivered)).toBeGreaterThanOrEqual(100);
    await redisReady(connection);
  });

  test('stop finishes the batch in hand; another consumer goes on at once with the rest', async () => {
    const { queue, collection, name } = await setUp(some(1_000), 60_000);
    let inStore = () => {};
    const reached = new Promise<void>((resolve) => {
      inStore = resolve;
    });
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const consumer = await consume(queue, {
      limits: { batchSize: 100 },
      replace: ({ store }) => ({
        store: {
          async insert(batch) {
            inStore();
            await released;
            return store.insert(batch);
          },
        },
      }),
    });
    await reached;
    const stopped = consumer.stop();
    expect(consumer.stop()).toBeInstanceOf(Promise);
    release();
    await stopped;
    await consumer.done;
    expect(await collection.countDocuments()).toBe(100);
    expect((await queue.depth()).lag).toBe(900);

    // Far sooner than the 60 s after which a dead consumer's entries are taken over.
    const other = openQueue(redis.url, name, 60_000);
    opened.push(other);
    const second = await consume(other);
    await until(() => drained(other));
    expect(await collection.countDocuments()).toBe(1_000);
    expect(await total(second.metrics.duplicates)).toBe(0);
  });

  test('told to stop while MongoDB is away, it stops and acknowledges nothing', async () => {
    const { queue } = await setUp(some(10));
    const consumer = await consume(queue, {
      replace: () => ({ store: { insert: () => Promise.reject(new Error('away')) } }),
    });
    await until(() => !consumer.healthy());
    await consumer.stop();
    expect((await queue.depth()).lag).toBe(10);
  });

  test('stopped during the extra work, it acknowledges what is stored', async () => {
    const { queue, collection } = await setUp(some(10));
    const consumer = await consume(queue, { workMs: 60_000 });
    await until(async () => (await collection.countDocuments()) === 10);
    await consumer.stop();
    expect((await queue.depth()).lag).toBe(0);
  });

  test('each write command of three consumers takes a slot of the limiter they share, retries included', async () => {
    const { queue, name } = await setUp(some(1_500, 20));
    const limiterName = uniqueName('shared');
    let failures = 0;
    let slots = 0;
    const consumers = await Promise.all(
      [queue, openQueue(redis.url, name), openQueue(redis.url, name)].map((own) => {
        if (own !== queue) opened.push(own);
        return consume(own, {
          limits: { batchSize: 20 },
          writesPerSecond: 30,
          limiterName,
          replace: ({ store, limiter }) => ({
            limiter: {
              async acquire(signal) {
                const waitedMs = await limiter.acquire(signal);
                slots++;
                return waitedMs;
              },
            },
            store: {
              async insert(batch) {
                const result = await store.insert(batch);
                // Stored, but the answer is lost: it is tried again.
                if (failures++ % 4 === 0) throw new Error('connection reset');
                return result;
              },
            },
          }),
        });
      }),
    );
    await until(() => drained(queue), 30_000);
    const sent = consumers.flatMap(({ inserts }) => inserts);
    expect(sent.length).toBeGreaterThan(75);
    expect(sent).toHaveLength(slots);
    expect(consumers.filter(({ inserts }) => inserts.length > 0)).toHaveLength(3);
  });

  test('Redis Streams: a record stays cached without a TTL until it is stored, and with one afterwards', async () => {
    const { queue, ids } = await setUp(some(3));
    const ttl = () => connection.ttl(groupKey(groupOf(ids[0]!)));
    await flushCache(connection);
    expect(await ttl()).toBe(-1);
    await consume(queue);
    await until(() => drained(queue));
    expect(await ttl()).toBeGreaterThan(590);
    expect(await flushCache(connection)).toBeGreaterThanOrEqual(1);
    expect(await ttl()).toBe(-2);
  });

  test('Kafka’s way: the consumer marks what it stored in the cache; what is pending survives a flush', async () => {
    const [first, second] = [makeRecords('post', 'a', ['1', '2']), makeRecords('post', 'b', ['3'])];
    const cache = new Cache(connection, 600);
    for (const records of [first, second]) await cache.putPending(groupOf(records[0]!._id), encodeGroup(records));
    const ttl = (records: DataRecord[]) => connection.ttl(groupKey(groupOf(records[0]!._id)));
    expect(await ttl(first)).toBeGreaterThan(PENDING_TTL_SECONDS - 10);
    const { queue } = await setUp();
    let closed = () => {};
    const end = new Promise<undefined>((resolve) => {
      closed = () => resolve(undefined);
    });
    // Like Kafka's: acknowledging tells the cache nothing.
    const documents = Documents.ofRecords(first);
    const batches = [
      { documents, accepted: [], traceparents: [], redelivered: 0, lost: 0, acknowledge: async () => undefined },
    ];
    const reader = { next: async () => batches.shift() ?? end, close: async () => closed() };
    await consume(queue, { replace: () => ({ cache, reader }) });
    await until(async () => (await ttl(first)) <= 600);
    await flushCache(connection);
    expect(await ttl(first)).toBe(-2);
    expect(await ttl(second)).toBeGreaterThan(PENDING_TTL_SECONDS - 60);
  });

  test('records that are gone from the queue are counted as lost, and those around them stored', async () => {
    const { queue, collection, ids } = await setUp(some(300));
    await connection.del(groupKey(groupOf(ids[150]!)));
    const consumer = await consume(queue);
    await until(() => drained(queue));
    expect(await collection.countDocuments()).toBe(200);
    expect(await total(consumer.metrics.lost)).toBe(100);
    expect((await queue.depth()).deadLetters).toBe(0);
  });

  test('records of 100 KB, 200 MB of them, fit into the memory of a batch', async () => {
    const { queue, collection } = await setUp(Array(2_000).fill(one('x'.repeat(100_000))));
    let most = 0;
    await consume(queue, {
      limits: { batchSize: 2_000, batchBytes: 4 << 20 },
      replace: ({ store }) => ({
        store: {
          insert(documents) {
            most = Math.max(most, documents.bytes);
            return store.insert(documents);
          },
        },
      }),
    });
    await until(() => drained(queue), 60_000);
    expect(await collection.countDocuments()).toBe(2_000);
    expect(most).toBeLessThanOrEqual(4 << 20);
  });

  test('a cache that fails after storing does not make it unstored', async () => {
    const { queue, collection } = await setUp(some(5));
    const broken = connectRedis({ url: 'redis://127.0.0.1:1', name: 'broken' }, silent);
    await consume(queue, { replace: () => ({ cache: new Cache(broken, 600) }) });
    await until(() => drained(queue));
    expect(await collection.countDocuments()).toBe(5);
    broken.disconnect();
  });
});
