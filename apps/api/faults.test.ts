// The API while a server is away, overloaded or slow, and clients that are: an honest 503, never a hang, never a lie.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { Registry } from 'prom-client';
import { caller, databaseUrl, silent, startTestApi } from '../../test/api.ts';
import { useMongo, useRedis } from '../../test/servers.ts';
import { until } from '../../test/until.ts';
import { Cache, groupKey, recordKey } from '../shared/cache.ts';
import type { QueueWriter } from '../shared/queue/queue.ts';
import { connectRedis, redisReady } from '../shared/redis.ts';
import { type ApiParts, createApp } from './app.ts';
import { createCatalogue } from './catalogue.ts';
import { createApiMetrics } from './metrics.ts';
import type { Pressure } from './pressure.ts';
import { RecordReader } from './record-reader.ts';
import { RecordWriter } from './record-writer.ts';
import { type ApiServer, listen } from './server.ts';
import type { Stats } from './stats.ts';
import { createZipf } from './zipf.ts';

const redis = useRedis();
const mongo = useMongo();
const env = () => ({ REDIS_URL: redis.url, MONGO_URL: databaseUrl(mongo.url, 'faults') });

/** A queue that does what the test says. */
function scriptedQueue(accept: QueueWriter['accept']): QueueWriter {
  return { accept, ready: () => true, close: async () => undefined };
}

/** What the process knew of the system when it had time to ask. */
const STATS: Stats = {
  total_documents: 1,
  accepted: 2,
  lag: 1,
  lagBytes: 700,
  deadLetters: 0,
  cacheHitRatio: null,
  mongoOperationsPerSecond: null,
  age_ms: 4_321,
  timestamp: '2026-01-01T00:00:00.000Z',
};

const calm: Pressure = { high: () => false, delayMs: () => 0, close: () => undefined };

describe('the application, of parts', () => {
  let connection: Redis;
  let server: ApiServer | undefined;
  beforeAll(async () => {
    connection = connectRedis({ url: redis.url, name: 'test' }, silent);
    await redisReady(connection);
  });
  afterAll(() => connection?.disconnect());

  const serve = async (accept: QueueWriter['accept'], parts: Partial<ApiParts> = {}) => {
    const metrics = createApiMetrics(new Registry());
    const cache = new Cache(connection, 600);
    const catalogue = createCatalogue(100, createZipf(1, 100));
    const { handler } = createApp({
      reader: new RecordReader(cache, { findMany: async () => [] }, metrics, silent),
      writer: new RecordWriter(scriptedQueue(accept), catalogue, cache, metrics, silent),
      catalogue,
      stats: { read: () => STATS },
      metrics,
      pressure: calm,
      open: () => true,
      payloadChars: 64,
      bodyLimitKiB: 16,
      logger: silent,
      ...parts,
    });
    server = await listen(handler, { host: '127.0.0.1', port: 0, requestTimeoutMs: 5_000, drainDelayMs: 0 });
    return { metrics, server, call: caller(`http://127.0.0.1:${server.port}`) };
  };

  test('what the queue refused is nowhere', async () => {
    const { call, server } = await serve(async () => {
      throw new Error('inner details');
    });
    const keys = await connection.keys('*');
    const answer = await call('GET', '/api/data');
    expect(answer).toMatchObject({ status: 500, body: { code: 'INTERNAL' } });
    expect(JSON.stringify(answer.body)).not.toContain('inner');
    expect((await connection.keys('*')).sort()).toEqual(keys.sort());
    await server.drain();
  });

  test('overload: 503 at once for everything but the probes and the statistics, and not ready', async () => {
    let accepted = 0;
    const { call, server, metrics } = await serve(() => Promise.resolve(Array(accepted++)), {
      pressure: { ...calm, high: () => true },
    });
    for (const path of ['/api/data', '/api/records/0123456789abcdef01234567', '/healthz?x']) {
      const answer = await call('GET', path);
      expect(answer).toMatchObject({ status: 503, body: { status: 'error', code: 'OVERLOADED' } });
      expect(answer.headers.get('retry-after')).toBe('1');
    }
    expect((await call('GET', '/healthz')).status).toBe(200);
    expect(await call('GET', '/api/stats')).toMatchObject({ status: 200, body: STATS });
    expect((await call('GET', '/readyz')).status).toBe(503);
    expect(accepted).toBe(0);
    expect((await metrics.shed.get()).values).toEqual([{ labels: { reason: 'event_loop' }, value: 3 }]);
    await server.drain();
  });

  test('drain: a request under way ends well, its connection with it, and new ones find nobody', async () => {
    let confirm: ((ids: string[]) => void) | undefined;
    const { call, server } = await serve(
      () =>
        new Promise((resolve) => {
          confirm = resolve;
        }),
    );
    const underWay = call('GET', '/api/data');
    const confirmed = await until(() => confirm);
    const begun = performance.now();
    const drained = server.drain();
    await until(() =>
      call('GET', '/healthz').then(
        () => false,
        () => true,
      ),
    );
    confirmed([]);
    expect((await underWay).status).toBe(200);
    await drained;
    // Far less than the 95 s for which an idle connection may stay.
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect(server.drain()).toBe(server.drain());
  });
});

