// That reads are real: the cache in one round trip, MongoDB in one query for what it lacks, whoever asks.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { type CommandStartedEvent, MongoClient } from 'mongodb';
import { Registry } from 'prom-client';
import { databaseUrl, silent } from '../../test/api.ts';
import { useMongo, useRedis } from '../../test/servers.ts';
import { until } from '../../test/until.ts';
import { Cache, flushCache, groupKey, recordKey } from '../shared/cache.ts';
import { Documents, encodeGroup, groupOf, joinGroup } from '../shared/group.ts';
import { makeRecords } from '../shared/record.testing.ts';
import { type DataRecord, encodeRecord } from '../shared/record.ts';
import { connectRedis, redisReady } from '../shared/redis.ts';
import { MongoStore } from '../shared/store/mongo/store.ts';
import { RECORDS } from '../shared/store/store.ts';
import { createApiMetrics } from './metrics.ts';
import { RecordReader } from './record-reader.ts';

const redis = useRedis();
const mongo = useMongo();

const records = makeRecords(
  'post',
  'reader-test',
  Array.from({ length: 50 }, (_, i) => `payload ${i}`),
);
const ids = records.map(({ _id }) => _id);

describe('record reader', () => {
  let client: MongoClient;
  let connection: Redis;
  let cache: Cache;
  let reader: RecordReader;
  let open: (random?: number) => RecordReader;
  let metrics: ReturnType<typeof createApiMetrics>;
  let finds: CommandStartedEvent[] = [];

  beforeAll(async () => {
    client = new MongoClient(databaseUrl(mongo.url, 'reader'), { monitorCommands: true });
    client.on('commandStarted', (event) => {
      if (event.commandName === 'find' || event.commandName === 'getMore') finds.push(event);
    });
    connection = connectRedis({ url: redis.url, name: 'test' }, silent);
    await redisReady(connection);
    const store = new MongoStore(client.db());
    await store.insert(Documents.ofRecords(records));
    cache = new Cache(connection, 600);
    metrics = createApiMetrics(new Registry());
    // Keeps nothing, unless a test says otherwise.
    open = (random = 1) => new RecordReader(cache, store, metrics, silent, () => random);
    reader = open();
  });
  afterAll(async () => {
    await client?.close();
    connection?.disconnect();
  });
  beforeEach(async () => {
    // What an earlier test read is cached in the background: let that happen first.
    await cache.getMany(ids);
    await flushCache(connection);
    metrics.cacheHits.reset();
    metrics.cacheMisses.reset();
    finds = [];
  });

  const cached = () => connection.exists(...ids.map(recordKey));
  const reads = async (): Promise<number> =>
    Number(/cmdstat_evalsha:calls=(\d+)/.exec(await connection.info('commandstats'))?.[1] ?? 0);

  test('five cold reads are one round trip to each; then they are cached', async () => {
    expect(await reader.present(ids.slice(0, 5))).toEqual(ids.slice(0, 5));
    expect(finds).toHaveLength(1);
    await until(async () => (await cached()) === 5);
    const before = await reads();
    expect(await connection.ttl(recordKey(ids[0]!))).toBeGreaterThan(590);

    expect(await reader.present(ids.slice(0, 5))).toEqual(ids.slice(0, 5));
    expect(finds).toHaveLength(1);
    expect(await reads()).toBe(before + 1);
    expect((await metrics.cacheHits.get()).values[0]!.value).toBe(5);
    expect((await metrics.cacheMisses.get()).values[0]!.value).toBe(5);
  });

  test('what was read may be kept by the process, and costs no round trip then', async () => {
    const keeping = open(0);
    await cache.putStored(records.slice(0, 5));
    expect(await keeping.present(ids.slice(0, 5))).toEqual(ids.slice(0, 5));
    const before = await reads();
    expect(await keeping.present(ids.slice(0, 5))).toEqual(ids.slice(0, 5));
    expect(await keeping.read(ids[3]!)).toEqual(records[3]);
    expect(await reads()).toBe(before);
    // One is near, one in the cache, one in MongoDB, one nowhere.
    const nowhere = makeRecords('post', 'nowhere', ['x'])[0]!._id;
    await cache.putStored([records[6]!]);
    expect(await keeping.present([ids[9]!, nowhere, ids[6]!, ids[2]!])).toEqual([ids[9], ids[6], ids[2]]);
    expect(finds.map(({ command }) => command.filter._id.$in)).toEqual([[ids[9], nowhere]]);
    expect((await metrics.cacheHits.get()).values[0]!.value).toBe(5 + 5 + 1 + 2);
    expect((await metrics.cacheMisses.get()).values[0]!.value).toBe(2);
  });

  test('what a process keeps is bounded in bytes', async () => {
    const keeping = open(0);
    const large = makeRecords('post', 'large', Array(300).fill('é'.repeat(10_000)));
    const all = large.map(({ _id }) => _id);
    await cache.putStored(large);
    await keeping.present(all);
    metrics.cacheHits.reset();
    const before = await reads();
    await keeping.present(all);
    expect(await reads()).toBe(before + 1); // 6 MB were read, 4 MiB are kept
  });

  test('cold reads of many requests travel together: two queries for fifty requests', async () => {
    const first = reader.present(ids.slice(0, 2));
    const all = await Promise.all(Array.from({ length: 50 }, (_, i) => reader.present([ids[i]!, ids[(i + 1) % 50]!])));
    await first;
    all.forEach((pair, i) => {
      expect(pair).toEqual([ids[i], ids[(i + 1) % 50]]);
    });
    expect(finds.length).toBeLessThanOrEqual(2);
  });

  test('only what the cache lacks is asked for, and the order is the caller’s', async () => {
    await cache.putStored([records[1]!, records[3]!]);
    expect(await reader.present([ids[4]!, ids[3]!, ids[2]!, ids[1]!])).toEqual([ids[4], ids[3], ids[2], ids[1]]);
    expect(finds[0]!.command.filter._id.$in).toEqual([ids[4], ids[2]]);
  });

  test('an id that does not exist is left out, and never cached as absent', async () => {
    const [late] = makeRecords('post', 'late', ['x']) as [DataRecord];
    expect(await reader.present([ids[0]!, late._id])).toEqual([ids[0]]);
    expect(await reader.read(late._id)).toBeUndefined();
    await new MongoStore(client.db()).insert(Documents.ofRecords([late]));
    expect(await reader.read(late._id)).toEqual(late);
  });

  const asJson = (records: readonly (DataRecord | undefined)[]) =>
    joinGroup(records.map((record) => record && Buffer.from(encodeRecord(record))));

  test.each([
    ['documents', encodeGroup],
    ['JSON', asJson],
  ])('a group of %s in the cache serves each of its records, decoded, and nothing else', async (_, encode) => {
    const group = makeRecords('post', 'grouped', ['a', 'žluť 🌊', 'c']);
    const id = groupOf(group[0]!._id);
    await cache.putPending(id, encode(group));
    expect(await reader.present(group.map(({ _id }) => _id))).toEqual(group.map(({ _id }) => _id));
    for (const record of group) expect(await reader.read(record._id)).toEqual(record);
    expect(finds).toHaveLength(0);
    for (const place of ['003', '004', '100', 'fff']) expect(await reader.read(id + place)).toBeUndefined();
    await connection.del(groupKey(id));
  });

  test('an empty place in a group is no record, and its neighbours are', async () => {
    const [a, b, c] = makeRecords('post', 'sparse', ['a', 'b', 'c']) as [DataRecord, DataRecord, DataRecord];
    const id = groupOf(a._id);
    for (const kept of [
      [a, undefined, c],
      [undefined, b, undefined],
    ]) {
      await cache.putPending(id, asJson(kept));
      const found = [a, b, c].map(async ({ _id }) => (await reader.read(_id))?.payload);
      expect(await Promise.all(found)).toEqual(kept.map((record) => record?.payload));
      await connection.del(groupKey(id));
    }
  });

  test('a payload that looks like a table and a record is neither: records cannot be forged', async () => {
    const [{ _id }] = makeRecords('post', 'o', ['']) as [DataRecord];
    const id = groupOf(_id);
    const forged = { ...records[0]!, _id: `${id}020`, payload: 'forged' };
    const json = encodeRecord(forged);
    const position = (at: number) => at.toString(16).padStart(8, '0');
    // Where the table would have place 020, and where that would point to.
    const [tableAt, recordAt] = [8 * 0x20, 512];
    const payloadAt = encodeGroup([{ ...records[0]!, payload: '####' }]).indexOf('####');
    const table = position(recordAt) + position(recordAt + json.length);
    const payload = `${''.padEnd(tableAt - payloadAt)}${table}`.padEnd(recordAt - payloadAt) + json;
    await cache.putPending(id, encodeGroup([{ ...records[0]!, _id, payload }]));
    expect(await connection.getrange(groupKey(id), tableAt, tableAt + 15)).toBe(table);
    expect((await reader.read(_id))?.payload).toBe(payload);
    expect(await reader.read(forged._id)).toBeUndefined();
    await connection.del(groupKey(id));
  });

  test('what is no record in the cache is a miss', async () => {
    await connection.set(groupKey(groupOf(ids[7]!)), '0000001000000020'.repeat(20));
    await connection.set(recordKey(ids[8]!), '{"_id":"no record');
    expect(await reader.read(ids[7]!)).toEqual(records[7]);
    expect(await reader.read(ids[8]!)).toEqual(records[8]);
    await connection.del(groupKey(groupOf(ids[7]!)), recordKey(ids[8]!));
  });

  test('a document of another program that is no whole record is read again and again', async () => {
    const _id = 'e'.repeat(24);
    const foreign = { _id, payload: 5, createdAt: new Date(0) };
    await client.db().collection<{ _id: string }>(RECORDS).insertOne(foreign);
    for (let i = 0; i < 3; i++) {
      expect(await reader.read(_id)).toMatchObject({ _id, payload: 5 });
      await until(async () => (await connection.exists(recordKey(_id))) === 1);
    }
    await connection.del(recordKey(_id));
  });

  test('a cache that fails costs a query, not the request', async () => {
    const broken = connectRedis({ url: 'redis://127.0.0.1:1', name: 'broken' }, silent);
    const own = createApiMetrics(new Registry());
    const cacheless = new RecordReader(new Cache(broken, 600), new MongoStore(client.db()), own, silent);
    expect(await cacheless.present(ids.slice(0, 5))).toEqual(ids.slice(0, 5));
    await until(async () => (await own.cacheErrors.get()).values[0]!.value >= 2);
    broken.disconnect();
  });

  test('a key that waits in the queue keeps having no TTL when MongoDB’s copy is cached', async () => {
    await connection.set(recordKey(ids[9]!), encodeRecord(records[9]!));
    await cache.putStored([records[9]!]);
    expect(await connection.ttl(recordKey(ids[9]!))).toBe(-1);
    await connection.del(recordKey(ids[9]!));
  });
});
