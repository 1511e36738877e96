// Kafka: whether all replicas and controllers are up, how the work is spread, and where the lag is.
import { cpuOf, memoryOf } from '../promql.ts';
import type { Threshold } from '../thresholds.ts';
import { dashboard, graph, number, RECORDS_PER_SECOND } from './panels.ts';

const SMALL = { width: 4, height: 3 };
const THIRD = { width: 8, height: 8 };
const HALF = { width: 12, height: 8 };

const health = ({ value: brokers }: Threshold, { value: voters }: Threshold) => [
  number({
    ...SMALL,
    title: 'Brokers',
    description: 'Brokers that are up.',
    expr: 'max(breakwater_kafka_brokers)',
    unit: 'short',
    warnAt: brokers,
    alarmAt: brokers - 1,
  }),
  number({
    ...SMALL,
    title: 'Controllers',
    description: 'Controllers that keep up with their leader.',
    expr: 'max(breakwater_kafka_voters_current)',
    unit: 'short',
    warnAt: voters,
    alarmAt: voters - 1,
  }),
  number({
    ...SMALL,
    title: 'Brokers in sync',
    description: 'Brokers whose replicas are all in sync.',
    expr: 'sum(breakwater_kafka_broker_ready)',
    unit: 'short',
    warnAt: brokers,
    alarmAt: brokers - 1,
  }),
  number({
    ...SMALL,
    title: 'Under-replicated partitions',
    description: 'Partitions with fewer replicas in sync than they should have.',
    expr: 'sum(breakwater_kafka_partitions_under_replicated)',
    unit: 'short',
    warnAt: 1,
    alarmAt: 2,
  }),
  number({
    ...SMALL,
    title: 'Offline partitions',
    description: 'Partitions without a leader.',
    expr: 'max(breakwater_kafka_partitions_offline)',
    unit: 'short',
    warnAt: 1,
    alarmAt: 1,
  }),
  number({
    ...SMALL,
    title: 'Lag',
    description: 'Records that the consumer group has not committed.',
    expr: 'sum(breakwater_kafka_group_lag_records)',
    unit: 'short',
  }),
];

const partitions = [
  graph({
    ...THIRD,
    title: 'Appended records by partition',
    description: 'Should be even: the writer uses the partitions in turn.',
    queries: {
      '{{topic}}-{{partition}}':
        'sum by (topic, partition) (rate(breakwater_kafka_partition_end_offset[$__rate_interval]))',
    },
    unit: RECORDS_PER_SECOND,
    stacked: true,
  }),
  graph({
    ...THIRD,
    title: 'Lag by partition',
    description: 'A partition that stands out has no consumer, or one that is stuck.',
    queries: {
      '{{group}} {{topic}}-{{partition}}': 'sum by (group, topic, partition) (breakwater_kafka_group_lag_records)',
    },
    unit: 'short',
    stacked: true,
  }),
  graph({
    ...THIRD,
    title: 'Leaders by broker',
    description: 'Partitions that each broker leads: how the work is spread.',
    queries: { '{{instance}}': 'sum by (instance) (breakwater_kafka_partitions_led)' },
    unit: 'short',
    decimals: 0,
    stacked: true,
  }),
];

const brokers = [
  graph({
    ...THIRD,
    title: 'Replicas behind by broker',
    description: 'Replicas that are catching up after a restart or a move.',
    queries: { '{{instance}}': 'sum by (instance) (breakwater_kafka_replicas_behind)' },
    unit: 'short',
    decimals: 0,
  }),
  graph({
    ...THIRD,
    title: 'CPU',
    description: 'Cores that each broker uses.',
    queries: { '{{pod}}': cpuOf('kafka') },
    unit: 'short',
  }),
  graph({
    ...THIRD,
    title: 'Memory',
    description: 'Working set of each broker: its heap, and the page cache that counts as its own.',
    queries: { '{{pod}}': memoryOf('kafka') },
    unit: 'bytes',
  }),
  graph({
    ...HALF,
    title: 'Replicas by broker',
    description: 'Replicas that each broker holds. A new broker has none until the topics job moves some to it.',
    queries: { '{{instance}}': 'sum by (instance) (breakwater_kafka_replicas)' },
    unit: 'short',
    decimals: 0,
    stacked: true,
  }),
  graph({
    ...HALF,
    title: 'Free volume space',
    description: 'Where the storage class reports it; volumes of local-path are on the disk of their node.',
    queries: {
      '{{persistentvolumeclaim}}':
        'min by (persistentvolumeclaim) (kubelet_volume_stats_available_bytes{persistentvolumeclaim=~".*kafka.*"})',
    },
    unit: 'bytes',
  }),
];

/** @param size brokers and controllers that the cluster should have */
export const kafka = (size: { readonly brokers: Threshold; readonly voters: Threshold }) =>
  dashboard({
    uid: 'breakwater-kafka',
    title: 'Breakwater / Kafka',
    description: 'Brokers, controllers, partitions and lag, as the agents beside the brokers report them.',
    rows: { '': health(size.brokers, size.voters), Partitions: partitions, Brokers: brokers },
  });
