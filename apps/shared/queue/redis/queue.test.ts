import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { uniqueName } from '../../../../test/api.ts';
import { useRedis } from '../../../../test/servers.ts';
import { until } from '../../../../test/until.ts';
import { groupKey } from '../../cache.ts';
import { QueueFullError } from '../../errors.ts';
import { createLogger } from '../../logger.ts';
import { queueContract } from '../contract.testing.ts';
import type { QueueSettings } from '../create.ts';
import { type RedisStreamsOptions, RedisStreamsQueue } from './queue.ts';

const redis = useRedis();
const logger = createLogger('test', process.env.TEST_LOG_LEVEL ?? 'silent');

const open = (name: string, options: Partial<RedisStreamsOptions> = {}) =>
  new RedisStreamsQueue(
    {
      url: redis.url,
      name,
      group: 'store',
      maxLength: 1_000_000,
      maxBytes: 1e9,
      cacheTtlSeconds: 600,
      claimIdleMs: 2_000,
      ...options,
    },
    logger,
  );
const settings = (name: string): QueueSettings => ({
  QUEUE_KIND: 'redis-streams',
  QUEUE_NAME: name,
  QUEUE_GROUP: 'store',
  QUEUE_MAX_LENGTH: 1_000_000,
  QUEUE_MAX_BYTES: 1e9,
  REDIS_URL: redis.url,
});

queueContract('redis-streams', {
  create: async () => undefined,
  open,
  countsBytes: true,
  async poison(name, text) {
    const connection = new Redis(redis.url);
    await connection
      .multi()
      .set('group:poison', text)
      .xadd(`${name}:groups`, '*', 'g', 'poison', 'n', 1, 'b', text.length)
      .hincrby(`${name}:counts`, 'lag', 1)
      .hincrby(`${name}:counts`, 'lagBytes', text.length)
      .exec();
    await connection.quit();
  },
  async crash(down) {
    redis.server.kill('SIGKILL');
    await redis.server.exited;
    await down?.();
    await redis.restart();
  },
  settings,
  takeoverMs: 10_000,
});

test('a Redis without memory refuses more, and lets go what waits: stored or refused', async () => {
  const queue = open(uniqueName('oom'));
  const admin = new Redis(redis.url);
  const [, policy] = (await admin.config('GET', 'maxmemory-policy')) as string[];
  try {
    const writer = await queue.writer();
    await writer.accept({ type: 'user', origin: 'waits', payloads: ['a', 'b', 'c'] });
    await admin.config('SET', 'maxmemory-policy', 'noeviction'); // what other tests left in the cache would make room
    await admin.config('SET', 'maxmemory', '1');
    await expect(writer.accept({ type: 'user', origin: 'more', payloads: ['d'] })).rejects.toThrow(QueueFullError);
    const reader = await queue.reader({ batchSize: 10, batchBytes: 1 << 20, flushIntervalMs: 50 });
    const batch = await reader.next();
    await batch!.acknowledge([{ index: 0, reason: 'made up' }]);
    expect(await queue.depth()).toEqual({ accepted: 3, lag: 0, lagBytes: expect.any(Number), deadLetters: 1 });
  } finally {
    await admin.config('SET', 'maxmemory', '0');
    await admin.config('SET', 'maxmemory-policy', policy!);
    await admin.quit();
    await queue.close();
  }
});

test('dead letters that somebody removed by hand count no longer once a consumer starts', async () => {
  const name = uniqueName('trimmed');
  const queue = open(name, { claimIdleMs: 500 });
  const admin = new Redis(redis.url);
  const limits = { batchSize: 10, batchBytes: 1 << 20, flushIntervalMs: 20 };
  try {
    await (await queue.writer()).accept({ type: 'post', origin: 'o', payloads: ['x'.repeat(1_000)] });
    const batch = await (await queue.reader(limits)).next();
    await batch!.acknowledge([{ index: 0, reason: 'made up' }]);
    await queue.reader(limits);
    expect((await queue.depth()).lagBytes).toBeGreaterThan(1_000);
    await admin.del(`${name}.dlq`);
    await queue.reader(limits);
    expect(await queue.depth()).toMatchObject({ lag: 0, lagBytes: 0, deadLetters: 0 });
  } finally {
    await admin.quit();
    await queue.close();
  }
});

