import { describe, expect, test } from '@jest/globals';
import { Pacer } from './pacer.ts';

/** The number of messages in each slice of time. */
function run(pacer: Pacer, fromMs: number, toMs: number, stepMs: number): number[] {
  const counts: number[] = [];
  for (let now = fromMs + stepMs; now <= toMs + 1e-6; now += stepMs) counts.push(pacer.take(now));
  return counts;
}
const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);

describe('Pacer', () => {
  test.each<[rate: number, seconds: number, stepMs: number, total: number, mostAStep: number]>([
    [0, 1_000, 10, 0, 0],
    [0.008, 1_000, 10, 8, 1],
    [0.5, 60, 10, 30, 1],
    [1, 10, 7, 10, 1],
    [3.3, 100, 10, 330, 1],
    [120, 10, 5, 1_200, 1],
    [1_000, 10, 5, 10_000, 6],
    [20_000, 5, 5, 100_000, 101],
  ])('%d messages a second for %d s: correct in sum and smooth', (rate, seconds, stepMs, total, mostAStep) => {
    const counts = run(new Pacer(rate, 0), 0, seconds * 1000, stepMs);
    expect(Math.abs(sum(counts) - total)).toBeLessThanOrEqual(1);
    expect(Math.max(...counts)).toBeLessThanOrEqual(mostAStep);
  });

  test.each([
    [0.008, 1],
    [5, 1],
    [100, 10],
    [20_000, 2_000],
  ])('at %d messages a second a stall of an hour makes up for %d', (rate, most) => {
    const pacer = new Pacer(rate, 0);
    expect(pacer.take(3_600_000)).toBe(most);
    expect(pacer.take(3_600_000)).toBe(0);
  });

  test('nothing is due while the clock stands still or goes back', () => {
    const pacer = new Pacer(100, 1_000);
    expect(pacer.take(1_000)).toBe(0);
    expect(pacer.take(500)).toBe(0);
    expect(pacer.take(1_010)).toBe(1);
  });

  test('a new rate applies from now on and keeps the accumulated fraction', () => {
    const pacer = new Pacer(0.1, 0);
    expect(pacer.nextInMs(0)).toBe(10_000);
    pacer.setRate(1, 5_000);
    expect(pacer.nextInMs(5_000)).toBe(500);
    expect(pacer.take(5_500)).toBe(1);
    pacer.setRate(0, 5_750);
    expect(pacer.nextInMs(5_750)).toBe(Number.POSITIVE_INFINITY);
    expect(pacer.take(60_000)).toBe(0);
    pacer.setRate(1, 60_000);
    expect(pacer.nextInMs(60_000)).toBeCloseTo(750);
  });

  test('messages that are given back are due again, up to a burst', () => {
    const pacer = new Pacer(100, 0);
    expect(pacer.take(50)).toBe(5);
    pacer.giveBack(3);
    expect(pacer.take(50)).toBe(3);
    pacer.giveBack(1_000);
    expect(pacer.take(50)).toBe(10);
  });

  test.each([-1, 0.007, 20_001, Number.NaN, Number.POSITIVE_INFINITY])('refuses a rate of %d', (rate) => {
    expect(() => new Pacer(rate, 0)).toThrow(RangeError);
    const pacer = new Pacer(1, 0);
    expect(() => pacer.setRate(rate, 0)).toThrow('0.008 to 20000');
    expect(pacer.rate).toBe(1);
  });
});
