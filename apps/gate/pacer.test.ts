// No second is above the limit, whatever the load and however late the timers fire, and hardly any
// of the limit is wasted.
import { describe, expect, test } from '@jest/globals';
import { seededRandom } from '../../test/random.ts';
import { busiestSpan } from './gate.testing.ts';
import { Pacer } from './pacer.ts';

interface Run {
  limit: number;
  /** Times at which operations arrive. */
  arrivals: readonly number[];
  /** How late a timer fires. */
  latenessMs: () => number;
  untilMs: number;
}

/**
 * Does what a throttle does with a pacer, on a simulated clock.
 * @returns the times at which slots were taken
 */
function simulate({ limit, arrivals, latenessMs, untilMs }: Run): number[] {
  const pacer = new Pacer({ limit });
  const taken: number[] = [];
  let arrived = 0;
  let nowMs = 0;
  while (nowMs < untilMs) {
    while (arrived < arrivals.length && arrivals[arrived]! <= nowMs) {
      if (arrived === taken.length) pacer.wake(nowMs);
      arrived++;
    }
    while (taken.length < arrived && pacer.take(nowMs)) taken.push(nowMs);
    const nextArrival = arrivals[arrived] ?? untilMs;
    if (taken.length === arrived) nowMs = Math.max(nowMs, nextArrival);
    else nowMs = Math.max(nowMs, Math.min(pacer.readyAtMs() + latenessMs(), Math.max(nextArrival, nowMs + 0.01)));
  }
  return taken;
}

const onTime = (): number => 0;
const crowd = (count: number, atMs: number): number[] => new Array<number>(count).fill(atMs);

describe('Pacer', () => {
  test('spaces slots evenly from the first one on', () => {
    const taken = simulate({ limit: 100, arrivals: crowd(300, 5), latenessMs: onTime, untilMs: 10_000 });
    expect(taken).toHaveLength(300);
    for (let i = 0; i < 300; i++) expect(taken[i]!).toBeCloseTo(5 + i * 10, 6);
  });

  test('idle time earns no burst: a crowd after a pause is spaced like any other', () => {
    const arrivals = [...crowd(50, 0), ...crowd(300, 60_000)];
    const taken = simulate({ limit: 100, arrivals, latenessMs: onTime, untilMs: 70_000 });
    const after = taken.slice(50);
    expect(busiestSpan(after, 100)).toBe(10);
    expect(after[1]! - after[0]!).toBeCloseTo(10, 6);
    expect(busiestSpan(taken)).toBe(100);
  });

  test('a crowd just before and one just after the turn of a second share that second', () => {
    const arrivals = [...crowd(100, 0), ...crowd(100, 995), ...crowd(100, 2000)].sort((a, b) => a - b);
    expect(busiestSpan(simulate({ limit: 100, arrivals, latenessMs: onTime, untilMs: 5000 }))).toBe(100);
  });

  test('a late timer does not delay the slots after it', () => {
    const pacer = new Pacer({ limit: 100 });
    pacer.wake(0);
    expect(pacer.take(0)).toBe(true);
    expect(pacer.take(14)).toBe(true);
    expect(pacer.take(19.9)).toBe(false);
    expect(pacer.take(20)).toBe(true);
  });

  test('slots later than the tolerance are lost', () => {
    const pacer = new Pacer({ limit: 100, toleranceMs: 30 });
    pacer.wake(0);
    expect(pacer.take(0)).toBe(true);
    let caughtUp = 0;
    while (pacer.take(5000)) caughtUp++;
    expect(caughtUp).toBe(4);
  });

  test('catching up never breaks the window', () => {
    const pacer = new Pacer({ limit: 10, toleranceMs: 5000 });
    pacer.wake(0);
    let taken = 0;
    while (pacer.take(950 - 1)) taken++;
    expect(taken).toBe(10);
    expect(pacer.take(1948)).toBe(false);
    expect(pacer.take(1949)).toBe(true);
  });

  test.each([1, 3, 10, 100, 999, 5000])(
    'limit %i: no sliding second above it, with late timers and stalls',
    (limit) => {
      for (const seed of [1, 2, 3, 4, 5]) {
        const random = seededRandom(seed);
        const latenessMs = (): number => (random() < 0.02 ? random() * 150 : random() * 1.5);
        const arrivals: number[] = [];
        for (let atMs = 0; atMs < 20_000; atMs += random() * 3000)
          arrivals.push(...crowd(Math.ceil(random() * limit * 2), atMs));
        const taken = simulate({ limit, arrivals, latenessMs, untilMs: 30_000 });
        expect(busiestSpan(taken)).toBeLessThanOrEqual(limit);
      }
    },
  );

  test('under steady load with timers up to 1.5 ms late, 98 % of the limit passes', () => {
    const random = seededRandom(7);
    const taken = simulate({
      limit: 100,
      arrivals: crowd(10_000, 0),
      latenessMs: () => random() * 1.5,
      untilMs: 60_000,
    });
    expect(taken.length).toBeGreaterThanOrEqual(5880);
    expect(busiestSpan(taken)).toBeLessThanOrEqual(100);
  });

  test('limit 0 never waits', () => {
    const pacer = new Pacer({ limit: 0 });
    for (let i = 0; i < 10_000; i++) expect(pacer.take(0)).toBe(true);
    expect(pacer.readyAtMs()).toBe(Number.NEGATIVE_INFINITY);
  });
});
