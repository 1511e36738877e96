// Dead letters of the Redis Streams queue: a stream of their own, one entry a letter.
import { recordKey } from '../cache.ts';
import type { DataRecord } from '../record.ts';
import { decodeRecord, encodeRecord } from '../record.ts';
import { redisReady } from '../redis.ts';
import type { DeadLetter, DeadLetters } from './queue.ts';
import type { ScriptedRedis } from './redis-scripts.ts';
import type { StreamNames } from './redis-streams.ts';

export function createRedisDeadLetters(redis: ScriptedRedis, names: StreamNames): DeadLetters {
  const range = async (from: string, to: string, limit: number): Promise<DeadLetter[]> => {
    await redisReady(redis);
    const entries = await redis.xrange(names.deadLetters, from, to, 'COUNT', limit);
    return entries.map(([id, fields]) => toLetter(id, fields));
  };
  const show = async (id: string): Promise<DeadLetter | undefined> => {
    if (!/^\d+-\d+$/.test(id)) return undefined;
    return (await range(id, id, 1))[0];
  };
  return {
    list: (limit) => range('-', '+', limit),
    show,
    async replay(id) {
      const letter = await show(id);
      if (!letter || letter.record._id === '') return false;
      const key = recordKey(letter.record._id);
      return (await redis.queueReplay(3, names.stream, names.deadLetters, key, id, encodeRecord(letter.record))) === 1;
    },
    async drop(id) {
      await redisReady(redis);
      return /^\d+-\d+$/.test(id) && (await redis.xdel(names.deadLetters, id)) === 1;
    },
  };
}

function toLetter(id: string, fields: readonly string[]): DeadLetter {
  const field = (name: string): string => fields[fields.indexOf(name) + 1] ?? '';
  return { id, reason: field('reason'), failedAt: field('failedAt'), record: decodeOrWrap(field('record')) };
}

/** What was no record is shown as one without an id, its text as the payload. */
function decodeOrWrap(text: string): DataRecord {
  try {
    return decodeRecord(text);
  } catch {
    return { _id: '', type: 'unreadable', index: 0, payload: text, createdAt: '', origin: '' };
  }
}
