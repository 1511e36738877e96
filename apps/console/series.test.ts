import { describe, expect, test } from '@jest/globals';
import { CounterSeries } from './series.ts';

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
    ['a first reading is where counting begins', [[0, 500]], [-1000, 1000], 0],
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
      'a process that came counts from its first reading on',
      [
        [3000, 900],
        [4000, 950],
      ],
      [0, 5000],
      50,
    ],
    [
      'a counter that appears counts from 0',
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
      'a counter that vanished was a restart',
      [
        [0, 100],
        [1000, undefined],
        [2000, 40],
      ],
      [0, 2000],
      40,
    ],
    [
      'a restart that caught up, by its start time',
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
      'a gap is spread over its time',
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

  test('is never negative and never more than what was counted, however a process behaves', () => {
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

  test('keeps half a minute, and what it needs to look back so far', () => {
    const made = series(...Array.from({ length: 300 }, (_, second): Step => [second * 1000, second * 10]));
    expect(made.increase('n', 270_000, 299_000)).toBeCloseTo(290, 9);
    expect(made.increase('n', 0, 299_000)).toBeLessThanOrEqual(310);
    expect([...made.keys()]).toEqual(['n']);
    expect(made.lastAtMs).toBe(299_000);
  });
});
