import { describe, expect, test } from '@jest/globals';
import { linearTicks, logTicks, plot, runsOf, shortNumber, thin } from './plot.ts';

test.each([
  [0, 100, [0, 20, 40, 60, 80, 100]],
  [0, 7, [0, 2, 4, 6, 8]],
  [0, 2479, [0, 500, 1000, 1500, 2000, 2500]],
  [0, 0.97, [0, 0.2, 0.4, 0.6, 0.8, 1]],
])('ticks from %d to %d', (low, high, ticks) => expect(linearTicks(low, high)).toEqual(ticks));
test('ticks of nothing', () => expect(linearTicks(0, 0)).toHaveLength(2));

test.each([
  [[3, 40], undefined, [1, 10, 100]],
  [[0.5, 5], 2000, [0.1, 1, 10, 100, 1000, 10_000]],
  [[0], undefined, [1, 10]],
])('powers of ten around %j, limit %s', (values, limit, ticks) => expect(logTicks(values, limit)).toEqual(ticks));

test('gaps cut a line', () => {
  expect(
    runsOf([
      [0, 1],
      [1, 2],
      [2, null],
      [3, null],
      [4, 5],
    ]),
  ).toEqual([
    [
      [0, 1],
      [1, 2],
    ],
    [[4, 5]],
  ]);
});

test('thinning keeps peaks', () => {
  const points = Array.from({ length: 5000 }, (_, x) => [x, x === 3333 ? 99 : 1] as const);
  const kept = thin(points);
  expect(kept.length).toBeLessThanOrEqual(700);
  expect(kept).toContainEqual([3333, 99]);
});

test.each([
  [0.1, '0.1'],
  [950, '950'],
  [1200, '1.2k'],
  [25_000_000, '25M'],
])('%d is %s', (value, text) => expect(shortNumber(value)).toBe(text));

describe('a plot', () => {
  test('with one point, with gaps, with zeros', () => {
    for (const points of [
      [[0, 5]],
      [
        [0, null],
        [1, 2],
        [2, 0],
      ],
      [[0, 0]],
    ] as [number, number | null][][])
      for (const logarithmic of [true, false]) {
        const html = plot({
          title: 't',
          unit: 'u',
          seconds: 10,
          logarithmic,
          series: [{ name: 'n', color: 1, points, area: true }],
        });
        expect(html).toContain('<svg');
        expect(html).not.toMatch(/NaN|Infinity|undefined/);
      }
  });
  test('of nothing says so', () => {
    expect(plot({ title: 't', unit: 'u', seconds: 1, series: [] })).toContain('nothing was measured');
  });
});
