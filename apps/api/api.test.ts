// Every row of the API's table, with its errors, against real servers.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';
import { databaseUrl, silent, startTestApi, type TestApi, uniqueName } from '../../test/api.ts';
import { useMongo, useRedis } from '../../test/servers.ts';
import { until } from '../../test/until.ts';
import { flushCache, groupKey, recordKey } from '../shared/cache.ts';
import { groupOf } from '../shared/group.ts';
import { payloadFor } from '../shared/payload.ts';
import { createQueue } from '../shared/queue/create.ts';
import { connectRedis, redisReady } from '../shared/redis.ts';
import { MongoStore } from '../shared/store/mongo/store.ts';

const redis = useRedis();
const mongo = useMongo();

const ID = /^[0-9a-f]{24}$/;
const REQUEST_ID = /^[0-9a-f-]{36}$/;
const failure = (code: string, message: RegExp | string) => ({
  status: 'error',
  code,
  message: expect.stringMatching(message),
});

describe('API', () => {
  let api: TestApi;
  let client: MongoClient;
  let connection: Redis;
  const env = () => ({ REDIS_URL: redis.url, MONGO_URL: databaseUrl(mongo.url, 'api') });

  beforeAll(async () => {
    api = await startTestApi({ ...env(), PAYLOAD_CHARS: '64' });
    client = new MongoClient(env().MONGO_URL);
    connection = connectRedis({ url: redis.url, name: 'test' }, silent);
    await redisReady(connection);
  });
  afterAll(async () => {
    await api?.stop();
    await client?.close();
    connection?.disconnect();
  });

  const length = async (name = api.settings.QUEUE_NAME) => Number(await connection.hget(`${name}:counts`, 'lag'));
  /** Records in Redis that wait to be stored: those without a TTL. */
  const pending = async () => {
    const keys = await connection.keys(groupKey('*'));
    const ttls = await Promise.all(keys.map((key) => connection.ttl(key)));
    return ttls.filter((ttl) => ttl === -1).length;
  };

  /** What a consumer does: stores what waits, then acknowledges. */
  const storeAll = async (): Promise<void> => {
    const queue = createQueue(api.settings, silent);
    const reader = await queue.reader({ batchSize: 1_000, batchBytes: 1e7, flushIntervalMs: 1 });
    const store = new MongoStore(client.db());
    while ((await length()) > 0) {
      const batch = await reader.next();
      await store.insert(batch!.documents);
      await batch!.acknowledge();
    }
    await queue.close();
  };

  test('before there is any record, the reads are those just written', async () => {
    const { status, body } = await api.call('GET', '/api/data');
    expect(status).toBe(200);
    expect(body.reads).toEqual(body.writes);
  });

  test('GET /api/data: five written, five read', async () => {
    const before = await length();
    const { status, headers, body } = await api.call('GET', '/api/data', undefined, { 'x-origin': 'run/1/2' });
    expect(status).toBe(200);
    expect(body).toEqual({
      status: 'success',
      writes: Array(5).fill(expect.stringMatching(ID)),
      reads: Array(5).fill(expect.stringMatching(ID)),
      timestamp: expect.any(String),
    });
    expect(new Set(body.writes).size).toBe(5);
    expect(new Set(body.reads).size).toBe(5);
    expect(Math.abs(Date.parse(body.timestamp) - Date.now())).toBeLessThan(5_000);
    expect(headers.get('x-request-id')).toMatch(REQUEST_ID);
    expect(headers.get('x-powered-by')).toBeNull();
    expect(await length()).toBe(before + 5);
    for (const [index, id] of body.writes.entries()) {
      expect((await api.call('GET', `/api/records/${id}`)).body).toEqual({
        _id: id,
        type: 'post',
        index,
        payload: payloadFor('run/1/2', index, 64),
        createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        origin: 'run/1/2',
      });
    }
  });

  test("POST /api/data: the caller's payloads, read back at once; the origin is the request id unless given", async () => {
    const payloads = ['a', 'b', 'ünïcödé 🚀', 'with "quotes"\n', 'x'.repeat(10_000)];
    const { status, headers, body } = await api.call('POST', '/api/data', { payloads }, { 'x-request-id': 'mine-1' });
    expect(status).toBe(200);
    expect(headers.get('x-request-id')).toBe('mine-1');
    const read = await Promise.all(body.writes.map((id: string) => api.call('GET', `/api/records/${id}`)));
    expect(read.map(({ body: record }) => record.payload)).toEqual(payloads);
    expect(read.map(({ body: record }) => record.origin)).toEqual(Array(5).fill('mine-1'));
  });

  test('a request id that could do harm is replaced', async () => {
    const { headers } = await api.call('GET', '/healthz', undefined, { 'x-request-id': 'a b"<' });
    expect(headers.get('x-request-id')).toMatch(REQUEST_ID);
  });

  test('POST /api/records: 1 to 100, read back at once', async () => {
    for (const count of [1, 100]) {
      const records = Array.from({ length: count }, (_, i) => ({ payload: `p${i}` }));
      const { status, body } = await api.call('POST', '/api/records', { records });
      expect(status).toBe(202);
      expect(body).toEqual({ ids: Array(count).fill(expect.stringMatching(ID)) });
      const last = await api.call('GET', `/api/records/${body.ids[count - 1]}`);
      expect(last.body).toMatchObject({ payload: `p${count - 1}`, index: count - 1 });
    }
  });

  test('a record is read the same before it is stored, after it, and from MongoDB when the cache is empty', async () => {
    const { body } = await api.call('POST', '/api/records', { records: [{ payload: 'lasting' }] });
    const path = `/api/records/${body.ids[0]}`;
    const first = await api.call('GET', path);
    expect(first.body.payload).toBe('lasting');

    // Copies are made in order: with this one, all are there.
    await until(async () => (await connection.exists(recordKey(body.ids[0]))) === 1);
    const copies = await connection.keys(recordKey('*'));
    expect(await flushCache(connection)).toBe(copies.length);
    expect((await api.call('GET', path)).body).toEqual(first.body);

    await storeAll();
    expect((await api.call('GET', path)).body).toEqual(first.body);

    expect(await flushCache(connection)).toBeGreaterThan(0);
    expect(await connection.exists(groupKey(groupOf(body.ids[0])))).toBe(0);
    expect((await api.call('GET', path)).body).toEqual(first.body);
  });

  test('GET /api/stats: numbers of the whole system, null where a source is missing', async () => {
    await api.call('GET', '/api/data');
    // The numbers are read in the background.
    const stored = await client.db().collection('records').countDocuments();
    const { status, body } = await until(async () => {
      const answer = await api.call('GET', '/api/stats');
      const { cacheHitRatio, lag, total_documents } = answer.body;
      return cacheHitRatio !== null && lag === (await length()) && total_documents === stored && answer;
    });
    expect(status).toBe(200);
    expect(body).toEqual({
      total_documents: stored,
      accepted: expect.any(Number),
      lag: await length(),
      lagBytes: Number(await connection.hget(`${api.settings.QUEUE_NAME}:counts`, 'lagBytes')),
      deadLetters: 0,
      cacheHitRatio: expect.any(Number),
      mongoOperationsPerSecond: null,
      age_ms: expect.any(Number),
      timestamp: expect.any(String),
    });
    expect(body.accepted).toBeGreaterThanOrEqual(body.total_documents);
  });

  test('GET /healthz and /readyz', async () => {
    expect(await api.call('GET', '/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await api.call('GET', '/readyz')).toMatchObject({ status: 200, body: { status: 'ready' } });
  });

  test.each<[string, string, unknown, number, string, RegExp, Record<string, string>?]>([
    ['GET', '/api/records/0123456789abcdef01234567', undefined, 404, 'NOT_FOUND', /no record 0123/],
    ['GET', '/api/records/nonsense', undefined, 400, 'BAD_REQUEST', /^id: must be 24 hexadecimal digits$/],
    ['GET', '/api/records/%E0%A4%A', undefined, 400, 'BAD_REQUEST', /cannot be understood/],
    ['GET', '/nowhere', undefined, 404, 'NOT_FOUND', /no \/nowhere; see \/api\/data/],
    ['GET', '/api/data', undefined, 400, 'BAD_REQUEST', /^X-Origin: must be/, { 'x-origin': 'a b' }],
    ['POST', '/api/data', '{"payloads":', 400, 'BAD_JSON', /is not JSON/],
    ['POST', '/api/data', { payloads: ['a'] }, 400, 'BAD_REQUEST', /^payloads: must be an array of 5 strings$/],
    [
      'POST',
      '/api/data',
      { payloads: ['a', 'b', 'c', 'd', ''] },
      400,
      'BAD_REQUEST',
      /^payloads\[4\]: must not be empty$/,
    ],
    ['POST', '/api/data', 'x', 400, 'BAD_REQUEST', /content-type application\/json/, { 'content-type': 'text/plain' }],
    ['POST', '/api/data', undefined, 400, 'BAD_REQUEST', /body: must be a JSON object/],
    ['POST', '/api/records', { records: [] }, 400, 'BAD_REQUEST', /^records: must be an array of 1 to 100 objects$/],
    [
      'POST',
      '/api/records',
      { records: [{ payload: 7 }] },
      400,
      'BAD_REQUEST',
      /^records\[0\]\.payload: must be a string$/,
    ],
    ['POST', '/api/records', { records: [{ payload: 'x'.repeat(300_000) }] }, 413, 'TOO_LARGE', /larger/],
    [
      'POST',
      '/api/data',
      '{}',
      415,
      'BAD_REQUEST',
      /understood/,
      { 'content-type': 'application/json; charset=klingon' },
    ],
  ])('%s %s (%#)', async (...row) => {
    const [method, path, body, status, code, message, headers] = row;
    const before = await length();
    const answer = await api.call(method, path, body, headers);
    expect(answer).toMatchObject({ status, body: failure(code, message) });
    expect(Object.keys(answer.body)).toEqual(['status', 'code', 'message']);
    expect(answer.headers.get('x-request-id')).toMatch(REQUEST_ID);
    expect(await length()).toBe(before);
  });

  test.each([
    ['PUT', '/api/data', 'GET, POST'],
    ['DELETE', '/api/data', 'GET, POST'],
    ['OPTIONS', '/api/data', 'GET, POST'],
    ['GET', '/api/records', 'POST'],
    ['DELETE', '/api/records/0123456789abcdef01234567', 'GET'],
    ['POST', '/api/stats', 'GET'],
    ['POST', '/healthz', 'GET'],
    ['PUT', '/readyz', 'GET'],
  ])('%s %s: 405, allowed are %s', async (method, path, allow) => {
    const answer = await api.call(method, path);
    expect(answer).toMatchObject({ status: 405, body: failure('METHOD_NOT_ALLOWED', `allowed: ${allow}$`) });
    expect(answer.headers.get('allow')).toBe(allow);
  });

  test('a full queue: 503 with Retry-After, and none of the records is accepted', async () => {
    const name = uniqueName('full');
    const small = await startTestApi({ ...env(), QUEUE_NAME: name, QUEUE_MAX_LENGTH: '12' });
    try {
      expect((await small.call('GET', '/api/data')).status).toBe(200);
      expect((await small.call('GET', '/api/data')).status).toBe(200);
      const before = await pending();
      const answer = await small.call('GET', '/api/data');
      expect(answer).toMatchObject({ status: 503, body: failure('QUEUE_FULL', /nothing was stored/) });
      expect(answer.headers.get('retry-after')).toBe('1');
      expect(await length(name)).toBe(10);
      expect(await pending()).toBe(before);
      // Two still fit: the limit is exact.
      const two = { records: [{ payload: 'a' }, { payload: 'b' }] };
      expect((await small.call('POST', '/api/records', two)).status).toBe(202);
      expect((await small.call('POST', '/api/records', { records: [{ payload: 'c' }] })).status).toBe(503);
    } finally {
      await small.stop();
    }
  });

  test('a new process reads records that others accepted and stored', async () => {
    await api.call('GET', '/api/data');
    await storeAll();
    const other = await startTestApi({ ...env(), QUEUE_NAME: uniqueName('other') });
    try {
      const { body } = await other.call('GET', '/api/data');
      expect(body.reads.filter((id: string) => body.writes.includes(id))).toEqual([]);
      const stored = await client
        .db()
        .collection<{ _id: string }>('records')
        .countDocuments({ _id: { $in: body.reads } });
      expect(stored).toBe(5);
    } finally {
      await other.stop();
    }
  });
});
