import { expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { useRedis } from '../../test/servers.ts';
import { Cache } from './cache.ts';

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
