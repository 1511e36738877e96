// Dead letters of the SQS queue, as Redis has them: their copies in SQS cannot be listed.
import { encodeGroup } from '../../group.ts';
import { redisReady } from '../../redis.ts';
import type { DeadLetter, DeadLetters } from '../queue.ts';
import type { SqsCounts } from './counts.ts';
import type { LetterCopies } from './letter-copies.ts';
import type { ScriptedRedis, SqsKeys } from './scripts.ts';
import type { SqsSender } from './writer.ts';

/** Less than a minute, the interval at which each process calls `restore`. */
const RESTORE_SECONDS = 55;

export class SqsDeadLetters implements DeadLetters {
  readonly #redis: ScriptedRedis;
  readonly #keys: SqsKeys;
  readonly #sender: SqsSender;
  readonly #counts: SqsCounts;
  readonly #copies: LetterCopies;

  constructor(redis: ScriptedRedis, keys: SqsKeys, sender: SqsSender, counts: SqsCounts, copies: LetterCopies) {
    this.#redis = redis;
    this.#keys = keys;
    this.#sender = sender;
    this.#counts = counts;
    this.#copies = copies;
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
    await this.#sender.send(encodeGroup([letter.record]), 1);
    return this.drop(id);
  }

  async drop(id: string): Promise<boolean> {
    if (!(await this.show(id))) return false;
    await this.#copies.remove(id);
    const { counts, deadLetters, letters } = this.#keys;
    return (await this.#redis.sqsDrop(3, counts, deadLetters, letters, id)) === 1;
  }

  /**
   * Restores letters that Redis has lost, unless another process did so within a minute.
   * @returns how many it restored
   */
  async restore(): Promise<number> {
    await redisReady(this.#redis);
    const { deadLetters, restored } = this.#keys;
    const known = () => this.#redis.zcard(deadLetters);
    if ((await this.#redis.set(restored, '1', 'EX', RESTORE_SECONDS, 'NX')) === null) return 0;
    const before = await known();
    if ((await this.#copies.count()) <= before) return 0;
    for await (const letters of this.#copies.read()) await this.#counts.acknowledge([], letters, false);
    return (await known()) - before;
  }
}
