import { Redis } from 'ioredis';
import { useRedis } from '../../../test/servers.ts';
import { createLogger } from '../logger.ts';
import { queueContract } from './contract.ts';
import { createRedisStreamsQueue } from './redis-streams.ts';

const redis = useRedis();
const logger = createLogger('test', process.env.TEST_LOG_LEVEL ?? 'silent');

queueContract('redis-streams', {
  create: async () => undefined,
  open: (name, { maxLength = 1_000_000 } = {}) =>
    createRedisStreamsQueue(
      { url: redis.url, name, group: 'store', maxLength, cacheTtlSeconds: 600, claimIdleMs: 2_000 },
      logger,
    ),
  async poison(name, text) {
    const connection = new Redis(redis.url);
    await connection.multi().set('record:poison', text).xadd(name, '*', 'key', 'record:poison').exec();
    await connection.quit();
  },
  async crash(down) {
    redis.server.kill('SIGKILL');
    await redis.server.exited;
    await down?.();
    await redis.restart();
  },
  settings: (name) => ({
    QUEUE_KIND: 'redis-streams',
    QUEUE_NAME: name,
    QUEUE_GROUP: 'store',
    QUEUE_MAX_LENGTH: 1_000_000,
    REDIS_URL: redis.url,
  }),
  takeoverMs: 10_000,
});
