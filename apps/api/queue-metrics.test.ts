// The queue's numbers: read when asked for, shared for a moment, absent rather than wrong when the queue does not answer.
import { expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import type { QueueDepth } from '../shared/queue/queue.ts';
import { createQueueMetrics } from './queue-metrics.ts';

function scene(depth: () => Promise<QueueDepth>, maxAgeMs = 0) {
  const registry = new Registry();
  createQueueMetrics(registry, { depth }, { name: 'posts', maxLength: 500, maxAgeMs, timeoutMs: 20 });
  return async () => (await registry.metrics()).split('\n').filter((line) => line && !line.startsWith('#'));
}

test('lag, dead letters and the limit', async () => {
  const lines = scene(async () => ({ accepted: 100, lag: 7, lagBytes: 0, deadLetters: 2 }));
  expect(await lines()).toEqual([
    'breakwater_queue_lag_records{queue="posts"} 7',
    'breakwater_queue_dead_letters{queue="posts"} 2',
    'breakwater_queue_limit_records{queue="posts"} 500',
  ]);
});

test('one reading serves all numbers, and whoever asks soon after', async () => {
  let readings = 0;
  const read = async () => {
    readings++;
    return { accepted: 1, lag: 1, lagBytes: 0, deadLetters: 0 };
  };
  const lines = scene(read, 60_000);
  await lines();
  await lines();
  expect(readings).toBe(1);
});

test.each<[string, () => Promise<QueueDepth>]>([
  ['fails', () => Promise.reject(new Error('away'))],
  ['hangs', () => new Promise(() => {})],
])('a queue that %s has no lag, not an old one', async (_how, broken) => {
  let depth: () => Promise<QueueDepth> = async () => ({ accepted: 1, lag: 1, lagBytes: 0, deadLetters: 0 });
  const lines = scene(() => depth());
  await lines();
  depth = broken;
  expect(await lines()).toEqual(['breakwater_queue_limit_records{queue="posts"} 500']);
});
