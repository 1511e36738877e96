import { describe, expect, test } from '@jest/globals';
import { addBuckets, type Buckets, CounterSeries, quantile, totalOf } from './series.ts';

type Step = [atMs: number, value: number | undefined, startedAt?: number];

function series(...steps: Step[]): CounterSeries {
  const made = new CounterSeries();
  for (const [atMs, value, startedAt] of steps)
    made.add(atMs, { startedAt, counters: new Map(value === undefined ? [] : [['n', value]]) });
  return made;
}

describe('the increase of a counter', () => {
  test.each<[string, Step[], [number, number], number]>([
    ['nothing read yet', [], [0, 1000], 0],
    ['counting begins with the first reading', [[0, 500]], [-1000, 1000], 0],
    [
      'two readings',
      [
        [0, 500],
        [1000, 600],
      ],
      [0, 1000],
      100,
    ],
    [
      'half of the time between two readings',
      [
        [0, 0],
        [1000, 100],
      ],
      [500, 1000],
      50,
    ],
    [
      'nothing is assumed after the last reading',
      [
        [0, 0],
        [1000, 100],
      ],
      [0, 5000],
      100,
    ],
    [
      'a new process counts from its first reading on',
      [
        [3000, 900],
        [4000, 950],
      ],
      [0, 5000],
      50,
    ],
    [
      'a new counter counts from 0',
      [
        [0, undefined],
        [1000, 3],
      ],
      [0, 1000],
      3,
    ],
    [
      'a restart takes nothing back',
      [
        [0, 100],
        [1000, 200],
        [2000, 0],
        [3000, 30],
      ],
      [0, 3000],
      130,
    ],
    [
      'a restart counts nothing twice',
      [
        [0, 100],
        [1000, 200],
        [2000, 150],
        [3000, 160],
      ],
      [0, 3000],
      110,
    ],
    [
      'a counter that disappears was a restart',
      [
        [0, 100],
        [1000, undefined],
        [2000, 40],
      ],
      [0, 2000],
      40,
    ],
    [
      'a restart is recognised by its start time when the counter has caught up',
      [
        [0, 100, 1],
        [1000, 200, 1],
        [2000, 900, 2],
        [3000, 910, 2],
      ],
      [0, 3000],
      110,
    ],
    [
      'a gap is interpolated',
      [
        [0, 0],
        [10_000, 1000],
      ],
      [5_000, 10_000],
      500,
    ],
    [
      'one of two workers is gone: 100 + 100, then 110 alone',
      [
        [0, 200],
        [1000, 110],
        [2000, 120],
      ],
      [0, 2000],
      10,
    ],
  ])('%s', (_what, steps, [from, to], expected) => {
    expect(series(...steps).increase('n', from, to)).toBeCloseTo(expected, 9);
  });

  test('is never negative and never more than what was counted, with any restarts', () => {
    const made = new CounterSeries();
    let value = 0;
    let counted = 0;
    for (let second = 0; second < 200; second++) {
      const restart = second % 7 === 3;
      const step = (second * 37) % 50;
      value = restart ? step : value + step;
      counted += step;
      made.add(second * 1000, { startedAt: undefined, counters: new Map([['n', value]]) });
      const window = made.increase('n', (second - 5) * 1000, second * 1000);
      expect(window).toBeGreaterThanOrEqual(0);
      expect(window).toBeLessThanOrEqual(5 * 50);
    }
    expect(made.increase('n', 170_000, 199_000)).toBeLessThanOrEqual(counted);
  });

  test('goes back half a minute', () => {
    const made = series(...Array.from({ length: 300 }, (_, second): Step => [second * 1000, second * 10]));
    expect(made.increase('n', 270_000, 299_000)).toBeCloseTo(290, 9);
    expect(made.increase('n', 0, 299_000)).toBeLessThanOrEqual(310);
    expect([...made.keys()]).toEqual(['n']);
    expect(made.lastAtMs).toBe(299_000);
  });
});

const Infinite = Number.POSITIVE_INFINITY;
const buckets = (...pairs: [number, number][]): Buckets => new Map(pairs);

describe('quantiles from buckets', () => {
  test.each<[string, Buckets, number, number | null]>([
    ['no histogram', buckets(), 0.5, null],
    ['no observation', buckets([1, 0], [Infinite, 0]), 0.5, null],
    ['all in the first bucket', buckets([1, 10], [Infinite, 10]), 0.5, 0.5],
    ['on a bound', buckets([1, 5], [2, 10], [Infinite, 10]), 0.5, 1],
    ['between two bounds', buckets([1, 5], [2, 10], [Infinite, 10]), 0.95, 1.9],
    ['above the last bound', buckets([1, 5], [Infinite, 10]), 0.99, 1],
    ['all above the last bound', buckets([1, 0], [Infinite, 4]), 0.5, 1],
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

  test('bounds that differ during a roll still give a value', () => {
    const both = addBuckets([buckets([1, 4], [2, 8], [Infinite, 8]), buckets([1.5, 6], [Infinite, 8])]);
    expect(quantile(both, 0.5)).toBeGreaterThan(0);
    expect(quantile(both, 0.99)).toBeLessThanOrEqual(2);
  });
});
