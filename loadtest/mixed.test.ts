// The mixed load: all sizes and texts occur, and nothing exceeds the limit.
import { expect, test } from '@jest/globals';
import { parseDataBody } from '../apps/api/validate.ts';
import { expectedPayload, mixedRequest } from './mixed.ts';

const mix = { maxBodyBytes: 256 * 1024 };
const requests = Array.from({ length: 4_000 }, (_, i) => mixedRequest(`run/${i % 50}/${Math.floor(i / 50)}`, mix));
const bodies = requests.flatMap(({ body }) => (body === undefined ? [] : [body]));
const wellFormed = requests.flatMap(({ payloads }) =>
  payloads?.every((text) => text.isWellFormed()) ? [payloads] : [],
);

test('every other request is a GET', () => {
  expect(bodies.length).toBeGreaterThan(1_800);
  expect(bodies.length).toBeLessThan(2_200);
});

test('sizes go from one character to the limit, and never beyond', () => {
  const sizes = bodies.map((body) => Buffer.byteLength(body)).sort((a, b) => a - b);
  expect(sizes.at(-1)).toBeLessThanOrEqual(mix.maxBodyBytes);
  expect(sizes.at(-1)).toBeGreaterThan(mix.maxBodyBytes - 16);
  expect(sizes[Math.floor(sizes.length / 2)]).toBeGreaterThan(1_000);
  expect(sizes[Math.floor(sizes.length / 2)]).toBeLessThan(4_000);
  expect(Math.min(...wellFormed.flat().map(({ length }) => length))).toBe(1);
});

test('the text is unusual', () => {
  const all = wellFormed.flat().join('');
  for (const part of ['👩‍👩‍👧‍👦', 'e\u0301', '\u0000', 'שלום', '\u202e', '"quotes" \\', '\u2028'])
    expect(all).toContain(part);
});

test('the API takes all of it but half surrogate pairs, which are few', () => {
  let refused = 0;
  for (const body of bodies)
    try {
      parseDataBody(JSON.parse(body));
    } catch {
      refused++;
    }
  expect(refused).toBe(bodies.length - wellFormed.length);
  expect(refused).toBeGreaterThan(0);
  expect(refused / requests.length).toBeLessThan(0.01);
});

test('a request follows from its origin, and so do its records', () => {
  for (const origin of ['run/0/0', 'run/0/1', 'run/7/3']) {
    const { payloads } = mixedRequest(origin, mix);
    expect(mixedRequest(origin, mix).payloads).toEqual(payloads);
    if (payloads) expect(expectedPayload(origin, 2, 64, mix)).toBe(payloads[2]);
    else expect(expectedPayload(origin, 2, 64, mix)).toHaveLength(64);
  }
});
