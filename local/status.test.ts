import { describe, expect, test } from '@jest/globals';
import { addBuckets, bucketsSince, formatStatus, quantile, requestBuckets, total } from './status.ts';

const name = 'breakwater_http_request_duration_seconds';
const text = [
  `# TYPE ${name} histogram`,
  `${name}_bucket{le="0.01",app="api",method="GET",route="/api/data",status="200"} 90`,
  `${name}_bucket{le="0.1",app="api",method="GET",route="/api/data",status="200"} 98`,
  `${name}_bucket{le="+Inf",app="api",method="GET",route="/api/data",status="200"} 100`,
  `${name}_bucket{le="0.01",app="api",method="POST",route="/api/data",status="200"} 10`,
  `${name}_bucket{le="0.1",app="api",method="POST",route="/api/data",status="200"} 10`,
  `${name}_bucket{le="+Inf",app="api",method="POST",route="/api/data",status="200"} 10`,
  `${name}_bucket{le="+Inf",app="api",method="GET",route="/api/stats",status="200"} 7`,
  `${name}_sum{app="api",method="GET",route="/api/data",status="200"} 3`,
].join('\n');

describe('the request histogram', () => {
  const buckets = requestBuckets(text);

  test('is the sum over routes, without the question for statistics', () => {
    expect([...buckets]).toEqual([
      [0.01, 100],
      [0.1, 108],
      [Number.POSITIVE_INFINITY, 110],
    ]);
  });

  test('adds up over processes, and counts what came since', () => {
    const sum = addBuckets([buckets, buckets]);
    expect(total(sum)).toBe(220);
    expect(total(bucketsSince(buckets, sum))).toBe(110);
  });

  test('of a process that was started again counts from zero', () => {
    expect(total(bucketsSince(buckets, new Map([[0.01, 3]])))).toBe(3);
  });

  test.each([
    [0.5, 0.0055],
    [0.95, 0.01 + 0.09 * (4.5 / 8)],
    [0.999, 0.1],
  ])('its quantile %d is %d s', (q, expected) => {
    expect(quantile(buckets, q)).toBeCloseTo(expected, 6);
  });

  test('has no quantile when it is empty', () => {
    expect(quantile(new Map(), 0.95)).toBeUndefined();
  });
});

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
