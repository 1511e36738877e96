// The loop: rates from the first tick on, slower polls while no page is open, at once when one
// opens.
import { afterEach, expect, test } from '@jest/globals';
import { problemTableOf } from '../../test/problem-table.ts';
import { until } from '../../test/until.ts';
import { Fleet } from './fleet.ts';
import { type Live, startLive, type Tick } from './live.ts';

const lives: Live[] = [];
afterEach(async () => {
  for (const live of lives.splice(0)) await live.close();
});

/** An API process that serves one request between two polls. */
function scene(options: { intervalMs: number; idleMs: number }) {
  let polls = 0;
  const now = () => performance.now();
  const fleet = new Fleet({
    targets: { api: ['127.0.0.1:1'], consumer: [], gate: [], producer: [] },
    lookup: async () => [],
    now,
    scrape: async () => ({
      startedAt: 1,
      counters: new Map([['requests', polls++]]),
      gauges: new Map([['lag', polls]]),
    }),
  });
  const live = startLive({ fleet, diagnosis: { table: problemTableOf(), queue: 'Kafka' }, now, ...options });
  lives.push(live);
  return { live, polls: () => polls };
}

test('the first tick has rates', async () => {
  const { live } = scene({ intervalMs: 20, idleMs: 20 });
  await until(() => live.latest);
  expect(live.points[0]![1]).toBeGreaterThan(0);
  expect(live.latest!.snapshot.components).toEqual(['api']);
});

test('while no page is open it polls rarely; when one opens, at once', async () => {
  const { live, polls } = scene({ intervalMs: 20, idleMs: 60_000 });
  await until(() => live.points.length > 0);
  expect(polls()).toBe(2);
  const ticks: Tick[] = [];
  const end = live.watch((tick) => void ticks.push(tick));
  await until(() => ticks.length >= 3);
  expect(live.points.length).toBeGreaterThanOrEqual(4);
  end();
});

test('it can be closed during a pause, and twice', async () => {
  const { live } = scene({ intervalMs: 20, idleMs: 60_000 });
  await until(() => live.latest);
  await live.close();
  await live.close();
});
