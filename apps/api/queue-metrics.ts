// How full the queue is, for Prometheus: every API process tells the same numbers of the whole queue (take the largest).
import { Gauge, type Registry } from 'prom-client';
import type { QueueDepth } from '../shared/queue/queue.ts';

export interface QueueMetricsOptions {
  /** The topic or stream, the label of every number. */
  readonly name: string;
  /** Records at which the API refuses more. */
  readonly maxLength: number;
}

/**
 * Registers the numbers. A scrape never waits for the queue.
 * @param depth the latest depth; undefined while the queue does not answer: the numbers are absent then
 */
export function createQueueMetrics(
  registry: Registry,
  depth: () => QueueDepth | undefined,
  { name, maxLength }: QueueMetricsOptions,
): void {
  const gauge = (metric: string, help: string, read: (depth: QueueDepth) => number): void => {
    new Gauge({
      name: metric,
      help,
      labelNames: ['queue'],
      aggregator: 'max',
      registers: [registry],
      collect() {
        this.reset();
        const now = depth();
        if (now !== undefined) this.set({ queue: name }, read(now));
      },
    });
  };
  gauge('breakwater_queue_lag_records', 'Records accepted and not yet stored', ({ lag }) => lag);
  gauge('breakwater_queue_dead_letters', 'Dead letters that wait for somebody', ({ deadLetters }) => deadLetters);
  new Gauge({
    name: 'breakwater_queue_limit_records',
    help: 'Records accepted and not yet stored at which the API refuses more',
    labelNames: ['queue'],
    aggregator: 'max',
    registers: [registry],
  }).set({ queue: name }, maxLength);
}
