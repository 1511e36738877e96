import { expect, test } from '@jest/globals';
import { Cache } from '../apps/shared/cache.ts';
import { encodeGroup, groupOf } from '../apps/shared/group.ts';
import { createLogger } from '../apps/shared/logger.ts';
import { makeRecords } from '../apps/shared/record.testing.ts';
import { connectRedis, redisReady } from '../apps/shared/redis.ts';
import { useRedis } from '../test/servers.ts';
import { flushCacheAt } from './flush-cache.ts';

const server = useRedis();

test('removes stored records from the cache, and nothing else', async () => {
  const redis = connectRedis({ url: server.url, name: 'test' }, createLogger('test', 'silent'));
  try {
    await redisReady(redis);
    const cache = new Cache(redis, 600);
    const [stored, pending] = [makeRecords('post', 'a', ['1', '2']), makeRecords('post', 'b', ['3'])];
    await cache.putStored(stored);
    await cache.putPending(groupOf(pending[0]!._id), encodeGroup(pending));
    await redis.set('other', 'kept', 'EX', 600);
    expect(await flushCacheAt(server.url)).toBe(2);
    const left = await cache.getMany([...stored, ...pending].map(({ _id }) => _id));
    expect(left.map((one) => one !== null)).toEqual([false, false, true]);
    expect(await redis.get('other')).toBe('kept');
  } finally {
    redis.disconnect();
  }
});

test('says so when Redis is unreachable', async () => {
  await expect(flushCacheAt('redis://127.0.0.1:1')).rejects.toThrow(/cache cannot be flushed.*--redis/s);
}, 20_000);
