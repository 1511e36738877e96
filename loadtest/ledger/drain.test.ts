import { describe, expect, test } from '@jest/globals';
import type { Sample } from '../stats.ts';
import { maxLag, waitForDrain, zeroSince } from './drain.ts';

const sample = (t: number, lag: number | null): Sample => ({
  t,
  lag,
  total_documents: null,
  accepted: null,
  deadLetters: null,
  cacheHitRatio: null,
  mongoOperationsPerSecond: null,
  age_ms: null,
});
const samples = (...lags: (number | null)[]) => lags.map((lag, t) => sample(t, lag));

describe('when the lag came down to zero', () => {
  test.each([
    ['never measured', [], 0, null],
    ['not yet', [5, 3, 1], 0, null],
    ['at the end', [5, 0], 0, 1],
    ['for good', [5, 0, 0, 0], 0, 1],
    ['not for good', [5, 0, 2, 0], 0, 3],
    ['unknown again', [5, 0, null], 0, null],
    ['only what was measured after the load counts', [0, 0, 7, 0, 0], 2, 3],
  ] as const)('%s', (_name, lags, from, expected) => expect(zeroSince(samples(...lags), from)).toBe(expected));
});

test.each([
  [[], null],
  [[null], null],
  [[null, 4, 9, 2], 9],
] as const)('the highest lag of %j is %j', (lags, expected) => expect(maxLag(samples(...lags))).toBe(expected));

describe('waiting', () => {
  test('ends when zero has lasted, and counts from the end of the load', async () => {
    const list = [...samples(100, 50, 0, 0, 0), sample(5, 0)];
    let now = 1;
    const drain = await waitForDrain({ samples: list, now: () => (now += 1), timeoutSeconds: 60 });
    expect(drain).toEqual({ drained: true, seconds: 0, maxLag: 100 });
  });
  test('gives up after its time', async () => {
    let now = 0;
    const drain = await waitForDrain({ samples: samples(9, 9, 9), now: () => (now += 10), timeoutSeconds: 15 });
    expect(drain).toMatchObject({ drained: false, maxLag: 9 });
  });
  test('a lag that nobody knows never counts as drained', async () => {
    let now = 0;
    const drain = await waitForDrain({ samples: samples(null, null), now: () => (now += 10), timeoutSeconds: 15 });
    expect(drain).toMatchObject({ drained: false, maxLag: null });
  });
  test('a zero that is repeated without being read again does not last', async () => {
    let now = 0;
    const frozen = [...samples(9, 0), sample(1, 0), sample(1, 0), sample(1, 0)];
    const drain = await waitForDrain({ samples: frozen, now: () => (now += 5), timeoutSeconds: 15 });
    expect(drain.drained).toBe(false);
  });
  test('can be cut short', async () => {
    const drain = await waitForDrain({ samples: [], now: () => 0, timeoutSeconds: 60, signal: AbortSignal.abort() });
    expect(drain.drained).toBe(false);
  });
});
