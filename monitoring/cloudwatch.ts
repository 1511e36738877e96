// What CloudWatch watches of a stack on AWS: alarms on the metrics that AWS' services report, with
// the limits of the one table of thresholds, and a dashboard of them. What the apps report is in
// Prometheus.
import { type ManagedService, managedServices, serviceNames } from '../config/managed.ts';
import type { StackConfig } from '../config/schema.ts';
import { thresholdsOf } from './thresholds.ts';

/** The longest that SQS keeps a message, seconds: 14 days. */
export const RETENTION_SECONDS = 1_209_600;

/** An alarm on one metric. */
export interface Alarm {
  /** That of Prometheus' alert about the same problem, where there is one: the runbook has it. */
  readonly id: string;
  /** What it means for users. */
  readonly meaning: string;
  readonly namespace: string;
  readonly metric: string;
  readonly statistic: 'Average' | 'Maximum' | 'Minimum' | 'Sum';
  readonly dimensions: Readonly<Record<string, string>>;
  /** It alarms above this, or below with `below`, in the metric's own unit. */
  readonly limit: number;
  readonly below?: true;
  /** For how long, in minutes. */
  readonly minutes: number;
}

const percent = (ratio: number): number => ratio * 100;

/** The alarms. @param name prefix of the names of all AWS resources of the stack */
export function cloudWatchAlarms(config: StackConfig, name: string): readonly Alarm[] {
  const t = thresholdsOf(config);
  const names = serviceNames(name);
  const { namespace } = config.cluster;
  const cluster = { ClusterName: name };
  const of: Readonly<Record<ManagedService, readonly Alarm[]>> = {
    sqs: [
      {
        id: 'LagGrowing',
        meaning: 'Records are stored late.',
        namespace: 'AWS/SQS',
        metric: 'ApproximateAgeOfOldestMessage',
        statistic: 'Maximum',
        dimensions: { QueueName: `${name}-${config.queue.name}` },
        limit: t.drainTime.value,
        minutes: 5,
      },
      {
        id: 'RetentionNear',
        meaning: 'SQS deletes records when its retention is over.',
        namespace: 'AWS/SQS',
        metric: 'ApproximateAgeOfOldestMessage',
        statistic: 'Maximum',
        dimensions: { QueueName: `${name}-${config.queue.name}` },
        limit: t.retentionUsed.value * RETENTION_SECONDS,
        minutes: 5,
      },
    ],
    redis: [
      {
        id: 'RedisMemoryHigh',
        meaning: 'The cache is full, and evicts what was read recently.',
        namespace: 'AWS/ElastiCache',
        metric: 'DatabaseMemoryUsageCountedForEvictPercentage',
        statistic: 'Maximum',
        dimensions: { CacheClusterId: `${names.cache}-001` },
        limit: percent(t.redisMemory.value),
        minutes: 10,
      },
    ],
    mysql: [
      {
        id: 'ReplicaLag',
        meaning: 'Readers lack records that are stored; the writer is asked for them too.',
        namespace: 'AWS/RDS',
        metric: 'AuroraReplicaLagMaximum',
        statistic: 'Maximum',
        dimensions: { DBClusterIdentifier: names.database },
        limit: t.storeDelayP95.value * 1000,
        minutes: 5,
      },
      {
        id: 'StoreBusy',
        meaning: 'The database is at its limit: the queue grows.',
        namespace: 'AWS/RDS',
        metric: 'CPUUtilization',
        statistic: 'Average',
        dimensions: { DBClusterIdentifier: names.database, Role: 'WRITER' },
        limit: percent(t.gateLoad.value),
        minutes: 10,
      },
    ],
    dynamodb: [
      {
        id: 'StoreBusy',
        meaning: 'The table is at its limit: the queue grows.',
        namespace: 'AWS/DynamoDB',
        metric: 'WriteThrottleEvents',
        statistic: 'Sum',
        dimensions: { TableName: config.dynamodb.table },
        limit: 0,
        minutes: 10,
      },
    ],
    kafka: [
      {
        id: 'KafkaPartitionsOffline',
        meaning: 'Records of some partitions are neither accepted nor stored.',
        namespace: 'AWS/Kafka',
        metric: 'OfflinePartitionsCount',
        statistic: 'Maximum',
        dimensions: { 'Cluster Name': name },
        limit: 0,
        minutes: 1,
      },
      {
        id: 'VolumeFilling',
        meaning: 'A broker stops when its volume is full.',
        namespace: 'AWS/Kafka',
        metric: 'KafkaDataLogsDiskUsed',
        statistic: 'Maximum',
        dimensions: { 'Cluster Name': name, 'Broker ID': '1' },
        limit: percent(1 - t.diskFree.value),
        minutes: 10,
      },
    ],
  };
  return [
    {
      id: 'ApiMissing',
      meaning: 'Users get no answers.',
      namespace: 'ContainerInsights',
      metric: 'service_number_of_running_pods',
      statistic: 'Minimum',
      dimensions: { ...cluster, Namespace: `${namespace}-api`, Service: 'api' },
      limit: 1,
      below: true,
      minutes: 1,
    },
    {
      id: 'NodeDiskFilling',
      meaning: 'Kubernetes evicts the pods of a node whose disk is full.',
      namespace: 'ContainerInsights',
      metric: 'node_filesystem_utilization',
      statistic: 'Maximum',
      dimensions: cluster,
      limit: percent(1 - t.diskFree.value),
      minutes: 10,
    },
    ...[...managedServices(config)].flatMap((service) => of[service]),
  ];
}

