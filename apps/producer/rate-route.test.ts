// The producer's rate over HTTP.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { call } from '../../tooling/http.ts';
import { rateRoute } from './rate-route.ts';

let server: Server;
let port: number;
const producer = {
  rate: 10,
  setRate(rate: number) {
    producer.rate = rate;
  },
};

beforeEach(async () => {
  producer.rate = 10;
  const route = rateRoute(producer);
  server = createServer((req, res) => void route(new URL('http://producer/rate'), req, res));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  ({ port } = server.address() as AddressInfo);
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const put = (body: unknown) => call(`http://127.0.0.1:${port}/rate`, { method: 'PUT', body });

test('PUT changes the rate', async () => {
  expect(JSON.parse((await put({ rate: 25 })).text)).toEqual({ rate: 25 });
  expect(producer.rate).toBe(25);
});

test.each([
  ['no number', { rate: '25' }],
  ['no JSON', 'rate=25'],
])('PUT with %s is refused', async (_what, body) => {
  expect(await put(body)).toMatchObject({ status: 400, text: expect.stringContaining('BAD_RATE') });
  expect(producer.rate).toBe(10);
});

test('a body without end is refused while it is sent, and the connection closed', async () => {
  const socket = connect(port, '127.0.0.1');
  socket.write('PUT /rate HTTP/1.1\r\nHost: producer\r\nTransfer-Encoding: chunked\r\n\r\n');
  for (let i = 0; i < 3; i++) socket.write(`400\r\n${' '.repeat(1024)}\r\n`);
  expect(await text(socket)).toMatch(/^HTTP\/1.1 400 .*BAD_RATE/s);
  expect(producer.rate).toBe(10);
});
