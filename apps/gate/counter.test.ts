// Operations are counted in the second in which they happen, and old seconds are dropped.
import { describe, expect, test } from '@jest/globals';
import { SecondCounter } from './counter.ts';

describe('SecondCounter', () => {
  test('counts by aligned second, idle seconds as zero, the current one last', () => {
    const counter = new SecondCounter(100_500);
    counter.add(100_600, 2);
    counter.add(100_999.9, 1);
    counter.add(101_000, 5);
    expect(counter.lastFullSecond(101_500)).toBe(3);
    counter.add(103_100, 7);
    expect(counter.lastFullSecond(103_200)).toBe(0);
    expect(counter.seconds(103_200)).toEqual([
      [100, 3],
      [101, 5],
      [102, 0],
      [103, 7],
    ]);
    expect(counter.seconds(103_200, 102)).toEqual([
      [102, 0],
      [103, 7],
    ]);
  });

  test('nothing before the start', () => {
    expect(new SecondCounter(5000).lastFullSecond(5900)).toBe(0);
  });

  test('keeps only the last seconds', () => {
    const counter = new SecondCounter(0, 3);
    for (let second = 0; second < 5; second++) counter.add(second * 1000, second + 1);
    expect(counter.seconds(4500)).toEqual([
      [2, 3],
      [3, 4],
      [4, 5],
    ]);
    expect(counter.seconds(60_000)).toEqual([
      [58, 0],
      [59, 0],
      [60, 0],
    ]);
  });
});
