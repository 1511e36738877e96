// Saved queries of CloudWatch Logs Insights for a stack on AWS: the steps of the runbook that logs
// answer.
import { managedServices, serviceNames } from '../config/managed.ts';
import type { StackConfig } from '../config/schema.ts';

/** A saved query. */
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
