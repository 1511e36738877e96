// Which metrics of each app the console reads: the only place that knows their names.
import type { CounterReading } from './series.ts';

/** The apps that the console polls. */
export const COMPONENTS = ['api', 'consumer', 'gate', 'producer'] as const;
export type Component = (typeof COMPONENTS)[number];

/** One line of a process' metrics page. */
export interface MetricSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The figures of one process at one moment. */
export interface Reading extends CounterReading {
  readonly gauges: ReadonlyMap<string, number>;
}

/** A metric that is read, and the key of its value. */
interface Rule {
  readonly metric: string;
  readonly key: string;
  readonly kind: 'counter' | 'gauge';
  /**
   * Label whose value is appended to the key: `key.value`. Series with other labels are added up.
   */
  readonly by?: string;
  /** Which of the metric's series count. @default all */
  readonly where?: (labels: MetricSample['labels']) => boolean;
}

const counter = (metric: string, key: string, more: Partial<Rule> = {}): Rule => ({
  metric,
  key,
  kind: 'counter',
  ...more,
});
const gauge = (metric: string, key: string): Rule => ({ metric, key, kind: 'gauge' });
/** A histogram's buckets as `key.<bound>`. */
const histogram = (metric: string, key: string, where?: Rule['where']): Rule =>
  counter(`${metric}_bucket`, key, { by: 'le', ...(where && { where }) });

const REQUESTS = 'breakwater_http_request_duration_seconds';
const BATCH = 'breakwater_batch_records';
/** Requests of users: the statistics are polled by the console and by load tests. */
const byUsers = ({ route }: MetricSample['labels']): boolean => route !== '/api/stats';
/** Refusals are quick and would flatter the latency; a client that left (499) got no answer. */
const served = (labels: MetricSample['labels']): boolean => byUsers(labels) && Number(labels.status) < 499;

const RULES: Readonly<Record<Component, readonly Rule[]>> = {
  api: [
    counter(`${REQUESTS}_count`, 'requests', { where: byUsers }),
    histogram(REQUESTS, 'latency', served),
    counter('breakwater_records_accepted_total', 'accepted'),
    counter('breakwater_requests_shed_total', 'shed', { by: 'reason' }),
    counter('breakwater_cache_hits_total', 'cacheHits'),
    counter('breakwater_cache_misses_total', 'cacheMisses'),
    counter('breakwater_cache_errors_total', 'cacheErrors'),
    gauge('breakwater_http_connections', 'connections'),
    gauge('breakwater_queue_lag_records', 'lag'),
    gauge('breakwater_queue_lag_bytes', 'lagBytes'),
    gauge('breakwater_queue_dead_letters', 'deadLetters'),
    gauge('breakwater_queue_limit_records', 'maxLength'),
    gauge('breakwater_queue_limit_bytes', 'maxBytes'),
  ],
  consumer: [
    counter('breakwater_records_stored_total', 'stored'),
    counter('breakwater_records_duplicate_total', 'duplicates'),
    counter('breakwater_records_dead_lettered_total', 'deadLettered'),
    counter('breakwater_store_retries_total', 'retries'),
    // Read as it is: an increase before the first reading, or minutes ago, is a loss all the same.
    gauge('breakwater_records_lost_total', 'lost'),
    gauge('breakwater_store_up', 'storing'),
    counter(`${BATCH}_sum`, 'batchRecords'),
    counter(`${BATCH}_count`, 'batches'),
    histogram('breakwater_store_delay_seconds', 'delay'),
  ],
  gate: [
    counter('breakwater_gate_operations_total', 'operations', { by: 'kind' }),
    histogram('breakwater_gate_wait_seconds', 'wait'),
    gauge('breakwater_gate_limit_operations_per_second', 'limit'),
    gauge('breakwater_gate_queue_length', 'waiting'),
    gauge('breakwater_gate_upstream_up', 'mongoUp'),
  ],
  producer: [
    counter('breakwater_producer_messages_total', 'messages', { by: 'outcome' }),
    gauge('breakwater_producer_target_messages_per_second', 'rate'),
  ],
};

/** Start of the process; missing where several workers report as one. */
const STARTED_AT = 'process_start_time_seconds';

/** Every metric that the console reads from a component. */
export const metricsReadFrom = (component: Component): readonly string[] =>
  RULES[component].map(({ metric }) => metric);

/** The reading in the samples of one process. Missing metrics are left out. */
export function readingOf(component: Component, samples: readonly MetricSample[]): Reading {
  const counters = new Map<string, number>();
  const gauges = new Map<string, number>();
  let startedAt: number | undefined;
  for (const { name, labels, value } of samples) {
    if (name === STARTED_AT) startedAt = value;
    for (const { metric, key, kind, by, where } of RULES[component]) {
      if (metric !== name || (where && !where(labels))) continue;
      const full = by === undefined ? key : `${key}.${labels[by] ?? ''}`;
      const values = kind === 'counter' ? counters : gauges;
      values.set(full, (values.get(full) ?? 0) + value);
    }
  }
  return { startedAt, counters, gauges };
}
