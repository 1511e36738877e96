import { describe, expect, test } from '@jest/globals';
import { addBuckets, type Buckets, quantile, totalOf } from './quantile.ts';

const Infinite = Number.POSITIVE_INFINITY;
const buckets = (...pairs: [number, number][]): Buckets => new Map(pairs);

describe('quantiles out of buckets', () => {
  test.each<[string, Buckets, number, number | null]>([
    ['no histogram', buckets(), 0.5, null],
    ['no observation', buckets([1, 0], [Infinite, 0]), 0.5, null],
    ['all in the first bucket', buckets([1, 10], [Infinite, 10]), 0.5, 0.5],
    ['on a bound', buckets([1, 5], [2, 10], [Infinite, 10]), 0.5, 1],
    ['between two bounds', buckets([1, 5], [2, 10], [Infinite, 10]), 0.95, 1.9],
    ['above the last bound', buckets([1, 5], [Infinite, 10]), 0.99, 1],
    ['only above', buckets([1, 0], [Infinite, 4]), 0.5, 1],
    ['bounds in any order', buckets([Infinite, 10], [2, 10], [1, 5]), 0.95, 1.9],
    ['empty buckets between', buckets([1, 5], [2, 5], [3, 10], [Infinite, 10]), 0.75, 2.5],
  ])('%s', (_what, from, q, expected) => {
    const found = quantile(from, q);
    if (expected === null) expect(found).toBeNull();
    else expect(found).toBeCloseTo(expected, 9);
  });

  test('two processes count as one: the slow one is not averaged away', () => {
    const fast = buckets([0.01, 98], [0.1, 98], [1, 98], [Infinite, 98]);
    const slow = buckets([0.01, 0], [0.1, 0], [1, 2], [Infinite, 2]);
    const both = addBuckets([fast, slow]);
    expect(totalOf(both)).toBe(100);
    expect(quantile(both, 0.95)).toBeLessThanOrEqual(0.01);
    expect(quantile(both, 0.99)).toBeCloseTo(0.55, 9);
  });

  test('bounds that differ during a roll give a value all the same', () => {
    const both = addBuckets([buckets([1, 4], [2, 8], [Infinite, 8]), buckets([1.5, 6], [Infinite, 8])]);
    expect(quantile(both, 0.5)).toBeGreaterThan(0);
    expect(quantile(both, 0.99)).toBeLessThanOrEqual(2);
  });
});
