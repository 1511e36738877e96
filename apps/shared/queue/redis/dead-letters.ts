// Dead letters of the Redis Streams queue: a stream of their own, one entry a letter.
import { groupKey, PENDING_TTL_SECONDS, recordKey } from '../../cache.ts';
import { encodeGroup, GroupIds } from '../../group.ts';
import type { DataRecord } from '../../record.ts';
import { decodeRecord, encodeRecord } from '../../record.ts';
import { redisReady } from '../../redis.ts';
import type { DeadLetter, DeadLetters } from '../queue.ts';
import type { QueueKeys } from './keys.ts';
import type { ScriptedRedis } from './scripts.ts';

const ENTRY_ID = /^\d+-\d+$/;

export class RedisDeadLetters implements DeadLetters {
  readonly #redis: ScriptedRedis;
  readonly #keys: QueueKeys;
  readonly #ids = new GroupIds();

  constructor(redis: ScriptedRedis, keys: QueueKeys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  list(limit: number): Promise<DeadLetter[]> {
    return this.#range('-', '+', limit);
  }

  async show(id: string): Promise<DeadLetter | undefined> {
    return ENTRY_ID.test(id) ? (await this.#range(id, id, 1))[0] : undefined;
  }

  async replay(id: string): Promise<boolean> {
    const letter = await this.show(id);
    if (!letter || letter.record._id === '') return false;
    const { stream, counts, deadLetters } = this.#keys;
    // The record keeps its id, but not its old group: others may still read that.
    const group = this.#ids.next();
    const bytes = encodeGroup([letter.record]);
    const keys = [stream, counts, groupKey(group), deadLetters, recordKey(letter.record._id)];
    const args = [id, group, bytes.length, bytes, encodeRecord(letter.record), PENDING_TTL_SECONDS];
    return (await this.#redis.queueReplay(keys.length, keys, args)) === 1;
  }

  async drop(id: string): Promise<boolean> {
    if (!ENTRY_ID.test(id)) return false;
    await redisReady(this.#redis);
    return (await this.#redis.queueDrop(2, this.#keys.deadLetters, this.#keys.counts, id)) === 1;
  }

  async #range(from: string, to: string, limit: number): Promise<DeadLetter[]> {
    await redisReady(this.#redis);
    const entries = await this.#redis.xrange(this.#keys.deadLetters, from, to, 'COUNT', limit);
    return entries.map(([id, fields]) => toLetter(id, fields));
  }
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