/** A part of the dashboard's width, which is 24. */
const WIDTH = 8;
const HEIGHT = 6;

/** The dashboard: each metric of an alarm with its limit. */
export const cloudWatchDashboard = (alarms: readonly Alarm[], region: string) => ({
  widgets: alarms.map(({ id, namespace, metric, statistic, dimensions, limit }, index) => ({
    type: 'metric',
    x: (index * WIDTH) % (3 * WIDTH),
    y: Math.floor(index / 3) * HEIGHT,
    width: WIDTH,
    height: HEIGHT,
    properties: {
      title: id,
      region,
      view: 'timeSeries',
      stat: statistic,
      period: 60,
      metrics: [[namespace, metric, ...Object.entries(dimensions).flat()]],
      annotations: { horizontal: [{ label: 'alarm', value: limit }] },
    },
  })),
});

/** A saved query of CloudWatch Logs Insights. */
export interface LogQuery {
  /** Section of the runbook and step: `Errors 2`. */
  readonly step: string;
  readonly what: string;
  /** Names of groups of logs. */
  readonly groups: readonly string[];
  readonly query: string;
}

const query = (...lines: readonly string[]): string => lines.join('\n| ');

/** The queries for the steps of "Find the cause" in docs/operations.md that logs answer. */
export function logQueries(config: StackConfig, name: string): readonly LogQuery[] {
  const insights = (kind: string) => [`/aws/containerinsights/${name}/${kind}`];
  const application = insights('application');
  const performance = insights('performance');
  // Fluent Bit puts the fields of a JSON line into `log_processed`.
  const app = (names: string) => `filter log_processed.app in [${names}]`;
  const loud = 'filter log_processed.level in ["warn", "error", "fatal"]';
  const newest = 'sort @timestamp desc | limit 200';
  const store = managedServices(config).has('mysql')
    ? [
        {
          step: 'Lag 3',
          what: 'slow statements of the database',
          groups: [`/aws/rds/cluster/${serviceNames(name).database}/slowquery`],
          query: query('fields @timestamp, @message', newest),
        },
      ]
    : [];
  return [
    {
      step: 'Latency 2',
      what: 'CPU of each pod of the API, percent of its node',
      groups: performance,
      query: query('filter Type = "Pod" and PodName like /^api/', 'stats max(pod_cpu_utilization) by bin(1m), PodName'),
    },
    {
      step: 'Latency 4',
      what: 'CPU of each node',
      groups: performance,
      query: query('filter Type = "Node"', 'stats max(node_cpu_utilization) by bin(1m), NodeName'),
    },
    {
      step: 'Errors 1',
      what: 'warnings and errors of the API, by message',
      groups: application,
      query: query(app('"api"'), loud, 'stats count(*) as times by log_processed.msg', 'sort times desc'),
    },
    {
      step: 'Errors 2',
      what: 'why the queue refuses records',
      groups: application,
      query: query(
        app('"api"'),
        'filter log_processed.msg like /queue/',
        'stats count(*) by bin(1m), log_processed.err.message',
      ),
    },
    {
      step: 'Errors 3',
      what: 'the newest errors of all pods',
      groups: application,
      query: query(
        `fields @timestamp, kubernetes.pod_name, log_processed.msg, log_processed.err.message`,
        loud,
        newest,
      ),
    },
    {
      step: 'Lag 2',
      what: 'restarts of the consumers',
      groups: performance,
      query: query(
        'filter Type = "Pod" and PodName like /^consumer/',
        'stats max(pod_number_of_container_restarts) by bin(1m), PodName',
      ),
    },
    ...store,
    {
      step: 'Lag 3',
      what: 'why batches are not stored',
      groups: application,
      query: query(app('"consumer"'), loud, 'stats count(*) by bin(1m), log_processed.err.message'),
    },
    {
      step: 'Missing data 3',
      what: 'the path of a request; replace REQUEST',
      groups: application,
      query: query(
        'fields @timestamp, log_processed.app, log_processed.msg',
        'filter @message like "REQUEST"',
        'sort @timestamp',
      ),
    },
    {
      step: 'No scaling 1',
      what: 'what KEDA cannot read',
      groups: application,
      query: query(
        'fields @timestamp, log',
        'filter kubernetes.namespace_name = "keda" and log like /(?i)error|fail/',
        newest,
      ),
    },
    {
      step: 'No scaling 2',
      what: 'why pods or nodes do not come',
      groups: application,
      query: query(
        'fields @timestamp, log',
        'filter kubernetes.pod_name like /cluster-autoscaler/ and log like /(?i)scale|unschedulable/',
        newest,
      ),
    },
  ];
}
