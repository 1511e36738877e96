import { expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { useRedis } from '../../test/servers.ts';
import { Cache } from './cache.ts';
import { encodeGroup, groupOf } from './group.ts';
import { createLogger } from './logger.ts';
import { makeRecords } from './record.testing.ts';
import { connectRedis, redisReady } from './redis.ts';

const redis = useRedis();

test('as many groups as a batch may hold are marked, and as many records read, at once', async () => {
  const connection = new Redis(redis.url);
  const cache = new Cache(connection, 600);
  const ids = Array.from({ length: 130_000 }, (_, i) => `${i.toString(16).padStart(21, '0')}000`);
  await cache.markStored(ids);
  const found = await cache.getMany(ids);
  expect(found).toEqual(Array(ids.length).fill(null));
  await connection.quit();
});

test('when Redis is full, single records outlive the groups: from the store, or kept when they were accepted', async () => {
  const connection = new Redis(redis.url);
  const cache = new Cache(connection, 600);
  const records = Array.from({ length: 200 }, () => makeRecords('post', 'o', ['x'.repeat(700)])[0]!);
  await cache.putStored(records.slice(0, 100));
  for (const record of records.slice(100)) {
    await cache.putPending(groupOf(record._id), encodeGroup([record]));
    await cache.keep(record._id, record.payload.length);
    await cache.markStored([groupOf(record._id)]);
  }
  await connection.config('SET', 'maxmemory', '48mb');
  try {
    for (let i = 0; i < 1_000; i++) {
      const group = makeRecords('post', 'o', ['y'.repeat(100_000)]);
      const id = groupOf(group[0]!._id);
      await cache.putPending(id, encodeGroup(group));
      await cache.markStored([id]);
    }
    expect(await connection.info('stats')).toMatch(/evicted_keys:[1-9]/);
    const found = await cache.getMany(records.map(({ _id }) => _id));
    expect(found.map((one) => one?.decode())).toEqual(records);
  } finally {
    await connection.config('SET', 'maxmemory', '0');
    await connection.quit();
  }
});

test('ids do not pile up behind a Redis that hangs', async () => {
  const options = { url: redis.url, name: 'cache', commandTimeoutMs: 100 };
  const connection = connectRedis(options, createLogger('test', 'silent'));
  await redisReady(connection);
  const cache = new Cache(connection, 600);
  redis.server.kill('SIGSTOP');
  try {
    const ids = Array.from({ length: 300 }, (_, i) => i.toString(16).padStart(24, '0'));
    const kept = await Promise.allSettled(ids.map((id) => cache.keep(id, 1)));
    const timedOut = kept.filter((one) => one.status === 'rejected' && /timed out/.test(one.reason.message));
    expect(timedOut).toHaveLength(100);
  } finally {
    redis.server.kill('SIGCONT');
    connection.disconnect();
  }
});

test('large records are copied a megabyte at a time', async () => {
  const connection = new Redis(redis.url);
  const cache = new Cache(connection, 600);
  const records = Array.from({ length: 12 }, () => makeRecords('post', 'o', ['x'.repeat(256 * 1024)])[0]!);
  for (const record of records) await cache.putPending(groupOf(record._id), encodeGroup([record]));
  await cache.keep('0'.repeat(24), 1); // loads the script
  await connection.config('RESETSTAT');
  await Promise.all(records.map(({ _id, payload }) => cache.keep(_id, payload.length)));
  expect(await connection.info('commandstats')).toMatch(/cmdstat_evalsha:calls=3,/);
  await connection.quit();
});
