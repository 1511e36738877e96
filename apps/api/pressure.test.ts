import { afterEach, describe, expect, test } from '@jest/globals';
import { until } from '../../test/until.ts';
import { type Pressure, watchEventLoop } from './pressure.ts';

/** Keeps the event loop busy: each turn lasts `ms`. @returns how to end it */
function busy(ms: number): () => void {
  let ended = false;
  const turn = () => {
    const end = performance.now() + ms;
    while (performance.now() < end);
    if (!ended) setImmediate(turn);
  };
  setImmediate(turn);
  return () => {
    ended = true;
  };
}

describe('watchEventLoop', () => {
  let pressure: Pressure | undefined;
  let end = () => {};
  afterEach(() => {
    end();
    pressure?.close();
  });

  test('is high while the event loop is late, and not afterwards', async () => {
    pressure = watchEventLoop(100);
    expect(pressure.high()).toBe(false);
    end = busy(150);
    await until(() => pressure!.high());
    expect(pressure.delayMs()).toBeGreaterThan(100);
    end();
    await until(() => !pressure!.high());
    expect(pressure.delayMs()).toBeLessThan(100);
  });

  test('0 never sheds', async () => {
    pressure = watchEventLoop(0);
    end = busy(150);
    await until(() => pressure!.delayMs() > 100);
    expect(pressure.high()).toBe(false);
    end();
  });
});
