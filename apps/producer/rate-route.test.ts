// The producer's rate over HTTP.
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { LocalServer } from '../../test/local-server.ts';
import { call } from '../../tooling/http.ts';
import { rateRoute } from './rate-route.ts';

let server: LocalServer;
const producer = {
  rate: 10,
  setRate(rate: number) {
    producer.rate = rate;
  },
};

beforeEach(async () => {
  producer.rate = 10;
  const route = rateRoute(producer);
  server = await LocalServer.start((req, res) => void route(new URL('http://producer/rate'), req, res));
});
afterEach(() => server.close());

const put = (body: unknown) => call(`${server.url}/rate`, { method: 'PUT', body });

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
  const socket = connect(server.port, '127.0.0.1');
  socket.write('PUT /rate HTTP/1.1\r\nHost: producer\r\nTransfer-Encoding: chunked\r\n\r\n');
  for (let i = 0; i < 3; i++) socket.write(`400\r\n${' '.repeat(1024)}\r\n`);
  expect(await text(socket)).toMatch(/^HTTP\/1.1 400 .*BAD_RATE/s);
  expect(producer.rate).toBe(10);
});
