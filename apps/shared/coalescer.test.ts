import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { Coalescer } from './coalescer.ts';

/** A flush whose calls are recorded and end when the test says so. */
function controlled() {
  const calls: { items: number[]; end: () => void; fail: (error: Error) => void }[] = [];
  const flush = (items: number[]) =>
    new Promise<string[]>((resolve, reject) => {
      calls.push({ items, end: () => resolve(items.map((item) => `r${item}`)), fail: reject });
    });
  return { calls, flush };
}

const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe('Coalescer', () => {
  test('items of one turn travel together and each gets its own result', async () => {
    const { calls, flush } = controlled();
    const coalescer = new Coalescer({ flush, maxItems: 10, maxInFlight: 1 });
    const results = Promise.all([1, 2, 3].map((item) => coalescer.add(item)));
    await turn();
    expect(calls.map(({ items }) => items)).toEqual([[1, 2, 3]]);
    calls[0]!.end();
    expect(await results).toEqual(['r1', 'r2', 'r3']);
  });

  test('what arrives during a flush waits for its end and then travels together, in order', async () => {
    const { calls, flush } = controlled();
    const coalescer = new Coalescer({ flush, maxItems: 10, maxInFlight: 1 });
    const first = coalescer.add(1);
    await turn();
    const later = Promise.all([coalescer.add(2), turn().then(() => coalescer.add(3))]);
    await turn();
    await turn();
    expect(calls).toHaveLength(1);
    expect([coalescer.inFlight, coalescer.waiting]).toEqual([1, 2]);
    calls[0]!.end();
    await first;
    await turn();
    expect(calls[1]!.items).toEqual([2, 3]);
    calls[1]!.end();
    expect(await later).toEqual(['r2', 'r3']);
  });

  test.each([
    ['maxItems', { maxItems: 2 }, [[1, 2], [3, 4], [5]]],
    ['maxBytes', { maxItems: 9, maxBytes: 5, sizeOf: (item: number) => item }, [[1, 2], [3], [4], [5]]],
    [
      'a single item above maxBytes',
      { maxItems: 9, maxBytes: 3, sizeOf: (item: number) => item },
      [[1, 2], [3], [4], [5]],
    ],
  ])('groups respect %s', async (_name, limits, groups) => {
    const { calls, flush } = controlled();
    const coalescer = new Coalescer({ flush, maxInFlight: 100, ...limits });
    const results = Promise.all([1, 2, 3, 4, 5].map((item) => coalescer.add(item)));
    await turn();
    expect(calls.map(({ items }) => items)).toEqual(groups);
    for (const call of calls) call.end();
    expect(await results).toEqual(['r1', 'r2', 'r3', 'r4', 'r5']);
  });

  test('an error rejects the items of its group only, and the next group goes on', async () => {
    const { calls, flush } = controlled();
    const coalescer = new Coalescer({ flush, maxItems: 2, maxInFlight: 1 });
    const settled = Promise.allSettled([1, 2, 3].map((item) => coalescer.add(item)));
    await turn();
    calls[0]!.fail(new Error('no'));
    await turn();
    calls[1]!.end();
    expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
    await coalescer.idle();
    expect([coalescer.inFlight, coalescer.waiting]).toEqual([0, 0]);
  });

  test('a flush that throws at once or gives too few results rejects its items', async () => {
    const throwing = new Coalescer<number, void>({
      maxItems: 2,
      maxInFlight: 1,
      flush: () => {
        throw new Error('at once');
      },
    });
    await expect(throwing.add(1)).rejects.toThrow('at once');
    const short = new Coalescer<number, number>({ maxItems: 2, maxInFlight: 1, flush: async () => [] });
    await expect(short.add(1)).rejects.toThrow('0 results for 1 items');
  });

  test('a flush may resolve with nothing, and idle waits for all of it', async () => {
    let flushed = 0;
    const coalescer = new Coalescer<number>({
      maxItems: 7,
      maxInFlight: 2,
      flush: async (items) => {
        await turn();
        flushed += items.length;
      },
    });
    const all = Array.from({ length: 25_000 }, (_, i) => coalescer.add(i));
    await coalescer.idle();
    expect(flushed).toBe(25_000);
    await Promise.all(all);
  });

  describe('with patience', () => {
    afterEach(() => {
      jest.useRealTimers();
    });
    const advance = (ms: number) => jest.advanceTimersByTimeAsync(ms);
    /** A flush of 1 has been under way for a millisecond. */
    const begin = async () => {
      jest.useFakeTimers();
      const { calls, flush } = controlled();
      const coalescer = new Coalescer({ flush, maxItems: 3, maxInFlight: 2, patienceMs: 10 });
      void coalescer.add(1);
      await advance(1);
      return { calls, coalescer };
    };

    test('what arrives during a flush waits for its end', async () => {
      const { calls, coalescer } = await begin();
      void coalescer.add(2);
      await advance(5);
      void coalescer.add(3);
      await advance(3);
      expect(calls).toHaveLength(1);
      calls[0]!.end();
      await advance(0);
      expect(calls[1]!.items).toEqual([2, 3]);
    });

    test('but not when it takes long', async () => {
      const { calls, coalescer } = await begin();
      void coalescer.add(2);
      await advance(8);
      expect(calls).toHaveLength(1);
      await advance(2);
      expect(calls.map(({ items }) => items)).toEqual([[1], [2]]);
    });

    test('nor when a full group waits', async () => {
      const { calls, coalescer } = await begin();
      for (const item of [2, 3, 4, 5]) void coalescer.add(item);
      await advance(1);
      expect(calls.map(({ items }) => items)).toEqual([[1], [2, 3, 4]]);
    });
  });
});
