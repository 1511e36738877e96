// The page's logic, without a browser: numbers as text, and points as columns.
import { describe, expect, test } from '@jest/globals';
import { snapshot } from '../console.testing.ts';
import { inWords } from './controls.js';
import { bytes, count, duration, percent, perSecond, plural, rate, short } from './format.js';
import { append, HISTORY_MS, merge, toColumns } from './history.js';
import { lineWidth, METERS, NUMBERS } from './path.js';

describe('numbers as text', () => {
  test.each<[string, string, string]>([
    ['count', count(1_203.6), '1,204'],
    ['unknown count', count(null), '–'],
    ['rate', rate(1_203.6), '1,204'],
    ['small rate', rate(4.26), '4.3'],
    ['tiny rate', rate(0.01), '<0.1'],
    ['rate that rounds to ten', rate(9.97), '10'],
    ['zero rate', rate(0), '0'],
    ['rate with its unit', perSecond(12), '12/s'],
    ['unknown rate', perSecond(null), '–'],
    ['axis', short(12_000), '12k'],
    ['axis of millions', short(1_250_000), '1.3M'],
    ['axis below ten', short(2.5), '2.5'],
    ['microseconds', duration(0.04), '0.0 ms'],
    ['milliseconds', duration(4.24), '4.2 ms'],
    ['many milliseconds', duration(120.4), '120 ms'],
    ['nearly a second', duration(996), '1.0 s'],
    ['seconds', duration(2_540), '2.5 s'],
    ['half a minute', duration(29_000), '29 s'],
    ['minutes', duration(600_000), '10 min'],
    ['hours', duration(7_200_000), '2 h'],
    ['bytes', bytes(700), '700 B'],
    ['kibibytes', bytes(5_222), '5.1 KiB'],
    ['nearly a mebibyte', bytes(1_048_000), '1.0 MiB'],
    ['gibibytes', bytes(1_073_741_824), '1.0 GiB'],
    ['many gibibytes', bytes(161_061_273_600), '150 GiB'],
    ['unknown bytes', bytes(null), '–'],
    ['percent', percent(0.9812), '98.1 %'],
    ['nearly all is not all', percent(0.99999), '99.9 %'],
    ['all', percent(1), '100 %'],
    ['hardly any is not none', percent(0.0001), '<0.1 %'],
    ['none', percent(0), '0 %'],
    ['one', plural(1, 'process', 'processes'), '1 process'],
    ['several', plural(2, 'user'), '2 users'],
  ])('%s: %s', (_what, text, expected) => {
    expect(text).toBe(expected);
  });
});

describe('the path', () => {
  test.each<[keyof typeof NUMBERS, Parameters<typeof snapshot>[0], string]>([
    ['requests', {}, '1,000'],
    ['requests', { api: { processes: 0, requests: 0 } }, '–'],
    ['shed', { api: { shed: { waited: 3, queue_full: 2 } } }, '5.0 shed/s'],
    ['shed', {}, ''],
    ['maxLength', {}, 'full at 1,000,000'],
    ['maxLength', { queue: { lagBytes: 805_306_368 } }, '768 MiB, full at 1.0 GiB'],
    ['maxLength', { queue: { lagBytes: null, maxBytes: null } }, 'full at 1,000,000'],
    ['maxLength', { queue: { lag: null, lagBytes: null, maxLength: null, maxBytes: null } }, ''],
    ['rate', { producer: { processes: 0, rate: null } }, 'not running'],
    ['rate', { producer: { rate: 0 } }, 'paused'],
    ['rate', { producer: { rate: 0.008 } }, '0.008/s'],
    ['rate', { producer: { rate: 120 } }, '120/s'],
    ['limit', {}, 'of 100/s'],
    ['limit', { gate: { limit: 0 } }, 'operations/s'],
    ['waiting', {}, 'none waiting'],
    ['waiting', { gate: { waiting: 35 } }, '35 waiting'],
    ['waiting', { components: ['api'], gate: { waiting: null } }, 'none in this stack'],
    ['kinds', {}, '40 insert/s\n22 find/s'],
    ['mongo', {}, 'up'],
    ['mongo', { gate: { mongoUp: false } }, 'down'],
    ['mongo', { consumer: { storing: false } }, 'refusing'],
    ['mongo', { gate: { mongoUp: null }, consumer: { storing: null } }, '–'],
  ])('%s with %j: %s', (name, changes, expected) => {
    expect(NUMBERS[name]!(snapshot(changes))).toBe(expected);
  });

  test('meters', () => {
    expect(METERS.lag!(snapshot())).toBeCloseTo(0.0012, 9);
    expect(METERS.operations!(snapshot({ gate: { limit: 0 } }))).toBe(0);
  });

  test('a busier line is thicker, within bounds', () => {
    const widths = [0, 0.1, 10, 1_000, 1e9].map(lineWidth);
    expect([...widths].sort((a, b) => a - b)).toEqual(widths);
    expect([widths[0], widths.at(-1)]).toEqual([1, 5]);
  });
});

describe('the points of the plots', () => {
  test('points that this page received stay when the server no longer has them', () => {
    const seen = [
      [1_000, 1],
      [2_000, 2],
      [3_000, 3],
    ];
    expect(
      merge(seen, [
        [2_500, 9],
        [3_500, 9],
      ]),
    ).toEqual([
      [1_000, 1],
      [2_000, 2],
      [2_500, 9],
      [3_500, 9],
    ]);
    expect(merge(seen, [])).toEqual(seen);
    expect(merge([], [[5, 1]])).toEqual([[5, 1]]);
  });

  test('five minutes are kept, and no point twice', () => {
    const many = Array.from({ length: 1_000 }, (_, i) => [i * 1_000, i]);
    const points = append(many, [1_000_000, 1]);
    expect(points[0]![0]).toBe(1_000_000 - HISTORY_MS);
    expect(append(points, [1_000_000, 2])).toEqual(points);
  });

  test('columns, with a gap where points are missing', () => {
    expect(
      toColumns(
        [
          [1_000, 5],
          [2_000, null],
          [60_000, 7],
        ],
        2,
      ),
    ).toEqual([
      [1, 2, 3, 60],
      [5, null, null, 7],
    ]);
    expect(toColumns([], 2)).toEqual([[], []]);
  });
});

describe('a load test, in words', () => {
  const load = { profile: 'smoke', running: true, stopping: false, progress: undefined };
  test.each<[Parameters<typeof inWords>[0], string]>([
    [null, ''],
    [load, 'smoke is starting'],
    [{ ...load, progress: { phase: 'load', second: 3, seconds: 9.5, users: 20 } }, '20 users, 3 of 10 s'],
    [{ ...load, stopping: true, progress: { phase: 'load', second: 3, seconds: 10, users: 20 } }, 'stopping'],
    [{ ...load, progress: { phase: 'checking', text: 'ledger: 5 records read' } }, 'ledger: 5 records read'],
    [{ ...load, running: false, progress: { phase: 'done', ok: true, text: 'passed' } }, 'smoke: passed'],
    [{ ...load, running: false, progress: { phase: 'failed', text: 'it died' } }, 'smoke: it died'],
  ])('%j', (state, words) => {
    expect(inWords(state)).toBe(words);
  });
});
