// CloudWatch: the groups that logs go to, and the alarms, dashboard and saved queries that
// monitoring/cloudwatch.ts describes.
import * as aws from '@pulumi/aws-native';
import * as pulumi from '@pulumi/pulumi';
import { managedServices, serviceNames } from '../../config/managed.ts';
import type { StackConfig } from '../../config/schema.ts';
import { cloudWatchAlarms, cloudWatchDashboard, logQueries } from '../../monitoring/cloudwatch.ts';
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
/** The same of Aurora. */
const DATABASE = ['error', 'slowquery'];

/** Alarms have no actions yet: add them in the console, or an SNS topic here. */
export class Watch extends pulumi.ComponentResource {
  /** The groups, which must be there before something writes to them. */
  readonly groups: readonly aws.logs.LogGroup[];

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
    const alarms = cloudWatchAlarms(config, place.name);
    for (const { id, meaning, namespace, metric, statistic, dimensions, limit, below, minutes } of alarms)
      new aws.cloudwatch.Alarm(
        id,
        {
          alarmName: `${place.name}-${id}`,
          alarmDescription: `${meaning} ${config.monitoring.docsUrl}/operations.md#${id.toLowerCase()}`,
          namespace,
          metricName: metric,
          statistic,
          dimensions: Object.entries(dimensions).map(([key, value]) => ({ name: key, value })),
          period: 60,
          evaluationPeriods: minutes,
          threshold: limit,
          comparisonOperator: below ? 'LessThanThreshold' : 'GreaterThanThreshold',
          treatMissingData: below ? 'breaching' : 'notBreaching',
          tags: tags(place, id),
        },
        child,
      );
    new aws.cloudwatch.Dashboard(
      name,
      { dashboardName: place.name, dashboardBody: JSON.stringify(cloudWatchDashboard(alarms, place.region)) },
      child,
    );
    // With `cluster:context`, an emulator takes the place of AWS, and has no saved queries.
    const queries = config.cluster.context === undefined ? logQueries(config, place.name) : [];
    for (const [index, { step, what, groups, query }] of queries.entries())
      new aws.logs.QueryDefinition(
        `${name}-${index}`,
        { name: `${place.name}/${step}: ${what}`, logGroupNames: [...groups], queryString: query },
        child,
      );
    this.registerOutputs({});
  }
}
