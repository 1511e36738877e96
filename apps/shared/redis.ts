// Connections to Redis: the same options everywhere, errors logged once a change of state, never a hanging command.
import { Redis } from 'ioredis';
import type { Logger } from './logger.ts';

export interface RedisConnectionOptions {
  /** redis://host:port */
  url: string;
  password?: string | undefined;
  /** Shown by CLIENT LIST. */
  name: string;
  /** A command that has no answer by then fails, milliseconds. Default 5000; leave room above a blocking read's own. */
  commandTimeoutMs?: number;
  /** Commands of one tick travel together. Default false. */
  autoPipelining?: boolean;
}

/**
 * Connects, and connects again for ever when the connection breaks. While there is none, commands fail at once;
 * commands under way when it breaks fail too and are not sent a second time (the caller must know that the outcome is unknown).
 */
export function connectRedis(options: RedisConnectionOptions, logger: Logger): Redis {
  const redis = new Redis(options.url, {
    ...(options.password === undefined ? {} : { password: options.password }),
    connectionName: options.name,
    protocol: 2,
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: options.commandTimeoutMs ?? 5_000,
    connectTimeout: 5_000,
    // A server that hangs doesn't close its end either: after so long the connection is cut.
    disconnectTimeout: 100,
    enableAutoPipelining: options.autoPipelining ?? false,
    retryStrategy: (times) => Math.min(100 * 2 ** Math.min(times, 5), 2_000),
    reconnectOnError: (error) => {
      if (!isReadOnly(error)) return false;
      logger.warn({ connection: options.name }, 'this Redis is a replica now; looking for the primary');
      return true;
    },
  });
  let down: string | undefined;
  redis.on('error', (error: Error) => {
    if (down !== error.message)
      logger.error({ err: error.message, connection: options.name }, 'redis connection failed');
    down = error.message;
  });
  redis.on('ready', () => {
    logger.info({ connection: options.name }, down === undefined ? 'redis connected' : 'redis connected again');
    down = undefined;
  });
  redis.connect().catch(() => {
    // Reported by the 'error' event; retryStrategy goes on.
  });
  return redis;
}

/** Resolves when the connection is ready. @throws when it is not within `timeoutMs` */
export async function redisReady(redis: Redis, timeoutMs = 10_000): Promise<void> {
  if (redis.status === 'ready') return;
  await new Promise<void>((resolve, reject) => {
    const ready = () => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(() => {
      redis.off('ready', ready);
      reject(
        new Error(`Redis at ${redis.options.host}:${redis.options.port} is not reachable (waited ${timeoutMs} ms)`),
      );
    }, timeoutMs);
    redis.once('ready', ready);
  });
}

/** True when the server itself answered with an error: the command certainly had no effect. */
export const isReplyError = (error: unknown): boolean => (error as Error)?.name === 'ReplyError';

/**
 * True when the server is a replica, which takes no writes. After a failover the address leads to
 * the new primary, but an open connection stays with the old one.
 */
export const isReadOnly = (error: unknown): boolean =>
  isReplyError(error) && /\bREADONLY\b/.test((error as Error).message);

/** True when the command never left this process. */
export const wasNotSent = (error: unknown): boolean => /enableOfflineQueue/.test((error as Error)?.message ?? '');

/**
 * Breaks a connection whose command timed out, and connects again: whatever else waits on it fails at once instead of
 * running into its own timeout, one after the other. Gives the error back.
 */
export function dropIfStalled<E>(redis: Redis, error: E): E {
  if ((error as Error)?.message === 'Command timed out' && redis.status === 'ready' && !dropping.has(redis)) {
    dropping.add(redis);
    redis.once('close', () => dropping.delete(redis));
    redis.disconnect(true);
  }
  return error;
}

const dropping = new WeakSet<Redis>();

type ScriptArgument = string | number | Buffer;

/**
 * A Lua script as a command. Lists that grow are passed as lists: JavaScript refuses a call with
 * more than about 125,000 arguments.
 */
export type Script<Reply = number> = (
  numKeys: number,
  ...args: (ScriptArgument | readonly ScriptArgument[])[]
) => Promise<Reply>;
