import { describe, expect, test } from '@jest/globals';
import { seededRandom } from '../../test/random.ts';
import { createZipf } from './zipf.ts';

/** Draws `draws` ranks below `n` and counts each. */
function histogram(exponent: number, n: number, draws: number): number[] {
  const sample = createZipf(exponent, n);
  const random = seededRandom(7);
  const counts = new Array<number>(n).fill(0);
  for (let i = 0; i < draws; i++) counts[sample(n, random())]!++;
  return counts;
}

/** How far counts are from what is expected; about n - 1 when they follow it. */
function chiSquare(counts: readonly number[], expected: (rank: number) => number): number {
  return counts.reduce((sum, count, rank) => sum + (count - expected(rank)) ** 2 / expected(rank), 0);
}

describe('createZipf', () => {
  const n = 50;
  const draws = 100_000;

  test.each([0, 0.5, 1, 2])('exponent %d: ranks come as often as the law says', (exponent) => {
    const weights = Array.from({ length: n }, (_, rank) => (rank + 1) ** -exponent);
    const total = weights.reduce((a, b) => a + b);
    const distance = chiSquare(histogram(exponent, n, draws), (rank) => (draws * weights[rank]!) / total);
    // 49 degrees of freedom: 85.4 is exceeded once in a thousand.
    expect(distance).toBeLessThan(85.4);
  });

  test('another exponent would be noticed', () => {
    const distance = chiSquare(histogram(1, n, draws), () => draws / n);
    expect(distance).toBeGreaterThan(10_000);
  });

  test.each([
    { n: 1, random: 0, rank: 0 },
    { n: 1, random: 0.999_999, rank: 0 },
    { n: 2, random: 0, rank: 0 },
    { n: 2, random: 0.66, rank: 0 },
    { n: 2, random: 0.67, rank: 1 },
    { n: 10, random: 0.999_999_999, rank: 9 },
  ])('rank of $random among $n is $rank', ({ n, random, rank }) => {
    expect(createZipf(1, 10)(n, random)).toBe(rank);
  });

  test('draws for itself when it is given no number', () => {
    const rank = createZipf(1, 10)(10);
    expect(rank).toBeGreaterThanOrEqual(0);
    expect(rank).toBeLessThan(10);
  });
});
