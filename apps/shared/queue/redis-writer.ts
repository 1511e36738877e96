// Accepting records on Redis Streams: one script call for all the requests of a tick.
import { recordKey } from '../cache.ts';
import { Coalescer } from '../coalescer.ts';
import { QueueFullError, QueueOutcomeUnknownError, QueueUnavailableError } from '../errors.ts';
import type { DataRecord } from '../record.ts';
import { encodeRecord } from '../record.ts';
import { dropIfStalled, isReadOnly, isReplyError, wasNotSent } from '../redis.ts';
import type { QueueWriter } from './queue.ts';
import type { ScriptedRedis } from './redis-scripts.ts';
import type { StreamNames } from './redis-streams.ts';

/** Requests that travel in one script call, at most: Redis serves nobody else while a script runs. */
const MAX_REQUESTS = 50;

export function createRedisWriter(redis: ScriptedRedis, names: StreamNames, maxLength: number): QueueWriter {
  const calls = new Coalescer<readonly DataRecord[], void>({
    maxItems: MAX_REQUESTS,
    maxInFlight: 8,
    flush: async (requests) => {
      const records = requests.flat();
      const keys = records.map((record) => recordKey(record._id));
      try {
        await redis.queueAccept(keys.length + 1, names.stream, ...keys, maxLength, ...records.map(encodeRecord));
      } catch (error) {
        throw classify(dropIfStalled(redis, error as Error), names.stream);
      }
    },
  });
  let closed = false;
  return {
    cachesAccepted: true,
    async accept(records) {
      if (closed) throw new QueueUnavailableError('the queue is closed');
      await calls.add(records);
    },
    ready: () => !closed && redis.status === 'ready',
    async close() {
      if (closed) return;
      closed = true;
      await calls.idle();
      redis.disconnect();
    },
  };
}

/** What an error of the accepting script means for the records. */
export function classify(error: Error, stream: string): Error {
  const options = { cause: error };
  if (isReplyError(error)) {
    if (error.message.startsWith('QUEUEFULL'))
      return new QueueFullError(`the queue ${stream} is full; try again later`, options);
    if (error.message.startsWith('OOM'))
      return new QueueFullError('Redis has no memory left for the queue; try again later', options);
    if (isReadOnly(error)) return new QueueUnavailableError('Redis is failing over; try again later', options);
    return new QueueUnavailableError(`Redis refused: ${error.message}`, options);
  }
  if (wasNotSent(error)) return new QueueUnavailableError('Redis is not reachable; try again later', options);
  return new QueueOutcomeUnknownError('Redis did not answer; the records may or may not be stored', options);
}