test('a consumer that stood still for too long acknowledges in vain: another has stored its batch', async () => {
  const name = uniqueName('stalled');
  const limits = { batchSize: 100, batchBytes: 1 << 20, flushIntervalMs: 20 };
  const queue = open(name, { claimIdleMs: 500 });
  const script = fileURLToPath(new URL('../contract-child.testing.ts', import.meta.url));
  const child = fork(script, [JSON.stringify({ settings: settings(name), limits })]);
  try {
    const writer = await queue.writer();
    await writer.accept({ type: 'post', origin: 'stalled', payloads: Array<string>(50).fill('x') });
    expect(await once(child, 'message')).toEqual([50, undefined]);
    child.kill('SIGSTOP');
    const reader = await queue.reader(limits);
    const batch = await reader.next();
    expect(batch).toMatchObject({ redelivered: 50, documents: { count: 50 } });
    await batch!.acknowledge([{ index: 0, reason: 'made up' }]);
    await writer.accept({ type: 'post', origin: 'later', payloads: ['y'] });
    const late = once(child, 'message');
    child.send('acknowledge');
    child.kill('SIGCONT');
    expect(await late).toEqual(['acknowledged', undefined]);
    expect(await queue.depth()).toMatchObject({ accepted: 51, lag: 1, deadLetters: 1 });
    expect((await reader.next())!.documents.records()).toMatchObject([{ origin: 'later' }]);
  } finally {
    child.kill('SIGKILL');
    await queue.close();
  }
}, 30_000);

test('a batch of which all records are refused is acknowledged, however many they are', async () => {
  const queue = open(uniqueName('refused'));
  try {
    const writer = await queue.writer();
    const count = 72_000; // three arguments each, and JavaScript passes no more than about 125,000
    for (let left = count; left > 0; left -= 4_000)
      await writer.accept({ type: 'user', origin: 'o', payloads: Array(4_000).fill('x') });
    const reader = await queue.reader({ batchSize: 100_000, batchBytes: 1 << 25, flushIntervalMs: 20 });
    const batch = await reader.next();
    await batch!.acknowledge(Array.from({ length: count }, (_, index) => ({ index, reason: 'made up' })));
    expect(await queue.depth()).toMatchObject({ lag: 0, deadLetters: count });
  } finally {
    await queue.close();
  }
});

test('what another consumer stored meanwhile is not lost, even when the cache has dropped it', async () => {
  const name = uniqueName('overtaken');
  const limits = { batchSize: 1_000, batchBytes: 1 << 20, flushIntervalMs: 20 };
  // The first consumer refreshes its entries too rarely for the second, as if it stood still.
  const slow = open(name, { claimIdleMs: 120_000 });
  const quick = open(name, { claimIdleMs: 100, cacheTtlSeconds: 1 });
  const admin = new Redis(redis.url);
  const writer = await slow.writer();
  try {
    const first: string[] = [];
    for (let group = 0; group < 6; group++)
      first.push((await writer.accept({ type: 'post', origin: 'o', payloads: Array<string>(500).fill('x') }))[0]!);
    const slowReader = await slow.reader(limits);
    // Two batches are read; the groups of the third one are still in Redis.
    const batches = [await slowReader.next()];
    const quickReader = await quick.reader(limits);
    while ((await quick.depth()).lag > 0) await (await quickReader.next())!.acknowledge();
    const keys = first.map((id) => groupKey(id.slice(0, 21)));
    await until(async () => (await admin.exists(...keys)) === 0);
    batches.push(await slowReader.next(), await slowReader.next());
    for (const batch of batches) await batch!.acknowledge();
    expect(batches.map((batch) => [batch!.documents.count, batch!.lost])).toEqual([
      [1_000, 0],
      [1_000, 0],
      [0, 0],
    ]);
    expect(await slow.depth()).toMatchObject({ accepted: 3_000, lag: 0, lagBytes: 0, deadLetters: 0 });
  } finally {
    await admin.quit();
    await quick.close();
    await slow.close();
  }
}, 30_000);
