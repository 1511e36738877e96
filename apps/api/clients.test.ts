// Clients that misbehave, against a whole API: each gets a proper answer or is cut off,
// at no one else's expense.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { databaseUrl, startTestApi, type TestApi } from '../../test/api.ts';
import { useMongo, useRedis } from '../../test/servers.ts';
import { until } from '../../test/until.ts';
import { bodyOf, head, RawClient } from './raw.testing.ts';
import { listen } from './server.ts';

const redis = useRedis();
const mongo = useMongo();

const JSON_TYPE = { 'Content-Type': 'application/json' };
const FIVE = JSON.stringify({ payloads: ['a', 'b', 'c', 'd', 'ünïcödé 🚀'] });
const FIVE_BYTES = Buffer.byteLength(FIVE);
const error = (code: string) => ({ status: 'error', code, message: expect.any(String) });

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({
    REDIS_URL: redis.url,
    MONGO_URL: databaseUrl(mongo.url, 'clients'),
    API_REQUEST_TIMEOUT_MS: '1000',
    API_BODY_LIMIT_KIB: '16',
    API_MAX_CONNECTIONS: '400',
  });
});
afterAll(() => api?.stop());
const open = (...parts: string[]) => RawClient.open(api.port, ...parts);

describe('an error of HTTP itself has the form of any error, and ends the connection', () => {
  test.each<[string, number, string, string[]]>([
    ['headers that never end', 408, 'REQUEST_TIMEOUT', ['GET /api/data HTTP/1.1\r\nHost: x\r\nX-Slow: ']],
    ['a body that never comes', 408, 'REQUEST_TIMEOUT', [head('POST', { ...JSON_TYPE, 'Content-Length': 100 }), '{']],
    ['headers that are too large', 431, 'HEADERS_TOO_LARGE', [head('GET', { 'X-Large': 'x'.repeat(20_000) })]],
    ['what is not HTTP', 400, 'BAD_REQUEST', ['nonsense\r\n\r\n']],
    ['TLS', 400, 'BAD_REQUEST', ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03']],
    ['a Content-Length that is no number', 400, 'BAD_REQUEST', [head('POST', { 'Content-Length': 'x' })]],
    ['two of them', 400, 'BAD_REQUEST', [head('POST', { 'Content-Length': 1, 'content-length': 2 })]],
    [
      'a length and chunks',
      400,
      'BAD_REQUEST',
      [head('POST', { 'Content-Length': 4, 'Transfer-Encoding': 'chunked' }), '0\r\n\r\n'],
    ],
    ['a bad chunk', 400, 'BAD_REQUEST', [head('POST', { 'Transfer-Encoding': 'chunked' }), 'zz\r\n']],
    [
      'chunk extensions without end',
      413,
      'TOO_LARGE',
      [head('POST', { 'Transfer-Encoding': 'chunked' }), `1;${'x'.repeat(20_000)}`],
    ],
    ['CONNECT', 405, 'METHOD_NOT_ALLOWED', [head('CONNECT', {}, 'x:80')]],
  ])('%s: %d', async (_what, status, code, parts) => {
    const client = await open(...parts);
    const answer = await client.end();
    expect(client.statuses).toEqual([status]);
    expect(answer).toMatch(/content-type: application\/json; charset=utf-8/);
    expect(bodyOf(answer)).toEqual(error(code));
  });
});

describe('idle connections outlive those of a proxy, which keeps them for 90 s and may use one at any moment', () => {
  test('after an answer', async () => {
    const client = await open(head('GET', {}, '/healthz'));
    await client.answers(1);
    const [, seconds] = /^keep-alive: timeout=(\d+)/im.exec(client.received) ?? [];
    expect(Number(seconds)).toBeGreaterThan(90);
  });

  test('before the first request, which has the time limit of any request once it begins', async () => {
    const unused = await open();
    const slow = await open('GET /api/data HTTP/1.1\r\n');
    expect(await slow.answers(1)).toEqual([408]);
    unused.socket.write(head('GET', {}, '/healthz'));
    expect(await unused.answers(1)).toEqual([200]);
    unused.socket.write('GET /api/data HTTP/1.1\r\n');
    expect(await unused.answers(2)).toEqual([200, 408]);
  });

  test('but not a drain', async () => {
    const server = await listen((_req, res) => res.end(), {
      host: '127.0.0.1',
      port: 0,
      requestTimeoutMs: 500,
      drainDelayMs: 0,
    });
    const unused = await RawClient.open(server.port);
    await (await RawClient.open(server.port, 'GET / HTTP/1.1\r\n')).end();
    expect(unused.closed).toBe(false);
    await server.drain();
    await unused.end();
  });
});

describe('odd requests', () => {
  test.each<[string, number, string]>([
    ['/API/data', 404, 'NOT_FOUND'],
    ['/api/data/', 404, 'NOT_FOUND'],
    ['//api/data', 404, 'NOT_FOUND'],
    ['//', 404, 'NOT_FOUND'],
    ['//[', 404, 'NOT_FOUND'],
    ['/%', 404, 'NOT_FOUND'],
    ['/HEALTHZ', 404, 'NOT_FOUND'],
    ['http://[', 400, 'BAD_REQUEST'],
    ['*', 400, 'BAD_REQUEST'],
    ['mailto:x', 400, 'BAD_REQUEST'],
  ])('GET %s: %d', async (target, status, code) => {
    const client = await open(head('GET', { Connection: 'close' }, target));
    const answer = await client.end();
    expect(client.statuses).toEqual([status]);
    expect(bodyOf(answer)).toEqual(error(code));
  });

  test('the absolute form leads where its path does', async () => {
    const client = await open(head('GET', { Connection: 'close' }, 'http://anything/api/data'));
    expect(bodyOf(await client.end())).toMatchObject({ status: 'success' });
  });

  test.each([
    ['HEAD', 405],
    ['TRACE', 405],
    ['OPTIONS', 405],
    ['PURGE', 405],
  ])('%s: %d', async (method, status) => {
    const client = await open(head(method, { Connection: 'close' }));
    expect(await client.end()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });

  test('an upgrade is answered as if it were not asked for', async () => {
    const client = await open(head('GET', { Upgrade: 'websocket', Connection: 'Upgrade' }));
    expect(await client.answers(1)).toEqual([200]);
  });

  test('pipelined requests are answered in order', async () => {
    const post = head('POST', { ...JSON_TYPE, 'Content-Length': FIVE_BYTES }) + FIVE;
    const client = await open(
      head('GET') + post + head('GET', {}, '/nowhere') + head('GET', {}, '/healthz') + head('GET'),
    );
    expect(await client.answers(5)).toEqual([200, 200, 404, 200, 200]);
  });
});

describe('bodies', () => {
  const post = (headers: Record<string, string>, body: string) =>
    open(head('POST', { ...JSON_TYPE, Connection: 'close', ...headers }), body);

  test('in chunks', async () => {
    const chunks = [...FIVE].map((c) => `${Buffer.byteLength(c).toString(16)}\r\n${c}\r\n`).join('');
    const client = await post({ 'Transfer-Encoding': 'chunked' }, `${chunks}0\r\n\r\n`);
    expect(bodyOf(await client.end())).toMatchObject({ status: 'success' });
  });

  test.each<[string, Record<string, string>, number]>([
    ['a charset that is known', { 'Content-Type': 'application/json; charset="UTF-8"' }, 200],
    ['an upper-case type', { 'Content-Type': 'Application/JSON' }, 200],
    ['no encoding', { 'Content-Encoding': 'identity' }, 200],
    ['another charset', { 'Content-Type': 'application/json; charset=utf-16' }, 415],
    ['an encoding', { 'Content-Encoding': 'gzip' }, 415],
    ['another type', { 'Content-Type': 'application/jsonp' }, 400],
    ['another expectation', { Expect: 'miracles' }, 417],
  ])('%s', async (_what, headers, status) => {
    const client = await post({ 'Content-Length': String(FIVE_BYTES), ...headers }, FIVE);
    const answer = await client.end();
    expect(client.statuses).toEqual([status]);
    if (status !== 200) expect(bodyOf(answer)).toEqual(error('BAD_REQUEST'));
  });

  test('a byte order mark is no error', async () => {
    const client = await post({ 'Content-Length': String(FIVE_BYTES + 3) }, `\ufeff${FIVE}`);
    expect((await client.end()).startsWith('HTTP/1.1 200 ')).toBe(true);
  });

  test('Expect: 100-continue: permitted before the body is sent, and refused without it when it is too large', async () => {
    const expecting = { ...JSON_TYPE, Expect: '100-continue' };
    const client = await open(head('POST', { ...expecting, 'Content-Length': FIVE_BYTES }));
    expect(await client.answers(1)).toEqual([100]);
    client.socket.write(FIVE);
    expect(await client.answers(2)).toEqual([100, 200]);
    const large = await open(head('POST', { ...expecting, 'Content-Length': 1_000_000 }));
    await large.end();
    expect(large.statuses).toEqual([413]);
  });

  test('one in chunks without end: 413 as soon as it is too large, then the connection ends', async () => {
    const client = await open(head('POST', { ...JSON_TYPE, 'Transfer-Encoding': 'chunked' }));
    const chunk = `1000\r\n${'x'.repeat(0x1000)}\r\n`;
    const flood = setInterval(() => client.socket.write(chunk), 5);
    await client.end();
    clearInterval(flood);
    expect(client.statuses).toEqual([413]);
  });

  test('more slow ones than there are turns: an honest request does not wait for them', async () => {
    const slow = await Promise.all(
      Array.from({ length: 300 }, () => open(head('POST', { ...JSON_TYPE, 'Content-Length': 100 }), '{')),
    );
    expect((await api.call('GET', '/api/data')).status).toBe(200);
    expect(slow.filter(({ closed }) => closed)).toEqual([]);
    await Promise.all(slow.map((client) => client.end()));
  });
});

test('a client that leaves half way through does no harm to others', async () => {
  const client = await open(head('POST', { ...JSON_TYPE, 'Content-Length': 100 }), '{');
  client.socket.destroy();
  expect((await api.call('GET', '/api/data')).status).toBe(200);
});

test('connections beyond the limit are closed; those that exist are served', async () => {
  const held = await Promise.all(Array.from({ length: 450 }, () => open()));
  await until(() => held.filter(({ closed }) => closed).length >= 50);
  const kept = held.find(({ closed }) => !closed)!;
  kept.socket.write(head('GET'));
  expect(await kept.answers(1)).toEqual([200]);
  for (const { socket } of held) socket.destroy();
  await until(() => api.call('GET', '/healthz').catch(() => undefined));
});
