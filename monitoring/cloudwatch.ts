// What CloudWatch watches of a stack on AWS: alarms on the metrics that AWS' services report, with
// the limits of the one table of thresholds, and a dashboard of them. What the apps report is in
// Prometheus.
import { type ManagedService, managedServices, serviceNames } from '../config/managed.ts';
import type { StackConfig } from '../config/schema.ts';
import { thresholdsOf } from './thresholds.ts';

/** The longest that SQS keeps a message, seconds: 14 days. */
export const RETENTION_SECONDS = 1_209_600;

/** A metric of CloudWatch. */
export interface Metric {
  readonly namespace: string;
  readonly name: string;
  readonly statistic: 'Average' | 'Maximum' | 'Minimum' | 'Sum';
  readonly dimensions: Readonly<Record<string, string>>;
}

/** An alarm. */
export interface Alarm {
  /** That of Prometheus' alert about the same problem, where there is one: the runbook has it. */
  readonly id: string;
  /** Which of several alike: a node, a broker. @default there is one */
  readonly of?: string;
  /** What it means for users. */
  readonly meaning: string;
  /** The metric that it judges, or those that `expression` names. */
  readonly metrics: Readonly<Record<string, Metric>>;
  /** Metric math, or a query of Metrics Insights, which names no metrics. @default the one metric */
  readonly expression?: string;
  /** It alarms above this, or below with `below`, in the unit of what it judges. */
  readonly limit: number;
  /** No data counts as below. */
  readonly below?: true;
  /** For how long, in minutes. */
  readonly minutes: number;
}

const percent = (ratio: number): number => Math.round(ratio * 100);

/** Numbers from 1 on, as AWS counts nodes and brokers. */
const numbered = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1);

/** Where the consumers' log lines about dead letters are counted. */
export const deadLetters = (name: string) => ({
  /** They end with this, whatever the reason. */
  pattern: '{ $.log_processed.app = "consumer" && $.log_processed.msg = "*it goes to the dead letters" }',
  group: `/aws/containerinsights/${name}/application`,
  namespace: name,
  metric: 'DeadLetters',
});