describe('the whole API', () => {
  test('stopping: not ready first, still serving, then gone', async () => {
    const api = await startTestApi({ ...env(), API_DRAIN_DELAY_MS: '500' });
    expect(api.ready()).toBe(true);
    const stopped = api.stop();
    expect(api.ready()).toBe(false);
    expect((await api.call('GET', '/readyz')).status).toBe(503);
    expect((await api.call('GET', '/api/data')).status).toBe(200);
    await stopped;
    await expect(api.call('GET', '/healthz')).rejects.toThrow();
    await api.stop();
  });

  test('MongoDB away: cached reads serve, cold ones are 503 with nothing stored, and it recovers by itself', async () => {
    const api = await startTestApi(env());
    const connection = connectRedis({ url: redis.url, name: 'test' }, silent);
    await redisReady(connection);
    const length = async () => Number(await connection.hget(`${api.settings.QUEUE_NAME}:counts`, 'lag'));
    for (let i = 0; i < 3; i++) expect((await api.call('GET', '/api/data')).status).toBe(200);
    mongo.server.kill('SIGKILL');
    await mongo.server.exited;
    expect((await api.call('GET', '/api/data')).status).toBe(200);

    const { ids } = (await api.call('POST', '/api/records', { records: [{ payload: 'x' }] })).body;
    // Every record out of the cache: whatever is read is cold. Without the groups no copy is made.
    for (const pattern of [groupKey('*'), recordKey('*')]) {
      const keys = await connection.keys(pattern);
      if (keys.length > 0) await connection.del(...keys);
    }
    const before = await length();
    const begun = performance.now();
    const cold = await Promise.all([api.call('GET', '/api/data'), api.call('GET', `/api/records/${ids[0]}`)]);
    expect(performance.now() - begun).toBeLessThan(6_000);
    for (const answer of cold) {
      expect(answer).toMatchObject({ status: 503, body: { code: 'STORE_UNAVAILABLE' } });
      expect(answer.headers.get('retry-after')).toBe('1');
    }
    expect(await length()).toBe(before);
    const stats = await until(async () => {
      const { body } = await api.call('GET', '/api/stats');
      return body.total_documents === null && body.lag === before && body;
    });
    expect(stats.age_ms).toEqual(expect.any(Number));

    await mongo.restart();
    await until(async () => (await api.call('GET', '/api/data')).status === 200);
    connection.disconnect();
    await api.stop();
  });

  test('MongoDB frozen: cold reads are 503 in time', async () => {
    const api = await startTestApi(env());
    expect((await api.call('GET', '/api/records/0123456789abcdef01234567')).status).toBe(404);
    mongo.server.kill('SIGSTOP');
    try {
      const begun = performance.now();
      const reads = Array.from({ length: 20 }, (_, i) =>
        api.call('GET', `/api/records/${i.toString(16).padStart(24, '0')}`),
      );
      for (const { status } of await Promise.all(reads)) expect(status).toBe(503);
      expect(performance.now() - begun).toBeLessThan(9_000);
    } finally {
      mongo.server.kill('SIGCONT');
    }
    await until(async () => (await api.call('GET', '/api/records/0123456789abcdef01234567')).status === 404);
    await api.stop();
  });

  test('Redis killed: 503 in time, not ready; it recovers by itself and has forgotten nothing', async () => {
    const api = await startTestApi(env());
    const { body } = await api.call('GET', '/api/data');
    redis.server.kill('SIGKILL');
    await redis.server.exited;
    await until(() => !api.ready());
    const begun = performance.now();
    const answers = await Promise.all(Array.from({ length: 20 }, () => api.call('GET', '/api/data')));
    for (const answer of answers)
      expect(answer).toMatchObject({
        status: 503,
        body: { code: expect.stringMatching(/QUEUE_UNAVAILABLE|OUTCOME_UNKNOWN/) },
      });
    expect(performance.now() - begun).toBeLessThan(3_000);
    await redis.restart();
    await until(() => api.ready());
    expect((await api.call('GET', '/api/data')).status).toBe(200);
    for (const id of body.writes) expect((await api.call('GET', `/api/records/${id}`)).body._id).toBe(id);
    await api.stop();
  });

  test('Redis frozen: every request has its 503 within the deadline, however many wait', async () => {
    const api = await startTestApi(env());
    expect((await api.call('GET', '/api/data')).status).toBe(200);
    const lag = async () => (await api.call('GET', '/api/stats')).body.lag;
    await until(async () => (await lag()) === 5);
    redis.server.kill('SIGSTOP');
    try {
      expect(await lag()).toBe(5);
      // More than the writer has in flight: some wait for others. `call` gives up after 20 s.
      const answers = await Promise.all(
        Array.from({ length: 1_000 }, (_, i) =>
          i % 10 === 0
            ? api.call('GET', '/api/data')
            : api.call('POST', '/api/records', { records: [{ payload: 'x' }] }),
        ),
      );
      for (const answer of answers)
        expect(answer).toMatchObject({
          status: 503,
          body: { code: expect.stringMatching(/UNAVAILABLE|UNKNOWN|OVERLOADED/) },
        });
    } finally {
      redis.server.kill('SIGCONT');
    }
    await until(async () => (await api.call('GET', '/api/data')).status === 200);
    await api.stop();
  });
});
