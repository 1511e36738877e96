// The metrics server: no request, however odd, ends the process or stays unanswered.
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Histogram, Registry } from 'prom-client';
import { type MetricsServer, startMetricsServer, WeightedHistogram } from './metrics.ts';

let server: MetricsServer;
beforeAll(async () => {
  server = await startMetricsServer({
    port: 0,
    host: '127.0.0.1',
    registry: new Registry(),
    ready: () => true,
    routes: {
      '/throws': () => {
        throw new Error('thrown');
      },
      '/rejects': () => Promise.reject(new Error('rejected')),
      '/half': async (_url, _req, res) => {
        res.write('half');
        throw new Error('too late for a status');
      },
    },
  });
});
afterAll(() => server?.close());

/** Sends a request with the target as it is, which fetch would correct. */
async function ask(target: string): Promise<string> {
  const socket = connect(server.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  return text(socket);
}

test.each([
  ['/healthz', 200, 'ok'],
  ['http://anything/healthz', 200, 'ok'],
  ['/healthz?x=1', 200, 'ok'],
  ['//', 404, 'no such path'],
  ['//[', 404, 'no such path'],
  ['//x/healthz', 404, 'no such path'],
  ['/%', 404, 'no such path'],
  ['/__proto__', 404, 'no such path'],
  ['/constructor', 404, 'no such path'],
  ['http://', 400, 'neither a path nor a URL'],
  ['http://[', 400, 'neither a path nor a URL'],
  ['*', 400, 'neither a path nor a URL'],
  ['/throws', 500, 'thrown'],
  ['/rejects', 500, 'rejected'],
])('GET %s: %d', async (target, status, body) => {
  const answer = await ask(target);
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(answer).toContain(body);
});

test('half an answer closes the connection', async () => {
  expect(await ask('/half')).not.toMatch(/0\r\n\r\n$/);
});

test('a weighted histogram counts a value many times as if it were observed so often', async () => {
  const options = { name: 'delay', help: 'for comparison', buckets: [0.1, 1, 10] };
  const [one, many] = [new Registry(), new Registry()];
  const single = new Histogram({ ...options, registers: [one] });
  const weighted = new WeightedHistogram({ ...options, registers: [many] });
  for (const [value, times] of [
    [0.05, 3],
    [0.1, 1],
    [0.5, 40],
    [10, 2],
    [11, 5],
    [0.5, 0],
  ] as const) {
    for (let i = 0; i < times; i++) single.observe(value);
    weighted.observeMany(value, times);
  }
  weighted.observe(0.25);
  single.observe(0.25);
  const rounded = async (registry: Registry) =>
    (await registry.metrics()).replace(/\d+\.\d+$/gm, (n) => Number(n).toFixed(6));
  expect(await rounded(many)).toBe(await rounded(one));
});
