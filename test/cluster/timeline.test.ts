import { describe, expect, test } from '@jest/globals';
import { drainRate, emptySince, type Moment, secondsUntil } from './timeline.ts';

const moment = (t: number, lag: number | null, ready = 0): Moment => ({ t, lag, ready, wanted: ready, accepted: null });

describe('seconds until', () => {
  const moments = [moment(0, 0, 2), moment(1, 0, 0), moment(2, 9, 1), moment(3, 9, 2)];
  test('counts from the moment given', () => {
    expect(secondsUntil(moments, 1, ({ ready }) => ready >= 2)).toBe(2);
  });
  test('never', () => expect(secondsUntil(moments, 0, ({ ready }) => ready > 5)).toBeNull());
});

describe('empty since', () => {
  test.each<[string, Moment[], number | undefined, number | null]>([
    ['the last time it became so', [moment(0, 0), moment(1, 5), moment(2, 0), moment(3, 0)], undefined, 2],
    ['up to a time', [moment(0, 0), moment(1, 0), moment(2, 5)], 1, 0],
    ['unknown changes nothing', [moment(0, 0), moment(1, null), moment(2, 0)], undefined, 0],
    ['never', [moment(0, 5), moment(1, 5)], undefined, null],
  ])('%s', (_name, moments, until, expected) => expect(emptySince(moments, until)).toBe(expected));
});

describe('the rate of draining', () => {
  test('leaves out how it starts and how it ends', () => {
    const lags = [0, 1000, 1000, 990, 890, 690, 490, 290, 90, 60, 50, 45, 40, 0];
    expect(drainRate(lags.map((lag, t) => moment(t, lag)))).toBe(200);
  });
  test('of two, one is three times as fast', () => {
    const falling = (perSecond: number) =>
      Array.from({ length: 60 }, (_, t) => moment(t, Math.max(0, 3000 - t * perSecond)));
    expect(drainRate(falling(300))! / drainRate(falling(100))!).toBeCloseTo(3, 1);
  });
  test('is unknown where it does not drain', () => {
    expect(drainRate([moment(0, 100), moment(1, 95), moment(2, 90)])).toBeNull();
    expect(drainRate([])).toBeNull();
  });
});
