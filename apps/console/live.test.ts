// The loop: rates from the first tick on, slower while nobody looks, at once when somebody does.
import { afterEach, expect, test } from '@jest/globals';
import { until } from '../../test/until.ts';
import { Fleet } from './fleet.ts';
import { type Live, startLive, type Tick } from './live.ts';

const lives: Live[] = [];
afterEach(async () => {
  for (const live of lives.splice(0)) await live.close();
});

/** An API process that serves a request with each time that it is asked. */
function scene(options: { intervalMs: number; idleMs: number }) {
  let asked = 0;
  const now = () => performance.now();
  const fleet = new Fleet({
    targets: { api: ['127.0.0.1:1'], consumer: [], gate: [], producer: [] },
    lookup: async () => [],
    now,
    scrape: async () => ({
      startedAt: 1,
      counters: new Map([['requests', asked++]]),
      gauges: new Map([['lag', asked]]),
    }),
  });
  const live = startLive({ fleet, names: { queue: 'Kafka' }, now, ...options });
  lives.push(live);
  return { live, asked: () => asked };
}

test('the first tick has rates', async () => {
  const { live } = scene({ intervalMs: 20, idleMs: 20 });
  await until(() => live.latest);
  expect(live.points[0]![1]).toBeGreaterThan(0);
  expect(live.latest!.snapshot.asked).toEqual(['api']);
});

test('while nobody looks it asks seldom; when somebody does, at once', async () => {
  const { live, asked } = scene({ intervalMs: 20, idleMs: 60_000 });
  await until(() => live.points.length > 0);
  expect(asked()).toBe(2);
  const ticks: Tick[] = [];
  const end = live.watch((tick) => void ticks.push(tick));
  await until(() => ticks.length >= 3);
  expect(live.points.length).toBeGreaterThanOrEqual(4);
  end();
});

test('it ends in the middle of a pause, and may be ended twice', async () => {
  const { live } = scene({ intervalMs: 20, idleMs: 60_000 });
  await until(() => live.latest);
  await live.close();
  await live.close();
});
