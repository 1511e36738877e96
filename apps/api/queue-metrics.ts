// How full the queue is, for Prometheus: every API process reports the same numbers of the whole
// queue (take the largest).
import { Gauge, type Registry } from 'prom-client';
import type { QueueDepth, QueueLimits } from '../shared/queue/queue.ts';

/** The limits are those at which the API refuses more records. */
export interface QueueMetricsOptions extends QueueLimits {
  /** The topic or stream, the label of every number. */
  readonly name: string;
}

/**
 * Registers the numbers. A scrape never waits for the queue.
 * @param depth the latest depth; undefined while the queue does not answer: the numbers are absent
 * then
 */
export function createQueueMetrics(
  registry: Registry,
  depth: () => QueueDepth | undefined,
  { name, maxLength, maxBytes }: QueueMetricsOptions,
): void {
  const describe = (metric: string, help: string) => ({
    name: metric,
    help,
    labelNames: ['queue'],
    aggregator: 'max' as const,
    registers: [registry],
  });
  const reading = (metric: string, help: string, read: (depth: QueueDepth) => number | undefined): void => {
    new Gauge({
      ...describe(metric, help),
      collect() {
        this.reset();
        const now = depth();
        const value = now && read(now);
        if (value !== undefined) this.set({ queue: name }, value);
      },
    });
  };
  const limit = (metric: string, help: string, value: number): void =>
    new Gauge(describe(metric, help)).set({ queue: name }, value);
  reading('breakwater_queue_lag_records', 'Records accepted and not yet stored', ({ lag }) => lag);
  reading('breakwater_queue_lag_bytes', 'Size of the records accepted and not yet stored', ({ lagBytes }) => lagBytes);
  reading('breakwater_queue_dead_letters', 'Dead letters that wait for a decision', ({ deadLetters }) => deadLetters);
  reading(
    'breakwater_queue_oldest_age_seconds',
    'How long ago the oldest record was accepted that is not stored yet, where the queue deletes what waits for too long (SQS)',
    ({ oldest }) => oldest && oldest.ageMs / 1_000,
  );
  reading(
    'breakwater_queue_retention_seconds',
    'Age at which the queue deletes records that are not stored yet (SQS)',
    ({ oldest }) => oldest && oldest.retentionMs / 1_000,
  );
  limit(
    'breakwater_queue_limit_records',
    'Records accepted and not yet stored at which the API refuses more',
    maxLength,
  );
  limit(
    'breakwater_queue_limit_bytes',
    'Size of the records accepted and not yet stored at which the API refuses more',
    maxBytes,
  );
}
