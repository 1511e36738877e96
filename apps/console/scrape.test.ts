import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { freePort } from '../../tooling/ports.ts';
import { scrape } from './scrape.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('reads what a process tells', async () => {
  const address = await serve(
    (req, res) => void res.end(req.url === '/metrics' ? 'breakwater_gate_queue_length 3\n' : ''),
  );
  expect((await scrape('gate', address)).gauges).toEqual(new Map([['waiting', 3]]));
});

describe('why a process does not answer, in words', () => {
  test.each<[string, RequestListener, string]>([
    ['an error', (_req, res) => void res.writeHead(500).end(), 'it answers 500'],
    ['something else', (_req, res) => void res.end('<html>'), 'its answer is not a metric: <html>'],
    ['a broken connection', (req) => void req.socket.destroy(), 'connection broken'],
  ])('%s', async (_what, listener, why) => {
    await expect(scrape('api', await serve(listener))).rejects.toThrow(why);
  });

  test('nobody listens', async () => {
    await expect(scrape('api', `127.0.0.1:${await freePort()}`)).rejects.toThrow('connection refused');
  });

  test('it hangs', async () => {
    await expect(scrape('api', await serve(() => {}))).rejects.toThrow('no answer within 3 s');
  });
});
