// From the queue to MongoDB: the consumers, what holds them, and what MongoDB has to do.
import { dashboard } from './dashboard.ts';
import { graph, logs, RECORDS_PER_SECOND } from './panels.ts';
import { LAG, LAG_LIMIT, mean, memoryOf, quantile, quantiles, rate, rateBy } from './queries.ts';

const THIRD = { width: 8, height: 8 };

const records = [
  graph({
    ...THIRD,
    title: 'Stored',
    description: 'Records by what became of them. Duplicates are redeliveries that were stored before: harmless.',
    queries: {
      stored: rate('breakwater_records_stored_total'),
      duplicate: rate('breakwater_records_duplicate_total'),
      redelivered: rate('breakwater_records_redelivered_total'),
      'dead letters': rate('breakwater_records_dead_lettered_total'),
    },
    unit: RECORDS_PER_SECOND,
    colors: { 'dead letters': 'red' },
  }),
  graph({
    ...THIRD,
    title: 'Lag',
    description:
      'Records that wait. At the dashed line, which appears when the lag is a tenth of it, the API answers 503.',
    queries: { lag: LAG, limit: LAG_LIMIT },
    unit: 'short',
    limits: ['limit'],
  }),
  graph({
    ...THIRD,
    title: 'Consumers',
    description: 'Consumers that answer, and dead letters that wait for somebody.',
    queries: { consumers: 'sum(up{job="consumer"})', 'dead letters': 'max(breakwater_queue_dead_letters)' },
    unit: 'short',
    decimals: 0,
    colors: { 'dead letters': 'red' },
  }),
];

const batches = [
  graph({
    ...THIRD,
    title: 'Records in a batch',
    description: 'Full batches use the few operations best; small ones mean that there is little to do.',
    queries: { mean: mean('breakwater_batch_records'), p95: quantile(0.95, 'breakwater_batch_records') },
    unit: 'short',
  }),
  graph({
    ...THIRD,
    title: 'Time of a batch in MongoDB',
    description: 'One insert command, journaled, the gate included.',
    queries: quantiles('breakwater_store_duration_seconds'),
    unit: 's',
  }),
  graph({
    ...THIRD,
    title: 'Waiting for the write limiter',
    description:
      'Seconds a second that all consumers waited. Near the number of consumers: mongo:writesPerSecond is what holds them.',
    queries: { waiting: rate('breakwater_limiter_wait_seconds_total'), consumers: 'sum(up{job="consumer"})' },
    unit: 'short',
    limits: ['consumers'],
  }),
  graph({
    ...THIRD,
    title: 'From accepted to stored',
    description: 'Age of records when they were stored.',
    queries: quantiles('breakwater_store_delay_seconds'),
    unit: 's',
  }),
  graph({
    ...THIRD,
    title: 'Tries that failed',
    description: 'Batches that MongoDB could not take at once; they are tried again until it does.',
    queries: { 'retries a second': rate('breakwater_store_retries_total') },
    unit: 'short',
    colors: { 'retries a second': 'red' },
  }),
  graph({
    ...THIRD,
    title: 'Memory of the consumers',
    description: 'Working set of each pod.',
    queries: { '{{pod}}': memoryOf('consumer') },
    unit: 'bytes',
  }),
];

const mongo = [
  graph({
    ...THIRD,
    title: 'Operations through the gate',
    description: 'By kind, added up. The gate lets no more through than its limit, in any second.',
    queries: {
      '{{kind}}': rateBy('kind', 'breakwater_gate_operations_total'),
      limit: 'max(breakwater_gate_limit_operations_per_second)',
    },
    unit: 'ops',
    stacked: true,
    limits: ['limit'],
  }),
  graph({
    ...THIRD,
    title: 'Waiting at the gate',
    description: 'How long operations waited to be let through.',
    queries: quantiles('breakwater_gate_wait_seconds'),
    unit: 's',
  }),
  graph({
    ...THIRD,
    title: 'Queue at the gate',
    description: 'Operations that wait, and clients that are connected.',
    queries: { waiting: 'max(breakwater_gate_queue_length)', clients: 'max(breakwater_gate_connections)' },
    unit: 'short',
  }),
  graph({
    ...THIRD,
    title: 'Documents',
    description: 'What MongoDB itself counts; one insert command has many documents.',
    queries: { '{{legacy_op_type}}': rateBy('legacy_op_type', 'mongodb_ss_opcounters') },
    unit: 'short',
  }),
  graph({
    ...THIRD,
    title: 'WiredTiger cache',
    description: 'What of the data is in memory.',
    queries: {
      used: 'max(mongodb_ss_wt_cache_bytes_currently_in_the_cache)',
      dirty: 'max(mongodb_ss_wt_cache_tracked_dirty_bytes_in_the_cache)',
      limit: 'max(mongodb_ss_wt_cache_maximum_bytes_configured)',
    },
    unit: 'bytes',
    limits: ['limit'],
  }),
  graph({
    ...THIRD,
    title: 'Memory of MongoDB',
    description: 'Working set of the pod; at mongo:memoryMiB it is killed.',
    queries: { '{{pod}}': memoryOf('mongo') },
    unit: 'bytes',
  }),
];

export const consumer = dashboard({
  uid: 'breakwater-consumer',
  title: 'Breakwater / Consumer and MongoDB',
  description: 'From accepted to stored, and what it costs the database.',
  rows: {
    Records: records,
    Batches: batches,
    MongoDB: mongo,
    Logs: [
      logs({
        width: 24,
        height: 8,
        title: 'Warnings and errors',
        description: 'Of consumers and gate.',
        expr: '{app=~"consumer|gate"} | json | level=~"warn|error|fatal"',
      }),
    ],
  },
});
