// The limiter: never more than the limit in a second, however busy or late its users are, and no
// slot without Redis. The times compared are those of the slots, on Redis' clock.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { silent, uniqueName } from '../../test/api.ts';
import { mostInASecond } from '../../test/rate.ts';
import { useRedis } from '../../test/servers.ts';
import { until } from '../../test/until.ts';
import { createLimiter, SlotLimiter, slotSchedule } from './limiter.ts';
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

  /** Moves everything that Redis remembers, as if its clock had moved the other way. */
  const shift = async (name: string, ms: number): Promise<void> => {
    for (const key of await one.keys(`limiter:${name}*`)) {
      if ((await one.type(key)) === 'string') await one.incrby(key, ms * 1_000);
      else if ((await one.type(key)) === 'list') {
        const times = await one.lrange(key, 0, -1);
        await one.del(key);
        await one.rpush(key, ...times.map((time) => Number(time) + ms * 1_000));
      } else for (const field of ['clock', 'next']) await one.hincrby(key, field, ms * 1_000);
    }
  };

  test('the slots of several processes are evenly spaced, and no second has more than the limit', async () => {
    const name = uniqueName('together');
    const schedules = await Promise.all([1, 2, 3, 4].map(async () => slotSchedule(await connect(), name, 40)));
    const slots = await Promise.all(Array.from({ length: 200 }, (_, i) => schedules[i % 4]!(1_050)));
    const times = slots.map(({ atMs }) => atMs).sort((a, b) => a - b);
    expect(mostInASecond(times)).toBeLessThanOrEqual(40);
    const gaps = times.slice(1).map((time, i) => time - times[i]!);
    expect(Math.min(...gaps)).toBeCloseTo(1_050 / 40, 2);
    // All were reserved at once: the last is no later than the pace demands.
    expect(times.at(-1)! - times[0]!).toBeLessThan(200 * (1_050 / 40) + 1_000);
  });

  test('a slot that may be used late counts longer', async () => {
    const reserve = slotSchedule(one, uniqueName('late'), 10);
    const counts = Array.from({ length: 50 }, (_, i) => (i % 7 === 0 ? 1_700 : 1_050));
    const slots = await Promise.all(counts.map((ms) => reserve(ms)));
    for (const [i, { atMs }] of slots.slice(10).entries())
      expect(atMs - slots[i]!.atMs).toBeGreaterThanOrEqual(counts[i]! - 0.01);
  });

  test('a pause saves no slots up', async () => {
    const name = uniqueName('pause');
    const reserve = slotSchedule(one, name, 10);
    await reserve(1_050);
    await shift(name, -30_000);
    const [first, second, third] = await Promise.all([reserve(1_050), reserve(1_050), reserve(1_050)]);
    expect(first!.waitMs).toBe(0);
    expect([second!.atMs - first!.atMs, third!.atMs - second!.atMs]).toEqual([105, 105]);
  });

  test('goes on when the clock is set back by an hour, and keeps the distance', async () => {
    const name = uniqueName('back');
    const limiter = createLimiter(one, name, 2);
    await limiter.acquire();
    await shift(name, 3_600_000);
    await limiter.acquire(AbortSignal.timeout(10_000));

    const reserve = slotSchedule(one, name, 2);
    const before = [await reserve(1_050), await reserve(1_050)];
    await shift(name, 3_600_000);
    const after = [await reserve(1_050), await reserve(1_050)];
    expect(after[0]!.atMs - (before[1]!.atMs + 3_600_000)).toBeCloseTo(525, 1);
    expect(after[1]!.atMs - after[0]!.atMs).toBeCloseTo(525, 1);
    expect(after[1]!.waitMs).toBeLessThan(5 * 525);
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

  test('stops waiting when it is aborted', async () => {
    const limiter = createLimiter(one, uniqueName('abort'), 1);
    await limiter.acquire();
    const abort = new AbortController();
    const waiting = limiter.acquire(abort.signal);
    abort.abort();
    await expect(waiting).rejects.toThrow(/abort/i);
    await expect(limiter.acquire(abort.signal)).rejects.toThrow(/abort/i);
  });

  test('fails closed: gives no slot while Redis is away, and goes on when it is back', async () => {
    const limiter = createLimiter(one, uniqueName('closed'), 100);
    let attempts = 0;
    one.on('reconnecting', () => attempts++);
    redis.server.kill('SIGKILL');
    await redis.server.exited;
    let got = false;
    const waiting = limiter.acquire().then(() => {
      got = true;
    });
    await until(() => attempts >= 3);
    expect(got).toBe(false);
    await redis.restart();
    await waiting;
  });
});

describe('use of a slot', () => {
  /** A limiter whose slots are due in 100 ms, with a clock that a test can let pass. */
  const fake = (lateMs: readonly number[]) => {
    let nowMs = 0;
    const late = [...lateMs];
    const counts: number[] = [];
    const limiter = new SlotLimiter({
      reserve: async (countsMs) => {
        counts.push(countsMs);
        return { atMs: nowMs + 100, waitMs: 100 };
      },
      recover: async () => undefined,
      now: () => nowMs,
      sleep: async (ms) => {
        nowMs += ms + (late.shift() ?? 0);
      },
    });
    return { limiter, counts };
  };

  test('in time: one reservation', async () => {
    const { limiter, counts } = fake([]);
    expect(await limiter.acquire()).toBe(101);
    expect(counts).toEqual([1_050]);
  });

  test('a slot that was missed is not used: the next one counts longer, so that a busy process gets one', async () => {
    const { limiter, counts } = fake([70, 70, 70]);
    await limiter.acquire();
    expect(counts).toEqual([1_050, 1_070, 1_110]);
  });

  test('slots count for as long as before once the process is in time again', async () => {
    const { limiter, counts } = fake([70, 70, 70]);
    for (let i = 0; i < 4; i++) await limiter.acquire();
    expect(counts).toEqual([1_050, 1_070, 1_110, 1_110, 1_070, 1_050]);
  });
});
