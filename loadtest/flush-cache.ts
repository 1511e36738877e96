// Empties the cache, so that the profile `cold` begins with misses.
import { flushCache } from '../apps/shared/cache.ts';
import { createLogger } from '../apps/shared/logger.ts';
import { connectRedis, redisReady } from '../apps/shared/redis.ts';
import { NotReadyError } from '../tooling/errors.ts';

/** @returns how many records were removed from the cache @throws NotReadyError when Redis does not answer */
export async function emptyCache(redisUrl: string): Promise<number> {
  const redis = connectRedis({ url: redisUrl, name: 'loadtest' }, createLogger('loadtest', 'silent'));
  try {
    await redisReady(redis);
    return await flushCache(redis);
  } catch (cause) {
    throw new NotReadyError(
      `the cache cannot be emptied: ${(cause as Error).message}. Name its Redis with --redis URL.`,
      {
        cause,
      },
    );
  } finally {
    redis.disconnect();
  }
}
