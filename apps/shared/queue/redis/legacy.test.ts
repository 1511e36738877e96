// Upgrading from version 0.1 while it runs: what its API, consumers and dead letters left in Redis
// is not lost.
import { afterEach, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { silent, uniqueName } from '../../../../test/api.ts';
import { useRedis } from '../../../../test/servers.ts';
import { until } from '../../../../test/until.ts';
import { Cache } from '../../cache.ts';
import { makeRecords } from '../../record.testing.ts';
import type { DataRecord } from '../../record.ts';
import type { Queue, QueueReader } from '../queue.ts';
import { RedisStreamsQueue } from './queue.ts';

const server = useRedis();
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function connect(): Redis {
  const redis = new Redis(server.url);
  closers.push(() => redis.quit());
  return redis;
}

/** What the API of version 0.1 did with the records of a request. */
async function acceptOld(redis: Redis, name: string, records: readonly DataRecord[]): Promise<void> {
  const transaction = redis.multi();
  for (const record of records)
    transaction.set(`record:${record._id}`, JSON.stringify(record)).xadd(name, '*', 'key', `record:${record._id}`);
  await transaction.exec();
}

async function acknowledgeOld(redis: Redis, name: string, entries: readonly string[]): Promise<void> {
  await redis
    .multi()
    .xack(name, 'store', ...entries)
    .xdel(name, ...entries)
    .exec();
}

function open(name: string): Queue {
  const limits = { maxLength: 1_000_000, maxBytes: 1e9 };
  const queue = new RedisStreamsQueue(
    { url: server.url, name, group: 'store', ...limits, cacheTtlSeconds: 600, claimIdleMs: 1_000 },
    silent,
  );
  closers.push(() => queue.close());
  return queue;
}

/** Reads and acknowledges until nothing waits. */
async function drain(queue: Queue, reader: QueueReader): Promise<DataRecord[]> {
  const found: DataRecord[] = [];
  while ((await queue.depth()).lag > 0) {
    const batch = await reader.next();
    found.push(...batch!.documents.records());
    await batch!.acknowledge();
  }
  return found;
}

const ids = (records: readonly DataRecord[]): string[] => records.map(({ _id }) => _id).sort();
const LIMITS = { batchSize: 1_000, batchBytes: 1 << 20, flushIntervalMs: 20 };

test('waiting, pending and coming records are all delivered, and readable until then', async () => {
  const name = uniqueName('posts');
  const old = connect();
  const records = makeRecords('post', 'old', ['first', 'Grüße 🌊', ...Array<string>(700).fill('x'.repeat(5_000))]);
  await acceptOld(old, name, records.slice(0, 500));
  await old.xgroup('CREATE', name, 'store', '0');
  // A consumer of that version has some in hand: it stores the first of them, and dies with the
  // others.
  const [[, entries]] = (await old.xreadgroup('GROUP', 'store', 'gone', 'COUNT', 5, 'STREAMS', name, '>')) as [
    [string, [string, string[]][]],
  ];
  await acknowledgeOld(old, name, [entries[0]![0]]);
  const queue = open(name);
  expect(await queue.depth()).toMatchObject({ lag: 499, lagBytes: 0 });
  const reader = await queue.reader(LIMITS);
  const first = await reader.next();
  // APIs of that version are still running.
  await acceptOld(old, name, records.slice(500));
  const cache = new Cache(connect(), 600);
  for (const { _id } of [records[1]!, records[300]!, records[600]!])
    expect((await cache.getMany([_id]))[0]?.decode()?._id).toBe(_id);
  const found = [...first!.documents.records()];
  await first!.acknowledge();
  found.push(...(await drain(queue, reader)));
  expect(ids(found)).toEqual(ids(records.slice(1)));
  expect(found.find(({ _id }) => _id === records[1]!._id)).toEqual(records[1]);
  expect(await queue.depth()).toMatchObject({ lag: 0, lagBytes: 0, deadLetters: 0 });
  expect(await old.xlen(name)).toBe(0);
  for (const { _id } of records.slice(1, 4)) expect(await old.ttl(`record:${_id}`)).toBeGreaterThan(0);
}, 30_000);

test('a consumer of the old version beside a new one: each record goes to one of them', async () => {
  const name = uniqueName('posts');
  const old = connect();
  await old.xgroup('CREATE', name, 'store', '0', 'MKSTREAM');
  const records = makeRecords('post', 'old', Array<string>(300).fill('x'));
  const taken: string[] = [];
  let stop = false;
  const consuming = (async () => {
    const blocking = connect();
    while (!stop) {
      const reply = (await blocking.xreadgroup(
        'GROUP',
        'store',
        'alive',
        'COUNT',
        7,
        'BLOCK',
        20,
        'STREAMS',
        name,
        '>',
      )) as [string, [string, string[]][]][] | null;
      for (const [id, fields] of reply ? reply[0]![1] : []) {
        await acknowledgeOld(old, name, [id]);
        taken.push(fields[1]!.slice('record:'.length));
      }
    }
  })();
  const queue = open(name);
  const reader = await queue.reader(LIMITS);
  const found: DataRecord[] = [];
  const reading = (async () => {
    for (let batch = await reader.next(); batch; batch = await reader.next()) {
      found.push(...batch.documents.records());
      await batch.acknowledge();
    }
  })();
  for (let i = 0; i < 300; i += 5) await acceptOld(old, name, records.slice(i, i + 5));
  await until(() => found.length + taken.length >= 300, 20_000);
  stop = true;
  await consuming;
  await reader.close();
  await reading;
  expect([...ids(found), ...taken].sort()).toEqual(ids(records));
}, 30_000);

test('what is no record of the old version stays where it is and holds nothing up', async () => {
  const name = uniqueName('posts');
  const old = connect();
  const [good] = makeRecords('post', 'old', ['a']) as [DataRecord];
  const hash = `record:${uniqueName('hash')}`;
  await old.hset(hash, 'not', 'a string');
  await old.xadd(name, '*', 'key', hash);
  await acceptOld(old, name, [good]);
  const queue = open(name);
  const reader = await queue.reader(LIMITS);
  expect((await reader.next())!.documents.records()).toEqual([good]);
  expect(await old.xlen(name)).toBe(1);
});

test('dead letters of the old version are listed, replayed and dropped', async () => {
  const name = uniqueName('posts');
  const old = connect();
  const [first, second] = makeRecords('post', 'old', ['a', 'b']);
  for (const record of [first, second])
    await old.xadd(`${name}.dlq`, '*', 'record', JSON.stringify(record), 'reason', 'r', 'failedAt', '2026-01-01');
  const queue = open(name);
  const letters = await queue.deadLetters.list(10);
  expect(letters.map(({ record }) => record)).toEqual([first, second]);
  expect(await queue.deadLetters.drop(letters[1]!.id)).toBe(true);
  expect(await queue.deadLetters.replay(letters[0]!.id)).toBe(true);
  expect(await drain(queue, await queue.reader(LIMITS))).toEqual([first]);
});
