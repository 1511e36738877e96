import { describe, expect, test } from '@jest/globals';
import { WaitTimeoutError, waitFor } from './poll.ts';

/** Gives the values one after the other, and the last one from then on. */
function sequence<T>(...values: readonly (T | Error)[]): () => Promise<T> {
  let next = 0;
  return async () => {
    const value = values[Math.min(next++, values.length - 1)]!;
    if (value instanceof Error) throw value;
    return value;
  };
}

const soon = { within: 60, everyMs: 1 };

describe('waiting', () => {
  test('ends with the first value that is true', async () => {
    expect(await waitFor('a number', sequence<number | null>(0, null, 7, 8), soon)).toBe(7);
    expect(await waitFor('now', () => 'at once', { within: 0 })).toBe('at once');
  });

  test('takes a failure for not yet', async () => {
    expect(await waitFor('it answers', sequence(new Error('refused'), new Error('refused'), true), soon)).toBe(true);
  });

  test('ends with the first failure where that is asked for', async () => {
    const failing = sequence(false, new Error('broken'), true);
    await expect(waitFor('it', failing, { ...soon, onError: 'throw' })).rejects.toThrow(/^broken$/);
  });

  test('says what did not happen, and why', async () => {
    const late = waitFor('the API answers', sequence<boolean>(new Error('refused')), { within: 0.01, everyMs: 1 });
    await expect(late).rejects.toBeInstanceOf(WaitTimeoutError);
    await expect(late).rejects.toMatchObject({
      message: 'not within 0.01 s: the API answers (refused)',
      cause: expect.objectContaining({ message: 'refused' }),
    });
    const never = waitFor('it holds', sequence(false), { within: 0.01, everyMs: 1 });
    await expect(never).rejects.toThrow(/^not within 0.01 s: it holds$/);
  });

  test('is ended by a signal, also in a pause, with the reason of the signal', async () => {
    const stop = new AbortController();
    const waiting = waitFor('it', sequence(false), {
      within: Number.POSITIVE_INFINITY,
      everyMs: 1e9,
      signal: stop.signal,
    });
    stop.abort(new Error('stopped'));
    await expect(waiting).rejects.toThrow(/^stopped$/);
    let tried = false;
    const late = waitFor('it', () => (tried = true), { ...soon, signal: stop.signal });
    await expect(late).rejects.toThrow(/^stopped$/);
    expect(tried).toBe(false);
  });
});
