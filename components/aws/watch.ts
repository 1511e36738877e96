// CloudWatch: the groups that logs go to, and the alarms, dashboard and saved queries that
// monitoring/ describes.
import * as aws from '@pulumi/aws-native';
import * as pulumi from '@pulumi/pulumi';
import { managedServices, serviceNames } from '../../config/managed.ts';
import type { StackConfig } from '../../config/schema.ts';
import {
  type Alarm,
  alarmName,
  cloudWatchAlarms,
  cloudWatchDashboard,
  deadLetters,
} from '../../monitoring/cloudwatch.ts';
import { logQueries } from '../../monitoring/log-queries.ts';
import { createLogGroup } from './log-group.ts';
import { type Place, tags } from './place.ts';

/** Arguments of Watch. */
export interface WatchArgs {
  readonly place: Place;
  readonly config: StackConfig;
  readonly key: aws.kms.Key;
}

/**
 * What the observability add-on writes to; it would create them itself, unencrypted and for ever.
 */
const INSIGHTS = ['application', 'dataplane', 'host', 'performance'];
/** What Aurora writes to. */
const DATABASE = ['error', 'slowquery'];

/** Period of each data point, seconds. */
const PERIOD_SECONDS = 60;

/** What an alarm judges: one metric, or an expression. */
function judged({ metrics, expression }: Alarm) {
  const all = Object.entries(metrics).map(([id, { namespace, name, statistic, dimensions }]) => ({
    id,
    metric: {
      namespace,
      metricName: name,
      dimensions: Object.entries(dimensions).map(([key, value]) => ({ name: key, value })),
    },
    statistic,
  }));
  if (expression === undefined) {
    const [{ metric, statistic }] = all as [(typeof all)[number]];
    return { ...metric, statistic, period: PERIOD_SECONDS };
  }
  const inputs = all.map(({ id, metric, statistic }) => ({
    id,
    metricStat: { metric, period: PERIOD_SECONDS, stat: statistic },
    returnData: false,
  }));
  // A query, which has no inputs, needs a period of its own.
  const period = inputs.length === 0 ? { period: PERIOD_SECONDS } : {};
  return { metrics: [...inputs, { id: 'judged', expression, returnData: true, ...period }] };
}

/** The alarms, with what they notify (`aws:alarmTopic`), dashboard and saved queries. */
export class Watch extends pulumi.ComponentResource {
  /** The groups, which must be there before something writes to them. */
  readonly groups: readonly aws.logs.LogGroup[];
  /** ARN of the alarm that users get no answers. */
  readonly apiMissing: pulumi.Output<string>;

  constructor(name: string, args: WatchArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:aws:Watch', name, {}, opts);
    const { place, config, key } = args;
    const child = { parent: this };
    const group = (kind: string, path: string) =>
      createLogGroup(kind, `${path}/${kind}`, { place, config: config.aws, key }, child);
    this.groups = [
      ...INSIGHTS.map((kind) => group(kind, `/aws/containerinsights/${place.name}`)),
      ...(managedServices(config).has('mysql') ? DATABASE : []).map((kind) =>
        group(kind, `/aws/rds/cluster/${serviceNames(place.name).database}`),
      ),
    ];
    const letters = deadLetters(place.name);
    new aws.logs.MetricFilter(
      'dead-letters',
      {
        logGroupName: letters.group,
        filterPattern: letters.pattern,
        metricTransformations: [
          { metricNamespace: letters.namespace, metricName: letters.metric, metricValue: '1', defaultValue: 0 },
        ],
      },
      { ...child, dependsOn: [...this.groups] },
    );
    // With `cluster:context`, an emulator takes the place of AWS: it has neither alarms on expressions
    // nor saved queries.
    const emulated = config.cluster.context !== undefined;
    const alarms = cloudWatchAlarms(config, place.name).filter(({ expression }) => !emulated || !expression);
    const created = alarms.map((alarm) => [alarm.id, this.#alarm(alarm, args)] as const);
    this.apiMissing = created.find(([id]) => id === 'ApiMissing')![1].arn;
    new aws.cloudwatch.Dashboard(
      name,
      { dashboardName: place.name, dashboardBody: JSON.stringify(cloudWatchDashboard(alarms, place.region)) },
      child,
    );
    for (const [index, { step, what, groups, query }] of (emulated ? [] : logQueries(config, place.name)).entries())
      new aws.logs.QueryDefinition(
        `${name}-${index}`,
        { name: `${place.name}/${step}: ${what}`, logGroupNames: [...groups], queryString: query },
        child,
      );
    this.registerOutputs({});
  }

  #alarm(alarm: Alarm, { place, config }: WatchArgs): aws.cloudwatch.Alarm {
    const { id, meaning, limit, below, minutes } = alarm;
    const topic = config.aws.alarmTopic;
    return new aws.cloudwatch.Alarm(
      alarmName(alarm),
      {
        alarmName: `${place.name}-${alarmName(alarm)}`,
        alarmDescription: `${meaning} ${config.monitoring.docsUrl}/operations.md#${id.toLowerCase()}`,
        ...judged(alarm),
        evaluationPeriods: minutes,
        threshold: limit,
        comparisonOperator: below ? 'LessThanThreshold' : 'GreaterThanThreshold',
        treatMissingData: below ? 'breaching' : 'notBreaching',
        ...(topic !== undefined && { alarmActions: [topic], okActions: [topic] }),
        tags: tags(place, alarmName(alarm)),
      },
      { parent: this },
    );
  }
}
