// The queue in front of the disk: order, cost, debts and cancelled operations.
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Pacer } from './pacer.ts';
import { Throttle } from './throttle.ts';

interface Seen {
  throttle: Throttle;
  admitted: [string, number][];
  slots: [string, number][];
  waits: number[];
}

function start(limit: number): Seen {
  const startMs = performance.now();
  const seen = { admitted: [], slots: [], waits: [] } as unknown as Seen;
  seen.throttle = new Throttle({
    pacer: new Pacer({ limit }),
    now: () => performance.now(),
    onSlot: (kind, nowMs) => seen.slots.push([kind, nowMs - startMs]),
    onAdmitted: (waitMs) => seen.waits.push(waitMs),
  });
  const { throttle } = seen;
  const admit = throttle.admit.bind(throttle);
  throttle.admit = (kind, cost, then) =>
    admit(kind, cost, () => {
      seen.admitted.push([kind, performance.now() - startMs]);
      then();
    });
  return seen;
}
const nothing = (): void => {};

describe('Throttle', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test('first come, first served, one spacing apart', () => {
    const { throttle, admitted, waits } = start(100);
    for (const kind of ['a', 'b', 'c']) throttle.admit(kind, 1, nothing);
    expect(throttle.queueLength).toBe(2);
    jest.advanceTimersByTime(100);
    expect(admitted).toEqual([
      ['a', 0],
      ['b', 10],
      ['c', 20],
    ]);
    expect(waits).toEqual([0, 10, 20]);
    expect(throttle.queueLength).toBe(0);
  });

  test('an operation of cost 3 passes at its third slot, each slot counted when it comes', () => {
    const { throttle, admitted, slots } = start(100);
    throttle.admit('large', 3, nothing);
    throttle.admit('small', 1, nothing);
    jest.advanceTimersByTime(100);
    expect(slots).toEqual([
      ['large', 0],
      ['large', 10],
      ['large', 20],
      ['small', 30],
    ]);
    expect(admitted).toEqual([
      ['large', 20],
      ['small', 30],
    ]);
  });

  test('a debt is paid before anything else passes', () => {
    const { throttle, admitted, slots } = start(100);
    throttle.admit('a', 1, () => throttle.charge('reply', 2));
    throttle.admit('b', 1, nothing);
    jest.advanceTimersByTime(100);
    expect(admitted).toEqual([
      ['a', 0],
      ['b', 30],
    ]);
    expect(slots.map(([kind]) => kind)).toEqual(['a', 'reply', 'reply', 'b']);
  });

  test('a debt is paid even if nothing follows', () => {
    const { throttle, slots } = start(100);
    throttle.charge('reply', 2);
    throttle.charge('reply', 0);
    jest.advanceTimersByTime(100);
    expect(slots).toEqual([
      ['reply', 0],
      ['reply', 10],
    ]);
  });

  test('a cancelled operation makes way for the next; slots that it took stay counted', () => {
    const { throttle, admitted, slots } = start(100);
    const large = throttle.admit('large', 5, nothing);
    const gone = throttle.admit('gone', 1, nothing);
    throttle.admit('b', 1, nothing);
    jest.advanceTimersByTime(10);
    large.cancel();
    large.cancel();
    gone.cancel();
    expect(throttle.queueLength).toBe(1);
    jest.advanceTimersByTime(100);
    expect(admitted).toEqual([['b', 20]]);
    expect(slots.map(([kind]) => kind)).toEqual(['large', 'large', 'b']);
    expect(throttle.queueLength).toBe(0);
  });

  test('thousands wait in order', () => {
    const { throttle, admitted } = start(1000);
    for (let i = 0; i < 5000; i++) throttle.admit(String(i), 1, nothing);
    jest.advanceTimersByTime(6000);
    expect(admitted.map(([kind]) => Number(kind))).toEqual(Array.from({ length: 5000 }, (_, i) => i));
  });

  test('limit 0: all pass at once and are counted', () => {
    const { throttle, admitted, slots } = start(0);
    throttle.admit('a', 3, nothing);
    throttle.charge('reply', 2);
    throttle.admit('b', 1, nothing);
    expect(admitted).toHaveLength(2);
    expect(slots).toHaveLength(6);
  });

  test('closed: nothing passes any more and no timer stays', () => {
    const { throttle, admitted } = start(10);
    throttle.admit('a', 1, nothing);
    throttle.admit('b', 1, nothing);
    throttle.close();
    jest.advanceTimersByTime(1000);
    expect(admitted).toHaveLength(1);
    expect(jest.getTimerCount()).toBe(0);
  });
});
