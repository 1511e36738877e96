// The producer's rate: its own words when it refuses, ours when it is not there.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freePort } from '../../tooling/ports.ts';
import { checkRate } from '../producer/pacer.ts';
import { rateRoute } from '../producer/rate-route.ts';
import { setRate } from './rate-control.ts';

let rate = 1;
const producer = {
  get rate() {
    return rate;
  },
  setRate(next: number) {
    rate = checkRate(next);
  },
};
let server: Server;
beforeAll(async () => {
  const route = rateRoute(producer);
  server = createServer((req, res) => void route(new URL('http://producer/rate'), req, res));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => void server.close());
const address = () => `127.0.0.1:${(server.address() as AddressInfo).port}`;

test('is changed', async () => {
  expect(await setRate(address(), 120)).toEqual({ rate: 120 });
  expect(rate).toBe(120);
});

test.each([[50_000], [-1], ['fast'], [undefined], [Number.NaN]])('is refused by the producer: %s', async (wrong) => {
  await expect(setRate(address(), wrong)).rejects.toMatchObject({ status: 400, code: 'BAD_RATE' });
  expect(rate).toBe(120);
});

test('needs a producer', async () => {
  await expect(setRate(undefined, 1)).rejects.toMatchObject({ status: 409, message: 'no producer runs' });
  await expect(setRate(`127.0.0.1:${await freePort()}`, 1)).rejects.toMatchObject({ status: 503 });
});
