// From the queue to MongoDB: the consumers, what limits them, and the load on MongoDB.
import {
  LAG,
  LAG_BYTES,
  LAG_BYTES_LIMIT,
  LAG_LIMIT,
  mean,
  memoryOf,
  quantile,
  quantiles,
  rate,
  rateBy,
} from '../promql.ts';
import { dashboard, graph, logs, RECORDS_PER_SECOND } from './panels.ts';

const THIRD = { width: 8, height: 8 };
const HALF = { width: 12, height: 8 };

const records = [
  graph({
    ...THIRD,
    title: 'Stored',
    description:
      'Records by outcome. Duplicates are redeliveries of records that were already stored; they are harmless.',
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
      'Records that wait. At the dashed line the API answers 503; it appears when the lag reaches a tenth of it.',
    queries: { lag: LAG, limit: LAG_LIMIT },
    unit: 'short',
    limits: ['limit'],
  }),
  graph({
    ...THIRD,
    title: 'Lag in bytes',
    description: 'Size of the records that wait. It has a limit of its own, shown in the same way.',
    queries: { lag: LAG_BYTES, limit: LAG_BYTES_LIMIT },
    unit: 'bytes',
    limits: ['limit'],
  }),
  graph({
    ...HALF,
    title: 'Consumers',
    description: 'Consumers that answer, and dead letters that wait for a decision.',
    queries: { consumers: 'sum(up{job="consumer"})', 'dead letters': 'max(breakwater_queue_dead_letters)' },
    unit: 'short',
    decimals: 0,
    colors: { 'dead letters': 'red' },
  }),
  graph({
    ...HALF,
    title: 'Lost records',
    description: 'Accepted records that were gone from the queue when their turn came, within the last hour.',
    queries: { lost: 'breakwater:records_lost:increase1h' },
    unit: 'short',
    decimals: 0,
    nothing: 'no consumer',
    colors: { lost: 'red' },
  }),
];

const batches = [
  graph({
    ...THIRD,
    title: 'Batch size',
    description:
      'Records per batch. Full batches make the most of the few operations; small ones mean that there is little to do.',
    queries: { mean: mean('breakwater_batch_records'), p95: quantile(0.95, 'breakwater_batch_records') },
    unit: 'short',
  }),
  graph({
    ...THIRD,
    title: 'Store latency',
    description: 'Time of one batch: a journaled insert command, including the wait at the gate.',
    queries: quantiles('breakwater_store_duration_seconds'),
    unit: 's',
  }),
  graph({
    ...THIRD,
    title: 'Waiting for the write limiter',
    description:
      'Seconds per second that all consumers waited. Near the number of consumers, mongo:writesPerSecond is the bottleneck.',
    queries: { waiting: rate('breakwater_limiter_wait_seconds_total'), consumers: 'sum(up{job="consumer"})' },
    unit: 'short',
    limits: ['consumers'],
  }),
  graph({
    ...THIRD,
    title: 'From accepted to stored',
    description: 'Age of records when they are stored.',
    queries: quantiles('breakwater_store_delay_seconds'),
    unit: 's',
  }),
  graph({
    ...THIRD,
    title: 'Store retries',
    description: 'Batches that the store did not accept at the first attempt. They are retried until it does.',
    queries: { 'retries per second': rate('breakwater_store_retries_total') },
    unit: 'short',
    colors: { 'retries per second': 'red' },
  }),
  graph({
    ...THIRD,
    title: 'Consumer memory',
    description: 'Working set of each pod.',
    queries: { '{{pod}}': memoryOf('consumer') },
    unit: 'bytes',
  }),
];

const mongo = [
  graph({
    ...THIRD,
    title: 'Operations through the gate',
    description: 'By kind, stacked. The gate keeps each second within its limit.',
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
    title: 'Wait at the gate',
    description: 'How long operations waited at the gate.',
    queries: quantiles('breakwater_gate_wait_seconds'),
    unit: 's',
  }),
  graph({
    ...THIRD,
    title: 'Queue at the gate',
    description: 'Waiting operations and connected clients.',
    queries: { waiting: 'max(breakwater_gate_queue_length)', clients: 'max(breakwater_gate_connections)' },
    unit: 'short',
  }),
  graph({
    ...THIRD,
    title: 'Documents',
    description: 'Documents per second as MongoDB counts them; one insert command has many.',
    queries: { '{{legacy_op_type}}': rateBy('legacy_op_type', 'mongodb_ss_opcounters') },
    unit: 'short',
  }),
  graph({
    ...THIRD,
    title: 'WiredTiger cache',
    description: 'How much of the data is in memory.',
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
    title: 'MongoDB memory',
    description: 'Working set of the pod. At mongo:memoryMiB the pod is killed.',
    queries: { '{{pod}}': memoryOf('mongo') },
    unit: 'bytes',
  }),
];

export const consumer = dashboard({
  uid: 'breakwater-consumer',
  title: 'Breakwater / Consumer and MongoDB',
  description: 'From accepted to stored, and the load on the database.',
  rows: {
    Records: records,
    Batches: batches,
    MongoDB: mongo,
    Logs: [
      logs({
        width: 24,
        height: 8,
        title: 'Warnings and errors',
        description: 'Of the consumers and the gate.',
        expr: '{app=~"consumer|gate"} | json | level=~"warn|error|fatal"',
      }),
    ],
  },
});
