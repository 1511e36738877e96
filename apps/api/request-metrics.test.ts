// What a request is counted as: its route without ids, its status as the client saw it, from arrival to the end.
import { createServer, type RequestListener } from 'node:http';
import { expect, test } from '@jest/globals';
import { until } from '../../test/until.ts';
import { observeRequests, routeOf } from './request-metrics.ts';

test.each([
  ['/api/data', '/api/data'],
  ['/api/data?x=1', '/api/data'],
  ['/api/records', '/api/records'],
  ['/api/records/', '/api/records'],
  ['/api/records/65f000000000000000000000', '/api/records/:id'],
  ['/api/records/65f000000000000000000000?a', '/api/records/:id'],
  ['/api/stats', '/api/stats'],
  ['/api/database', 'unmatched'],
  ['/api/records/a/b', 'unmatched'],
  ['/', 'unmatched'],
  [undefined, 'unmatched'],
])('%s is counted as %s', (url, route) => {
  expect(routeOf(url)).toBe(route);
});

interface Seen {
  labels: Record<string, string | number>;
  seconds: number;
}

/** A server around `handler`, and what it was observed to do. */
async function scene(handler: RequestListener) {
  const seen: Seen[] = [];
  const observe = (labels: Seen['labels'], seconds: number) => void seen.push({ labels, seconds });
  const server = createServer(observeRequests(handler, { observe } as never));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  return { seen, url, close: () => server.close() };
}

test('an answer counts with its status; probes do not count', async () => {
  const { seen, url, close } = await scene((_req, res) => res.writeHead(503).end());
  for (const path of ['/healthz', '/readyz', '/api/data']) await (await fetch(url + path)).text();
  await until(async () => seen.length > 0);
  expect(seen).toEqual([{ labels: { method: 'GET', route: '/api/data', status: 503 }, seconds: expect.any(Number) }]);
  close();
});

test('a client that left before its answer is no success', async () => {
  const { seen, url, close } = await scene(() => undefined);
  await expect(fetch(`${url}/api/data`, { signal: AbortSignal.timeout(50) })).rejects.toThrow();
  await until(async () => seen.length > 0);
  expect(seen[0]!.labels).toEqual({ method: 'GET', route: '/api/data', status: 499 });
  expect(seen[0]!.seconds).toBeGreaterThan(0.02);
  close();
});
