// Flushes the cache, so that the profile `cold` starts with misses.
import { flushCache } from '../apps/shared/cache.ts';
import { createLogger } from '../apps/shared/logger.ts';
import { connectRedis, redisReady } from '../apps/shared/redis.ts';
import { NotReadyError } from '../tooling/errors.ts';

/**
 * @returns the number of records removed from the cache
 * @throws NotReadyError when Redis does not answer
 */
export async function flushCacheAt(redisUrl: string): Promise<number> {
  const redis = connectRedis({ url: redisUrl, name: 'loadtest' }, createLogger('loadtest', 'silent'));
  try {
    await redisReady(redis);
    return await flushCache(redis);
  } catch (cause) {
    throw new NotReadyError(
      `the cache cannot be flushed: ${(cause as Error).message}. Give the address of its Redis with --redis URL.`,
      { cause },
    );
  } finally {
    redis.disconnect();
  }
}
