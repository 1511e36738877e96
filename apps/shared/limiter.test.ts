// The limiter against a real Redis: no second with more than the limit, whoever asks, and nothing without Redis.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { silent, uniqueName } from '../../test/api.ts';
import { mostInASecond } from '../../test/rate.ts';
import { useRedis } from '../../test/servers.ts';
import { until } from '../../test/until.ts';
import { createLimiter } from './limiter.ts';
import { connectRedis, redisReady } from './redis.ts';

const redis = useRedis();

describe('limiter', () => {
  const connections: Redis[] = [];
  const connect = async (): Promise<Redis> => {
    const connection = connectRedis({ url: redis.url, name: 'limiter' }, silent);
    connections.push(connection);
    await redisReady(connection);
    return connection;
  };
  let one: Redis;
  beforeAll(async () => {
    one = await connect();
  });
  afterAll(() => {
    for (const connection of connections) connection.disconnect();
  });

  /** Takes slots as fast as they come, for so long. @returns when each was given, milliseconds */
  const takeFor = async (ms: number, limiters: ReturnType<typeof createLimiter>[], busyMs = 0): Promise<number[]> => {
    const times: number[] = [];
    const end = performance.now() + ms;
    await Promise.all(
      limiters.map(async (limiter) => {
        while (performance.now() < end) {
          await limiter.acquire();
          times.push(performance.now());
          for (const until = performance.now() + busyMs; performance.now() < until; );
        }
      }),
    );
    return times.sort((a, b) => a - b);
  };

  test('several processes together stay below the limit in every second, and use most of it', async () => {
    const name = uniqueName('together');
    const limiters = await Promise.all(Array.from({ length: 4 }, async () => createLimiter(await connect(), name, 40)));
    const times = await takeFor(2_500, limiters);
    expect(mostInASecond(times)).toBeLessThanOrEqual(40);
    expect(times.length).toBeGreaterThan(2.5 * 40 * 0.8);
  });

  test('a process that is late does not crowd the second', async () => {
    const name = uniqueName('busy');
    const limiters = Array.from({ length: 4 }, () => createLimiter(one, name, 40));
    const times = await takeFor(2_000, limiters, 20);
    expect(mostInASecond(times)).toBeLessThanOrEqual(40);
    expect(times.length).toBeGreaterThan(30);
  });

  test('a pause saves nothing up: the burst is one', async () => {
    const limiter = createLimiter(one, uniqueName('burst'), 10);
    await limiter.acquire();
    const idle = performance.now();
    await until(() => performance.now() - idle > 500);
    const begun = performance.now();
    for (let i = 0; i < 3; i++) await limiter.acquire();
    expect(performance.now() - begun).toBeGreaterThan(200);
  });

  test('0 is no limit', async () => {
    const limiter = createLimiter(one, uniqueName('none'), 0);
    for (let i = 0; i < 1_000; i++) expect(await limiter.acquire()).toBe(0);
  });

  test('gives slots even when Redis has no memory left: only what is stored makes room', async () => {
    const limiter = createLimiter(one, uniqueName('full'), 100);
    await one.config('SET', 'maxmemory', '1');
    try {
      await expect(one.set('anything', 1)).rejects.toThrow(/OOM/);
      await limiter.acquire(AbortSignal.timeout(5_000));
    } finally {
      await one.config('SET', 'maxmemory', '0');
    }
  });

  test('ends waiting when it is told to', async () => {
    const limiter = createLimiter(one, uniqueName('abort'), 1);
    await limiter.acquire();
    const abort = new AbortController();
    const waiting = limiter.acquire(abort.signal);
    abort.abort();
    await expect(waiting).rejects.toThrow(/abort/i);
    await expect(limiter.acquire(abort.signal)).rejects.toThrow(/abort/i);
  });

  test('fails closed: nobody gets a slot while Redis is away, and all go on when it is back', async () => {
    const limiter = createLimiter(one, uniqueName('closed'), 100);
    redis.server.kill('SIGKILL');
    await redis.server.exited;
    let got = false;
    const waiting = limiter.acquire().then(() => {
      got = true;
    });
    const begun = performance.now();
    await until(() => performance.now() - begun > 500);
    expect(got).toBe(false);
    await redis.restart();
    await waiting;
  });
});
