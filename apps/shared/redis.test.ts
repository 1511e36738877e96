// The connection to a real Redis that changes its role.
import { afterEach, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { silent } from '../../test/api.ts';
import { useRedis } from '../../test/servers.ts';
import { until } from '../../test/until.ts';
import { connectRedis, redisReady } from './redis.ts';

const server = useRedis();
const connections: Redis[] = [];
afterEach(() => {
  for (const connection of connections.splice(0)) connection.disconnect();
});

const connect = async (name: string): Promise<Redis> => {
  const connection = connectRedis({ url: server.url, name }, silent);
  connections.push(connection);
  await redisReady(connection);
  return connection;
};

test('a Redis that becomes a replica: commands fail, and the connection looks for the primary', async () => {
  const [redis, admin] = [await connect('writer'), await connect('admin')];
  let connected = 0;
  redis.on('ready', () => connected++);
  await admin.replicaof('127.0.0.1', '1');
  await expect(redis.set('key', 'value')).rejects.toThrow(/READONLY/);
  await until(() => connected === 1);

  await admin.replicaof('NO', 'ONE');
  await redisReady(redis);
  expect(await redis.set('key', 'value')).toBe('OK');
});

test('other errors of the server leave the connection as it is', async () => {
  const redis = await connect('writer');
  let closed = 0;
  redis.on('close', () => closed++);
  await redis.set('text', 'value');
  await expect(redis.lpush('text', 'value')).rejects.toThrow(/WRONGTYPE/);
  expect(await redis.get('text')).toBe('value');
  expect(closed).toBe(0);
});
