// The queue's numbers: absent rather than wrong when the queue does not answer.
import { expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import type { QueueDepth } from '../shared/queue/queue.ts';
import { createQueueMetrics } from './queue-metrics.ts';

test('lag, dead letters and the limit; without an answer of the queue, the limit alone', async () => {
  const registry = new Registry();
  let depth: QueueDepth | undefined = { accepted: 100, lag: 7, lagBytes: 0, deadLetters: 2 };
  createQueueMetrics(registry, () => depth, { name: 'posts', maxLength: 500 });
  const lines = async () => (await registry.metrics()).split('\n').filter((line) => line && !line.startsWith('#'));
  expect(await lines()).toEqual([
    'breakwater_queue_lag_records{queue="posts"} 7',
    'breakwater_queue_dead_letters{queue="posts"} 2',
    'breakwater_queue_limit_records{queue="posts"} 500',
  ]);
  depth = undefined;
  expect(await lines()).toEqual(['breakwater_queue_limit_records{queue="posts"} 500']);
});
