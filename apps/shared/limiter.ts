// The limiter: all consumers together send at most N write commands in any second. Slots are
// reserved in Redis, on its clock.
import { setTimeout as wait } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { redisReady } from './redis.ts';

/** How late a slot may be used, milliseconds, while this process is not busier than usual. */
const MIN_TOLERANCE_MS = 20;
const MAX_TOLERANCE_MS = 10_000;
/** How soon after `acquire` the command has to be sent, milliseconds. */
const SEND_MS = 30;

export interface Limiter {
  /**
   * Waits for a slot, for one command that is sent within 30 ms. Grants no slot while Redis is
   * unreachable.
   *
   * The promise: at most N commands are sent in any second, aligned or sliding, by all processes
   * together. It holds whatever the load, and when Redis' clock is set back. When the clock is set
   * forward, or Redis restarts without its data, one second may hold up to 2 N.
   *
   * @returns milliseconds waited
   * @throws when `signal` is aborted
   */
  acquire(signal?: AbortSignal): Promise<number>;
}

/** A reserved slot. */
export interface Slot {
  /** On Redis' clock, Unix milliseconds. After the clock was set back, ahead of it. */
  readonly atMs: number;
  /** Milliseconds until then. */
  readonly waitMs: number;
}

/**
 * Reserves the next slot.
 * @param countsMs how long the slot counts from its time on: a second, and how late it may be used
 */
export type ReserveSlot = (countsMs: number) => Promise<Slot>;

/**
 * A limiter that all processes share which use this name and Redis.
 * @param perSecond slots a second, all processes together; 0 = no limit
 */
export function createLimiter(redis: Redis, name: string, perSecond: number): Limiter {
  if (perSecond === 0) return { acquire: async () => 0 };
  return new SlotLimiter({
    reserve: slotSchedule(redis, name, perSecond),
    recover: async () => void (await redisReady(redis, 2_000).catch(() => undefined)),
  });
}

/**
 * KEYS: the schedule (a hash), the ends of the last N slots (a list). ARGV: N, microseconds between
 * slots, microseconds that a slot counts. Returns the slot and now, microseconds. Two rules hold:
 * - slots are evenly spaced, and a pause saves none up;
 * - the slot N slots before no longer counts.
 *
 * A clock that is before the last reservation was set back. No time is taken to have passed then,
 * and all times are kept ahead of the clock by the difference: waiting for the clock to catch up
 * would stop all consumers for as long.
 *
 * Allowed without memory (since Redis 7): what is stored makes room, and without a slot nothing is
 * stored.
 */
const RESERVE = `#!lua flags=allow-oom
local n, spacing, counts = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local text = function(micros) return string.format('%.0f', micros) end
local time = redis.call('TIME')
local clock = time[1] * 1000000 + time[2]
local state = redis.call('HMGET', KEYS[1], 'clock', 'ahead', 'next')
local ahead = tonumber(state[2] or 0) + math.max(0, tonumber(state[1] or 0) - clock)
local now = clock + ahead
local slot = math.max(now, tonumber(state[3] or 0), tonumber(redis.call('LINDEX', KEYS[2], -n) or 0))
redis.call('HSET', KEYS[1], 'clock', text(clock), 'ahead', text(ahead), 'next', text(slot + spacing))
redis.call('RPUSH', KEYS[2], text(slot + counts))
redis.call('LTRIM', KEYS[2], -n, -1)
local ttl = math.ceil((slot + spacing + counts - now) / 1000) + 60000
redis.call('PEXPIRE', KEYS[1], ttl)
redis.call('PEXPIRE', KEYS[2], ttl)
return { text(slot), text(now) }`;

type ScriptedRedis = Redis & {
  limiterReserve(keys: 2, ...keysAndArguments: [string, string, number, number, number]): Promise<[string, string]>;
};

/** The slots in Redis. Several with the same name share them. */
export function slotSchedule(redis: Redis, name: string, perSecond: number): ReserveSlot {
  redis.defineCommand('limiterReserve', { lua: RESERVE });
  const spacingMicros = Math.ceil(((1_000 + MIN_TOLERANCE_MS + SEND_MS) * 1_000) / perSecond);
  const [schedule, ends] = [`limiter:${name}:schedule`, `limiter:${name}:ends`];
  return async (countsMs) => {
    const counts = Math.ceil(countsMs * 1_000);
    const reply = await (redis as ScriptedRedis).limiterReserve(2, schedule, ends, perSecond, spacingMicros, counts);
    const [slot, now] = reply.map(Number) as [number, number];
    return { atMs: slot / 1_000, waitMs: (slot - now) / 1_000 };
  };
}

export interface SlotLimiterOptions {
  reserve: ReserveSlot;
  /** Called when `reserve` failed; resolves when it is worth another attempt. */
  recover: () => Promise<void>;
  /** Monotonic clock, milliseconds. Default: performance.now. */
  now?: () => number;
  /** Default: a timer. */
  sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/**
 * Waits for reserved slots. A slot may be used late, since timers fire late, and counts as much
 * longer. One that is missed by more is given up, and the next one is reserved with twice the
 * tolerance: a busy process gets fewer slots, but it gets some.
 */
export class SlotLimiter implements Limiter {
  readonly #options: SlotLimiterOptions;
  readonly #now: () => number;
  readonly #sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  #toleranceMs = MIN_TOLERANCE_MS;

  constructor(options: SlotLimiterOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#sleep = options.sleep ?? ((ms, signal) => wait(ms, undefined, signal ? { signal } : undefined));
  }

  async acquire(signal?: AbortSignal): Promise<number> {
    const startMs = this.#now();
    for (;;) {
      signal?.throwIfAborted();
      try {
        if (await this.#take(signal)) return this.#now() - startMs;
      } catch (error) {
        if (signal?.aborted) throw error;
        // A reservation whose answer was lost stays unused. The connection logs the reason.
        await this.#sleep(200, signal);
        await this.#options.recover();
      }
    }
  }

  /** Reserves a slot and waits for it. @returns false if it is too late for the slot */
  async #take(signal: AbortSignal | undefined): Promise<boolean> {
    const toleranceMs = this.#toleranceMs;
    const askedMs = this.#now();
    const { waitMs } = await this.#options.reserve(1_000 + toleranceMs + SEND_MS);
    // Timers may fire up to a millisecond early.
    if (waitMs > 0) await this.#sleep(Math.ceil(waitMs) + 1, signal);
    const lateMs = this.#now() - askedMs - waitMs;
    if (lateMs > toleranceMs) this.#toleranceMs = Math.min(2 * toleranceMs, MAX_TOLERANCE_MS);
    else if (lateMs < toleranceMs / 2) this.#toleranceMs = Math.max(toleranceMs / 2, MIN_TOLERANCE_MS);
    return lateMs <= toleranceMs;
  }
}
