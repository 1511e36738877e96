// The limiter: all consumers together send so many write commands a second, counted in Redis.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { redisReady } from './redis.ts';

/**
 * Reserves the next free slot (GCRA with a burst of 1, on Redis' own clock).
 * KEYS: the limiter. ARGV: microseconds between slots. Returns the microseconds until the slot.
 * Allowed without memory (since Redis 7): what is stored makes room, and without a slot nothing is stored.
 */
const RESERVE = `#!lua flags=allow-oom
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local slot = math.max(now, tonumber(redis.call('GET', KEYS[1]) or 0))
redis.call('SET', KEYS[1], string.format('%.0f', slot + tonumber(ARGV[1])), 'PX', 60000)
return string.format('%.0f', slot - now)`;

/** A slot may be used so late, milliseconds. */
const MAX_LATE_MS = 50;

type LimiterRedis = Redis & { limiterReserve(numKeys: number, key: string, intervalMicros: number): Promise<string> };

export interface Limiter {
  /**
   * Waits for a slot. Fails closed: while Redis is unreachable nobody gets one.
   * @returns milliseconds waited
   * @throws when `signal` is aborted
   */
  acquire(signal?: AbortSignal): Promise<number>;
}

/** @param perSecond slots a second, all processes together; 0 = no limit */
export function createLimiter(connection: Redis, name: string, perSecond: number): Limiter {
  if (perSecond === 0) return { acquire: async () => 0 };
  connection.defineCommand('limiterReserve', { lua: RESERVE });
  const redis = connection as LimiterRedis;
  // Slots are used up to MAX_LATE_MS late, so they lie that much further apart: n + 1 of them never fall into one second.
  const intervalMicros = Math.ceil(((1_000 + MAX_LATE_MS) * 1_000) / perSecond);
  return {
    async acquire(signal) {
      const start = performance.now();
      for (;;) {
        signal?.throwIfAborted();
        try {
          const asked = performance.now();
          const waitMs = Number(await redis.limiterReserve(1, `limiter:${name}`, intervalMicros)) / 1000;
          // Timers may fire up to a millisecond early: round up.
          if (waitMs > 0) await sleep(Math.ceil(waitMs) + 1, undefined, signal ? { signal } : undefined);
          const now = performance.now();
          // Whoever comes too late for its slot (a busy process, a slow network) would crowd the next ones: it asks again.
          if (now - asked - waitMs <= MAX_LATE_MS) return now - start;
        } catch (error) {
          if (signal?.aborted) throw error;
          // No slot was got (a reservation whose answer was lost just stays unused); the connection logs why.
          await sleep(200);
          await redisReady(redis, 2_000).catch(() => undefined);
        }
      }
    },
  };
}
