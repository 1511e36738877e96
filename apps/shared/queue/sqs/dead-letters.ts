// Dead letters of the SQS queue, in Redis: a queue of SQS cannot be listed.
import { redisReady } from '../../redis.ts';
import type { DeadLetter, DeadLetters } from '../queue.ts';
import type { ScriptedRedis, SqsKeys } from './scripts.ts';
import type { SqsSender } from './writer.ts';

export class SqsDeadLetters implements DeadLetters {
  readonly #redis: ScriptedRedis;
  readonly #keys: SqsKeys;
  readonly #sender: SqsSender;

  constructor(redis: ScriptedRedis, keys: SqsKeys, sender: SqsSender) {
    this.#redis = redis;
    this.#keys = keys;
    this.#sender = sender;
  }

  async list(limit: number): Promise<DeadLetter[]> {
    await redisReady(this.#redis);
    const ids = await this.#redis.zrange(this.#keys.deadLetters, '0', String(limit - 1));
    if (ids.length === 0) return [];
    const texts = await this.#redis.hmget(this.#keys.letters, ...ids);
    return ids.flatMap((id, i) => (texts[i] ? [{ id, ...JSON.parse(texts[i]) }] : []));
  }

  async show(id: string): Promise<DeadLetter | undefined> {
    await redisReady(this.#redis);
    const text = await this.#redis.hget(this.#keys.letters, id);
    return text === null ? undefined : { id, ...JSON.parse(text) };
  }

  async replay(id: string): Promise<boolean> {
    const letter = await this.show(id);
    if (!letter || letter.record._id === '') return false;
    await this.#sender.send([letter.record]);
    return this.drop(id);
  }

  async drop(id: string): Promise<boolean> {
    await redisReady(this.#redis);
    const { counts, deadLetters, letters } = this.#keys;
    return (await this.#redis.sqsDrop(3, counts, deadLetters, letters, id)) === 1;
  }
}
