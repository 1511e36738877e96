import { expect, test } from '@jest/globals';
import { formatStatus } from './status.ts';

test('the status line', () => {
  const status = {
    requestsPerSecond: 4321.4,
    p95Ms: 12.3,
    lag: 15_000,
    mongoOperationsPerSecond: 97,
    cacheHitRatio: 0.987,
  };
  expect(formatStatus(status)).toBe(
    '4,321 requests/s · p95 12 ms · lag 15,000 · MongoDB 97 operations/s · cache hits 98.7 %',
  );
  expect(
    formatStatus({
      requestsPerSecond: 0,
      p95Ms: undefined,
      lag: null,
      mongoOperationsPerSecond: null,
      cacheHitRatio: null,
    }),
  ).toBe('0 requests/s · p95 - ms · lag ? · MongoDB ? operations/s · cache hits -');
});
