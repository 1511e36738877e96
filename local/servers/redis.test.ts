import { once } from 'node:events';
import { createConnection } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { useRedis } from '../../test/servers.ts';
import { startRedis } from './redis.ts';

async function ask(url: string, line: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = createConnection({ host: hostname, port: Number(port) });
  socket.write(`${line}\r\n`);
  const [answer] = await once(socket, 'data');
  socket.destroy();
  return String(answer);
}

describe('startRedis', () => {
  const redis = useRedis({ appendFsync: 'always' });

  test('answers, with the queue safe from eviction', async () => {
    expect(await ask(redis.url, 'CONFIG GET maxmemory-policy')).toContain('volatile-ttl');
    expect(await ask(redis.url, 'CONFIG GET appendonly')).toContain('yes');
    expect(redis.server.origin).toMatch(/^Redis: /);
  });

  test('is really killed, and keeps its data for the next start', async () => {
    await ask(redis.url, 'SET kept 1');
    redis.server.kill('SIGKILL');
    expect(await redis.server.exited).toEqual({ code: null, signal: 'SIGKILL' });
    await redis.restart();
    expect(await ask(redis.url, 'GET kept')).toBe('$1\r\n1\r\n');
  });

  test('names who holds a port that is taken', async () => {
    const port = Number(new URL(redis.url).port);
    const start = startRedis({ port, dataDir: 'never-made' });
    await expect(start).rejects.toMatchObject({ code: 'port_taken' });
    await expect(start).rejects.toThrow(new RegExp(`port ${port}.*redis.*process ${redis.server.pid}`, 's'));
  });

  test('uses the address in the environment and leaves that server alone', async () => {
    const found = await startRedis({ dataDir: 'never-made', env: { BREAKWATER_REDIS_URL: redis.url } });
    await found.stop();
    expect(found).toMatchObject({ url: redis.url, pid: 0 });
    expect(await ask(redis.url, 'PING')).toBe('+PONG\r\n');
  });
});