/** The alarms. @param name prefix of the names of all AWS resources of the stack */
export function cloudWatchAlarms(config: StackConfig, name: string): readonly Alarm[] {
  const t = thresholdsOf(config);
  const names = serviceNames(name);
  const { queue, kafka, cluster, aws, dynamodb } = config;
  const letters = deadLetters(name);
  const one =
    (namespace: string, dimensions: Metric['dimensions']) =>
    (metric: string, statistic: Metric['statistic']): Metric => ({ namespace, name: metric, statistic, dimensions });
  const insights = { ClusterName: name };
  const sqs = one('AWS/SQS', { QueueName: `${name}-${queue.name}` })('ApproximateAgeOfOldestMessage', 'Maximum');
  const cache = (node: number) =>
    one('AWS/ElastiCache', { CacheClusterId: `${names.cache}-${String(node).padStart(3, '0')}` });
  const database = one('AWS/RDS', { DBClusterIdentifier: names.database });
  const brokers = (dimensions: Metric['dimensions']) => one('AWS/Kafka', { 'Cluster Name': name, ...dimensions });
  /** An alarm takes one query, and a query has no percentiles. Which load balancer is the stack's is not known. */
  const ofLoadBalancers = (what: string) => `SELECT ${what} FROM SCHEMA("AWS/ApplicationELB", LoadBalancer)`;

  const storedLate = { id: 'LagGrowing', meaning: 'Records are stored late.', limit: t.drainTime.value, minutes: 5 };
  const of: Readonly<Record<ManagedService, readonly Alarm[]>> = {
    sqs: [
      { ...storedLate, metrics: { sqs } },
      {
        id: 'RetentionNear',
        meaning: 'SQS deletes records when its retention is over.',
        metrics: { sqs },
        limit: t.retentionUsed.value * RETENTION_SECONDS,
        minutes: 5,
      },
    ],
    // A full cache is no problem: it evicts. Reads that miss are one.
    redis: numbered(1 + aws.cacheReplicas).map((node) => ({
      id: 'RedisEvicting',
      of: String(node),
      meaning: 'The cache is too small for what is read: reads go to the store, and answers get slower.',
      metrics: {
        evictions: cache(node)('Evictions', 'Sum'),
        hits: cache(node)('CacheHits', 'Sum'),
        misses: cache(node)('CacheMisses', 'Sum'),
      },
      expression: 'IF(evictions > 0, 100 * misses / (hits + misses), 0)',
      limit: percent(1 - t.cacheHits.value),
      minutes: 15,
    })),
    mysql: [
      ...(aws.databaseReaders === 0
        ? []
        : [
            {
              id: 'ReplicaLag',
              meaning: 'Readers lack records that are stored; the writer is asked for them too.',
              metrics: { lag: database('AuroraReplicaLagMaximum', 'Maximum') },
              limit: t.storeDelayP95.value * 1000,
              minutes: 5,
            },
          ]),
      {
        id: 'StoreBusy',
        meaning: 'The database is at its limit: the queue grows.',
        metrics: {
          cpu: one('AWS/RDS', { DBClusterIdentifier: names.database, Role: 'WRITER' })('CPUUtilization', 'Average'),
        },
        limit: percent(t.databaseCpu.value),
        minutes: 10,
      },
    ],
    dynamodb: [
      {
        id: 'StoreBusy',
        meaning: 'The table is at its limit: the queue grows.',
        metrics: { throttled: one('AWS/DynamoDB', { TableName: dynamodb.table })('WriteThrottleEvents', 'Sum') },
        limit: 0,
        minutes: 10,
      },
    ],
    kafka: [
      {
        ...storedLate,
        metrics: {
          lag: brokers({ 'Consumer Group': queue.group, Topic: queue.name })('EstimatedMaxTimeLag', 'Maximum'),
        },
      },
      {
        id: 'KafkaPartitionsOffline',
        meaning: 'Records of some partitions are neither accepted nor stored.',
        metrics: { offline: brokers({})('OfflinePartitionsCount', 'Maximum') },
        limit: 0,
        minutes: 1,
      },
      ...numbered(kafka.brokers).map((broker) => ({
        id: 'VolumeFilling',
        of: String(broker),
        meaning: 'A broker stops when its volume is full.',
        metrics: { used: brokers({ 'Broker ID': String(broker) })('KafkaDataLogsDiskUsed', 'Maximum') },
        limit: percent(1 - t.diskFree.value),
        minutes: 10,
      })),
    ],
  };
  return [
    {
      id: 'ApiMissing',
      meaning: 'Users get no answers.',
      metrics: {
        pods: one('ContainerInsights', { ...insights, Namespace: `${cluster.namespace}-api`, Service: 'api' })(
          'service_number_of_running_pods',
          'Minimum',
        ),
      },
      limit: 1,
      below: true,
      minutes: 1,
    },
    {
      id: 'LatencyHigh',
      meaning: 'Users wait: even the mean of all answers takes longer than 95 % of them should.',
      metrics: {},
      expression: ofLoadBalancers('AVG(TargetResponseTime)'),
      limit: t.latencyP95.value,
      minutes: 5,
    },
    {
      id: 'LoadBalancerErrors',
      meaning: 'The load balancer answers users itself, with an error, because no pod does in time.',
      metrics: {},
      expression: ofLoadBalancers('SUM(HTTPCode_ELB_5XX_Count)'),
      limit: 0,
      minutes: 5,
    },
    {
      id: 'DeadLetters',
      meaning: 'The store refused records that were accepted. They wait for a decision.',
      metrics: { letters: one(letters.namespace, {})(letters.metric, 'Sum') },
      limit: 0,
      minutes: 1,
    },
    {
      id: 'NodeDiskFilling',
      meaning: 'Kubernetes evicts the pods of a node whose disk is full.',
      metrics: { used: one('ContainerInsights', insights)('node_filesystem_utilization', 'Maximum') },
      limit: percent(1 - t.diskFree.value),
      minutes: 10,
    },
    ...[...managedServices(config)].flatMap((service) => of[service]),
  ];
}

/** What tells an alarm from the others of its stack. */
export const alarmName = ({ id, of }: Alarm): string => (of === undefined ? id : `${id}-${of}`);

/** A part of the dashboard's width, which is 24. */
const WIDTH = 8;
const HEIGHT = 6;

/** The dashboard: what each alarm judges, with its limit. */
export const cloudWatchDashboard = (alarms: readonly Alarm[], region: string) => ({
  widgets: alarms.map((alarm, index) => ({
    type: 'metric',
    x: (index * WIDTH) % (3 * WIDTH),
    y: Math.floor(index / 3) * HEIGHT,
    width: WIDTH,
    height: HEIGHT,
    properties: {
      title: alarmName(alarm),
      region,
      view: 'timeSeries',
      period: 60,
      metrics: [
        ...Object.entries(alarm.metrics).map(([id, { namespace, name, statistic, dimensions }]) => [
          namespace,
          name,
          ...Object.entries(dimensions).flat(),
          { id, stat: statistic, visible: alarm.expression === undefined },
        ]),
        ...(alarm.expression === undefined ? [] : [[{ expression: alarm.expression, label: alarm.id }]]),
      ],
      annotations: { horizontal: [{ label: 'alarm', value: alarm.limit }] },
    },
  })),
});
