// The queue on Redis Streams: an entry for each group of records, a consumer group, entries deleted
// as they are acknowledged.
import type { Logger } from '../../logger.ts';
import { connectRedis, redisReady } from '../../redis.ts';
import type { BatchLimits, Queue, QueueDepth, QueueLimits, QueueReader, QueueWriter } from '../queue.ts';
import { RedisDeadLetters } from './dead-letters.ts';
import { type QueueKeys, queueKeys } from './keys.ts';
import { openStream, RedisReader } from './reader.ts';
import { type ScriptedRedis, withQueueScripts } from './scripts.ts';
import { RedisWriter } from './writer.ts';

export interface RedisStreamsOptions extends QueueLimits {
  /** redis://host:port */
  url: string;
  password?: string | undefined;
  /** Begins the names of its keys (keys.ts). */
  name: string;
  group: string;
  /** How long a record stays readable in the cache once it is stored, seconds. */
  cacheTtlSeconds: number;
  /**
   * Entries of a consumer that was silent for so long are taken over, milliseconds. Default 15000.
   */
  claimIdleMs?: number;
  /** Replicas that must have a group before it counts as accepted. Default 0. */
  waitReplicas?: number;
}

const DURABILITY =
  'Accepted means written to the append-only file. With appendfsync always it has reached the disk: neither a killed Redis ' +
  'process nor a power loss loses anything. With everysec a power loss may lose the last second, and a killed process up ' +
  'to two seconds if it is killed while the disk is slow (Redis answers before it writes while a flush is under way).';

/** Connects at once and keeps trying. */
export class RedisStreamsQueue implements Queue {
  readonly kind = 'redis-streams';
  readonly durability = DURABILITY;
  readonly deadLetters: RedisDeadLetters;
  readonly #options: RedisStreamsOptions;
  readonly #keys: QueueKeys;
  readonly #logger: Logger;
  readonly #closers: (() => Promise<void>)[] = [];
  readonly #admin: ScriptedRedis;

  constructor(options: RedisStreamsOptions, logger: Logger) {
    this.#options = options;
    this.#keys = queueKeys(options.name, options.group);
    this.#logger = logger;
    this.#admin = this.#connect('admin');
    this.deadLetters = new RedisDeadLetters(this.#admin, this.#keys);
  }

  async writer(): Promise<QueueWriter> {
    const redis = this.#connect('writer');
    await redisReady(redis);
    return new RedisWriter(redis, this.#keys, this.#options);
  }

  async reader(limits: BatchLimits): Promise<QueueReader> {
    const { claimIdleMs = 15_000, cacheTtlSeconds } = this.#options;
    await redisReady(this.#admin);
    await openStream(this.#admin, this.#keys);
    const connections = { blocking: this.#connect('reader'), commands: this.#connect('acknowledger', 30_000) };
    await Promise.all([redisReady(connections.blocking), redisReady(connections.commands)]);
    const options = { ...limits, claimIdleMs, cacheTtlSeconds };
    const reader = new RedisReader(connections, this.#keys, options, this.#logger);
    this.#closers.unshift(() => reader.close());
    return reader;
  }

  async depth(): Promise<QueueDepth> {
    await redisReady(this.#admin);
    const { counts, deadLetters, legacyStream } = this.#keys;
    const replies = await this.#admin
      .pipeline()
      .hmget(counts, 'accepted', 'lag', 'lagBytes', 'deadBytes')
      .xlen(deadLetters)
      .xlen(legacyStream)
      .exec();
    const [numbers, dead, legacy] = replies!.map(([error, reply]) => {
      if (error) throw error;
      return reply;
    });
    const [accepted, lag, lagBytes, deadBytes] = (numbers as (string | null)[]).map(Number);
    // Records of version 0.1 that no consumer has taken over yet.
    const old = Number(legacy);
    return {
      accepted: accepted! + old,
      lag: lag! + old,
      lagBytes: lagBytes! + deadBytes!,
      deadLetters: Number(dead),
    };
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0)) await close();
  }

  #connect(role: string, commandTimeoutMs?: number): ScriptedRedis {
    const { url, password } = this.#options;
    const redis = withQueueScripts(
      connectRedis(
        { url, password, name: `queue-${role}`, ...(commandTimeoutMs === undefined ? {} : { commandTimeoutMs }) },
        this.#logger,
      ),
    );
    this.#closers.push(async () => {
      // Disconnecting a second time would keep the process alive for ioredis' disconnectTimeout.
      if (redis.status !== 'end') redis.disconnect();
    });
    return redis;
  }
}
