// The queue on Redis Streams: one entry a record, a consumer group, entries deleted as they are acknowledged.
import type { Redis } from 'ioredis';
import type { Logger } from '../logger.ts';
import { connectRedis, redisReady } from '../redis.ts';
import type { Queue, QueueDepth } from './queue.ts';
import { createRedisDeadLetters } from './redis-dead-letters.ts';
import { createRedisReader } from './redis-reader.ts';
import { withQueueScripts } from './redis-scripts.ts';
import { createRedisWriter } from './redis-writer.ts';

export interface RedisStreamsOptions {
  /** redis://host:port */
  url: string;
  password?: string | undefined;
  /** The stream; dead letters are in `<name>.dlq`. */
  name: string;
  group: string;
  /** Entries that the stream may hold. */
  maxLength: number;
  /** How long a record stays readable in the cache once it is stored, seconds. */
  cacheTtlSeconds: number;
  /** Entries of a consumer that was silent for so long are taken over, milliseconds. Default 15000. */
  claimIdleMs?: number;
}

/** What the parts of the adapter share. */
export interface StreamNames {
  readonly stream: string;
  readonly deadLetters: string;
  readonly group: string;
}

const DURABILITY =
  'Accepted means written to the append-only file. With appendfsync always it has reached the disk: neither a killed Redis ' +
  'process nor a power loss loses anything. With everysec a power loss may lose the last second, and a killed process up ' +
  'to two seconds if it is killed while the disk is slow (Redis answers before it writes while a flush is under way).';

/** Opens the queue; connects at once and keeps trying. */
export function createRedisStreamsQueue(options: RedisStreamsOptions, logger: Logger): Queue {
  const names: StreamNames = { stream: options.name, deadLetters: `${options.name}.dlq`, group: options.group };
  const closers: (() => Promise<void>)[] = [];
  const connect = (role: string, commandTimeoutMs?: number) => {
    const redis = withQueueScripts(
      connectRedis(
        {
          url: options.url,
          password: options.password,
          name: `queue-${role}`,
          ...(commandTimeoutMs === undefined ? {} : { commandTimeoutMs }),
        },
        logger,
      ),
    );
    closers.push(async () => {
      // Disconnecting a second time would keep the process alive for ioredis' disconnectTimeout.
      if (redis.status !== 'end') redis.disconnect();
    });
    return redis;
  };
  const admin = connect('admin');
  const claimIdleMs = options.claimIdleMs ?? 15_000;

  return {
    kind: 'redis-streams',
    durability: DURABILITY,
    deadLetters: createRedisDeadLetters(admin, names),
    async writer() {
      const redis = connect('writer');
      await redisReady(redis);
      return createRedisWriter(redis, names, options.maxLength);
    },
    async reader(limits) {
      await redisReady(admin);
      await ensureGroup(admin, names);
      // Blocking reads keep a connection of their own.
      const connections = { blocking: connect('reader'), commands: connect('settler', 30_000) };
      await Promise.all([redisReady(connections.blocking), redisReady(connections.commands)]);
      const reader = createRedisReader(
        connections,
        names,
        { ...limits, claimIdleMs, cacheTtlSeconds: options.cacheTtlSeconds },
        logger,
      );
      closers.unshift(() => reader.close());
      return reader;
    },
    async depth(): Promise<QueueDepth> {
      await redisReady(admin);
      const replies = await admin
        .pipeline()
        .xlen(names.stream)
        .call('XINFO', 'STREAM', names.stream)
        .xlen(names.deadLetters)
        .exec();
      const [lag, info, dead] = replies!;
      if (lag![0]) throw lag![0];
      if (dead![0]) throw dead![0];
      // A stream that does not exist yet has no info.
      const fields = info![0] ? [] : (info![1] as unknown[]);
      const accepted = fields[fields.indexOf('entries-added') + 1];
      return {
        accepted: fields.length === 0 ? 0 : Number(accepted),
        lag: Number(lag![1]),
        deadLetters: Number(dead![1]),
      };
    },
    async close() {
      for (const close of closers.splice(0)) await close();
    },
  };
}

/** KEYS: stream. ARGV: group. Allowed without memory (since Redis 7): a consumer that starts then is what makes room. */
const GROUP = `#!lua flags=allow-oom
return redis.pcall('XGROUP', 'CREATE', KEYS[1], ARGV[1], '0', 'MKSTREAM')`;

/** Makes the stream and its group where they are not there yet. */
export async function ensureGroup(redis: Pick<Redis, 'eval'>, names: StreamNames): Promise<void> {
  try {
    await redis.eval(GROUP, 1, names.stream, names.group);
  } catch (error) {
    if (!(error as Error).message.startsWith('BUSYGROUP')) throw error;
  }
}
