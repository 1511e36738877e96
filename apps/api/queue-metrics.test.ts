// The queue's numbers: absent rather than wrong when the queue does not answer.
import { expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import type { QueueDepth } from '../shared/queue/queue.ts';
import { createQueueMetrics } from './queue-metrics.ts';

test('lag, dead letters and the limits; without an answer of the queue, the limits alone', async () => {
  const registry = new Registry();
  let depth: QueueDepth | undefined = { accepted: 100, lag: 7, lagBytes: 5_100, deadLetters: 2 };
  createQueueMetrics(registry, () => depth, { name: 'posts', maxLength: 500, maxBytes: 9_000 });
  const lines = async () => (await registry.metrics()).split('\n').filter((line) => line && !line.startsWith('#'));
  expect(await lines()).toEqual([
    'breakwater_queue_lag_records{queue="posts"} 7',
    'breakwater_queue_lag_bytes{queue="posts"} 5100',
    'breakwater_queue_dead_letters{queue="posts"} 2',
    'breakwater_queue_limit_records{queue="posts"} 500',
    'breakwater_queue_limit_bytes{queue="posts"} 9000',
  ]);
  depth = undefined;
  expect(await lines()).toEqual([
    'breakwater_queue_limit_records{queue="posts"} 500',
    'breakwater_queue_limit_bytes{queue="posts"} 9000',
  ]);
});

test('the age of the oldest record, where the queue deletes what is too old', async () => {
  const registry = new Registry();
  const oldest = { ageMs: 1_500, retentionMs: 60_000 };
  const depth = { accepted: 1, lag: 1, lagBytes: 1, deadLetters: 0, oldest };
  createQueueMetrics(registry, () => depth, { name: 'posts', maxLength: 500, maxBytes: 9_000 });
  const metrics = await registry.metrics();
  expect(metrics).toContain('breakwater_queue_oldest_age_seconds{queue="posts"} 1.5');
  expect(metrics).toContain('breakwater_queue_retention_seconds{queue="posts"} 60');
});
