// The depth that accepting goes by: read often while records move, seldom while none do. The broker's answers are made up here.
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { createLogger } from '../../logger.ts';
import { DepthMonitor, type KafkaOffsets, type TopicDepth } from './offsets.ts';

const logger = createLogger('test', 'silent');

/** What a reading takes, as a rule. */
const READING_MS = 50;

describe('how often the depth is read', () => {
  let depth: TopicDepth;
  let readings: number;
  let reading: boolean;
  let takesMs: number;
  let away: boolean;
  let monitor: DepthMonitor;

  /** The monitor, started, over a queue that is as `depth` says. */
  async function start(): Promise<void> {
    jest.useFakeTimers();
    depth = { partitions: 3, accepted: 10, lag: 0, lagBytes: 0, sampled: true };
    readings = 0;
    takesMs = READING_MS;
    away = false;
    const offsets = {
      depth: async () => {
        readings++;
        reading = true;
        await new Promise((resolve) => setTimeout(resolve, takesMs));
        reading = false;
        if (away) throw new Error('no broker answers');
        return depth;
      },
    } as unknown as KafkaOffsets;
    monitor = new DepthMonitor(offsets, logger);
    const started = monitor.start();
    await jest.advanceTimersByTimeAsync(READING_MS);
    await started;
  }
  /** Readings within so long. */
  async function readingsIn(milliseconds: number): Promise<number> {
    const before = readings;
    await jest.advanceTimersByTimeAsync(milliseconds);
    return readings - before;
  }
  afterEach(() => {
    monitor.close();
    jest.useRealTimers();
  });

  test('once a second while nothing moves', async () => {
    await start();
    await readingsIn(1_000);
    expect(await readingsIn(10_500)).toBe(10);
  });

  test('five times a second while others add', async () => {
    await start();
    for (let i = 0; i < 10; i++) {
      depth = { ...depth, accepted: depth.accepted + 1 };
      expect(await readingsIn(250)).toBe(1);
    }
  });

  test('at once when this process begins to add, and only once', async () => {
    await start();
    await readingsIn(2_000);
    const ended = monitor.begin(5, 500);
    monitor.begin(5, 500)(true);
    depth = { ...depth, accepted: 15, lag: 5, lagBytes: 500 };
    expect(await readingsIn(1)).toBe(1);
    ended(true);
    expect(monitor.lag).toBe(10);
    expect(monitor.lagBytes).toBe(1_000);
    depth = { ...depth, accepted: 20, lag: 10, lagBytes: 1_000 };
    await readingsIn(1_000);
    expect(monitor.lag).toBe(10);
    expect(await readingsIn(10_500)).toBe(10);
  });

  test('by one row of readings, even when this process begins to add in the middle of one', async () => {
    await start();
    await readingsIn(2_000);
    while (!reading) await readingsIn(1);
    monitor.begin(5, 500)(true);
    await readingsIn(2_000);
    expect(await readingsIn(10_500)).toBe(10);
  });

  test('five times a second while Kafka does not answer, so that it is back at once', async () => {
    await start();
    await readingsIn(2_000);
    away = true;
    await readingsIn(2_000);
    expect(await readingsIn(2_500)).toBe(10);
    expect(monitor.healthy).toBe(false);
    away = false;
    await readingsIn(250);
    expect(monitor.healthy).toBe(true);
  });

  test('and a slow reading after a pause does not look like a Kafka that is away', async () => {
    await start();
    await readingsIn(2_000);
    while (!reading) await readingsIn(1);
    await readingsIn(READING_MS + 990);
    takesMs = 900;
    monitor.begin(5, 500);
    await readingsIn(850);
    expect(monitor.healthy).toBe(true);
  });

  test('not any more once it is closed', async () => {
    await start();
    monitor.close();
    monitor.begin(1, 100);
    expect(await readingsIn(5_000)).toBe(0);
  });
});
