// What the consumer tells Prometheus.
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { WeightedHistogram } from '../shared/metrics.ts';

export type ConsumerMetrics = ReturnType<typeof createConsumerMetrics>;

export function createConsumerMetrics(registry: Registry) {
  const registers = [registry];
  return {
    stored: new Counter({
      name: 'breakwater_records_stored_total',
      help: 'Records newly stored',
      registers,
    }),
    duplicates: new Counter({
      name: 'breakwater_records_duplicate_total',
      help: 'Records that were stored already when they came again',
      registers,
    }),
    redelivered: new Counter({
      name: 'breakwater_records_redelivered_total',
      help: 'Records that the queue delivered again',
      registers,
    }),
    deadLetters: new Counter({
      name: 'breakwater_records_dead_lettered_total',
      help: 'Records that the store refused',
      registers,
    }),
    lost: new Counter({
      name: 'breakwater_records_lost_total',
      help: 'Records that were accepted and were gone from the queue when their turn came',
      registers,
    }),
    batchRecords: new Histogram({
      name: 'breakwater_batch_records',
      help: 'Records in a stored batch',
      buckets: [1, 10, 50, 100, 250, 500, 1_000, 2_000, 5_000, 10_000],
      registers,
    }),
    storeSeconds: new Histogram({
      name: 'breakwater_store_duration_seconds',
      help: 'Time that the store took for a batch',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    storeDelaySeconds: new WeightedHistogram({
      name: 'breakwater_store_delay_seconds',
      help: 'Age of a record when it was stored: from accepted to stored',
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800],
      registers,
    }),
    storeRetries: new Counter({
      name: 'breakwater_store_retries_total',
      help: 'Batches that the store could not take at once',
      registers,
    }),
    storeUp: new Gauge({
      name: 'breakwater_store_up',
      help: 'Whether the store takes batches: 1 or 0; 1 until the first was tried',
      registers,
    }),
    limiterWaitSeconds: new Counter({
      name: 'breakwater_limiter_wait_seconds_total',
      help: 'Time spent waiting for a slot of the write limiter',
      registers,
    }),
  };
}
