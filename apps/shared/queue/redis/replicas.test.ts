// A Redis with a replica that may become the primary: what is accepted is there, too.
import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { silent, uniqueName } from '../../../../test/api.ts';
import { useRedis } from '../../../../test/servers.ts';
import { until } from '../../../../test/until.ts';
import { QueueOutcomeUnknownError, QueueUnavailableError } from '../../errors.ts';
import type { NewRecords } from '../../record.ts';
import type { Queue } from '../queue.ts';
import { RedisStreamsQueue } from './queue.ts';

const primary = useRedis();
const replica = useRedis();
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const REQUEST: NewRecords = { type: 'post', origin: 'o', payloads: ['a', 'b', 'c'] };

function open(url: string, name: string, waitReplicas: number): Queue {
  const limits = { maxLength: 1_000, maxBytes: 1e9 };
  const queue = new RedisStreamsQueue(
    { url, name, group: 'store', ...limits, cacheTtlSeconds: 600, waitReplicas },
    silent,
  );
  closers.push(() => queue.close());
  return queue;
}

function connect(url: string): Redis {
  const redis = new Redis(url);
  closers.push(() => redis.quit());
  return redis;
}

beforeAll(async () => {
  const redis = new Redis(replica.url);
  const { hostname, port } = new URL(primary.url);
  await redis.replicaof(hostname, port);
  await until(async () => (await redis.info('replication')).includes('master_link_status:up'));
  await redis.quit();
});

test('accepted means that the replica has it; without it the outcome is unknown', async () => {
  const name = uniqueName('replicated');
  const writer = await open(primary.url, name, 1).writer();
  await writer.accept(REQUEST);
  expect(await open(replica.url, name, 0).depth()).toMatchObject({ accepted: 3, lag: 3 });
  replica.server.kill('SIGSTOP');
  try {
    await expect(writer.accept(REQUEST)).rejects.toThrow(QueueOutcomeUnknownError);
    // Without waiting, nobody would know that a failover now loses it.
    await (await open(primary.url, name, 0).writer()).accept(REQUEST);
  } finally {
    replica.server.kill('SIGCONT');
  }
  await writer.accept(REQUEST);
}, 60_000);

test('with min-replicas-to-write, a missing replica means a refusal', async () => {
  const writer = await open(primary.url, uniqueName('refused'), 1).writer();
  const admin = connect(primary.url);
  await admin.config('SET', 'min-replicas-to-write', '2');
  try {
    await expect(writer.accept(REQUEST)).rejects.toThrow(QueueUnavailableError);
  } finally {
    await admin.config('SET', 'min-replicas-to-write', '0');
  }
  await writer.accept(REQUEST);
});
