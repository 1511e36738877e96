// Kafka: whether all copies and controllers are there, how work is spread, and where the lag is.
import { dashboard } from './dashboard.ts';
import { graph, number, RECORDS_PER_SECOND } from './panels.ts';
import { cpuOf, memoryOf } from './queries.ts';

const SMALL = { width: 4, height: 3 };
const THIRD = { width: 8, height: 8 };
const HALF = { width: 12, height: 8 };

const health = (brokers: number, voters: number) => [
  number({
    ...SMALL,
    title: 'Brokers',
    description: 'Brokers that are there.',
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
    description: 'Partitions with fewer copies in sync than they should have.',
    expr: 'sum(breakwater_kafka_partitions_under_replicated)',
    unit: 'short',
    warnAt: 1,
    alarmAt: 2,
  }),
  number({
    ...SMALL,
    title: 'Offline partitions',
    description: 'Partitions that nobody leads.',
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
    title: 'Appended, by partition',
    description: 'They should be alike: the writer chooses partitions in turn.',
    queries: {
      '{{topic}}-{{partition}}':
        'sum by (topic, partition) (rate(breakwater_kafka_partition_end_offset[$__rate_interval]))',
    },
    unit: RECORDS_PER_SECOND,
    stacked: true,
  }),
  graph({
    ...THIRD,
    title: 'Lag, by partition',
    description: 'One that stands out has no consumer, or a stuck one.',
    queries: {
      '{{group}} {{topic}}-{{partition}}': 'sum by (group, topic, partition) (breakwater_kafka_group_lag_records)',
    },
    unit: 'short',
    stacked: true,
  }),
  graph({
    ...THIRD,
    title: 'Partitions led, by broker',
    description: 'Partitions that each broker leads: the spread of the work.',
    queries: { '{{instance}}': 'sum by (instance) (breakwater_kafka_partitions_led)' },
    unit: 'short',
    decimals: 0,
    stacked: true,
  }),
];

const brokers = [
  graph({
    ...THIRD,
    title: 'Replicas behind, by broker',
    description: 'Copies that are catching up, after a restart or a move.',
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
    description: 'Working set of each broker, the heap and the page cache it is charged for.',
    queries: { '{{pod}}': memoryOf('kafka') },
    unit: 'bytes',
  }),
  graph({
    ...HALF,
    title: 'Replicas, by broker',
    description: 'Copies that each broker holds. A new broker has none until the topics job moved some onto it.',
    queries: { '{{instance}}': 'sum by (instance) (breakwater_kafka_replicas)' },
    unit: 'short',
    decimals: 0,
    stacked: true,
  }),
  graph({
    ...HALF,
    title: 'Free on the volumes',
    description: 'Where the storage class tells it; volumes of local-path lie on the disk of their node.',
    queries: {
      '{{persistentvolumeclaim}}':
        'min by (persistentvolumeclaim) (kubelet_volume_stats_available_bytes{persistentvolumeclaim=~".*kafka.*"})',
    },
    unit: 'bytes',
  }),
];

/** @param size brokers and controllers that there should be */
export const kafka = (size: { readonly brokers: number; readonly voters: number }) =>
  dashboard({
    uid: 'breakwater-kafka',
    title: 'Breakwater / Kafka',
    description: 'Brokers, controllers, partitions and lag, as the agents beside the brokers tell them.',
    rows: { '': health(size.brokers, size.voters), Partitions: partitions, Brokers: brokers },
  });
