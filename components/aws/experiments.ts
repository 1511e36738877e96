// Failure scenarios as templates of AWS FIS (`aws:experiments`): they do nothing until they are
// started. docs/aws.md says how, and what users should see.
import * as aws from '@pulumi/aws-native';
import * as pulumi from '@pulumi/pulumi';
import { managedServices, serviceNames } from '../../config/managed.ts';
import type { StackConfig } from '../../config/schema.ts';
import type { Network } from './network.ts';
import { type Place, tagMap } from './place.ts';
import { createRole, type Statement } from './roles.ts';

/** Arguments of Experiments. */
export interface ExperimentsArgs {
  readonly place: Place;
  readonly config: StackConfig;
  readonly network: Network;
  /** ARN of the alarm that ends an experiment. */
  readonly stop: pulumi.Input<string>;
}

/** How long a failure lasts, in ISO 8601. */
const DURATION = 'PT5M';

/** One failure. */
interface Scenario {
  readonly name: string;
  readonly description: string;
  /** What FIS does. */
  readonly action: string;
  /** @default none */
  readonly parameters?: Readonly<Record<string, string>>;
  /** What FIS calls the target of the action. */
  readonly key: string;
  readonly target: aws.types.input.fis.ExperimentTemplateTargetArgs;
  readonly statements?: readonly Statement[];
  /** Policies that AWS maintains for the action. */
  readonly managed?: readonly string[];
}

function scenarios({ place, config, network }: ExperimentsArgs): readonly Scenario[] {
  const { name, region, account } = place;
  const has = managedServices(config);
  const names = serviceNames(name);
  const arn = (service: string, resource: string) =>
    pulumi.interpolate`arn:aws:${service}:${region}:${account}:${resource}`;
  const zone = `${region}${config.aws.zones[0]}`;
  const database = arn('rds', `cluster:${names.database}`);
  const cache = arn('elasticache', `replicationgroup:${names.cache}`);
  return [
    {
      name: 'node',
      description: 'A node is terminated',
      action: 'aws:ec2:terminate-instances',
      key: 'Instances',
      target: { resourceType: 'aws:ec2:instance', selectionMode: 'COUNT(1)', resourceTags: tagMap(place, 'node') },
      statements: [
        { Sid: 'Find', Action: ['ec2:DescribeInstances'], Resource: '*' },
        {
          Sid: 'Terminate',
          Action: ['ec2:TerminateInstances'],
          Resource: arn('ec2', 'instance/*'),
          Condition: { StringEquals: { 'aws:ResourceTag/stack': name } },
        },
      ],
    },
    {
      name: 'zone',
      description: 'The nodes of a zone are cut off from everything outside their subnet',
      action: 'aws:network:disrupt-connectivity',
      parameters: { duration: DURATION, scope: 'all' },
      key: 'Subnets',
      target: {
        resourceType: 'aws:ec2:subnet',
        selectionMode: 'ALL',
        resourceArns: [pulumi.interpolate`arn:aws:ec2:${region}:${account}:subnet/${network.privateSubnets[0]!}`],
      },
      managed: ['service-role/AWSFaultInjectionSimulatorNetworkAccess'],
    },
    ...(has.has('mysql')
      ? [
          {
            name: 'database',
            description: 'The writer of Aurora fails over to a reader',
            action: 'aws:rds:failover-db-cluster',
            key: 'Clusters',
            target: { resourceType: 'aws:rds:cluster', selectionMode: 'ALL', resourceArns: [database] },
            statements: [
              { Sid: 'Database', Action: ['rds:DescribeDBClusters', 'rds:FailoverDBCluster'], Resource: database },
            ],
          },
        ]
      : []),
    ...(has.has('redis')
      ? [
          {
            name: 'cache',
            description: "The cache's nodes in a zone lose power",
            action: 'aws:elasticache:replicationgroup-interrupt-az-power',
            parameters: { duration: DURATION },
            key: 'ReplicationGroups',
            target: {
              resourceType: 'aws:elasticache:replicationgroup',
              selectionMode: 'ALL',
              resourceArns: [cache],
              parameters: { availabilityZoneIdentifier: zone },
            },
            statements: [
              {
                Sid: 'Cache',
                Action: ['elasticache:DescribeReplicationGroups', 'elasticache:InterruptClusterAzPower'],
                Resource: cache,
              },
            ],
          },
        ]
      : []),
  ];
}

/** The templates, and one role for all of them. */
export class Experiments extends pulumi.ComponentResource {
  constructor(name: string, args: ExperimentsArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:aws:Experiments', name, {}, opts);
    const { place } = args;
    const child = { parent: this };
    const all = scenarios(args);
    const role = createRole(
      name,
      {
        place,
        service: 'fis',
        description: 'Failure scenarios',
        managed: all.flatMap(({ managed = [] }) => managed),
        statements: all.flatMap(({ statements = [] }) => statements),
      },
      child,
    );
    for (const { name: scenario, description, action, parameters, key, target } of all)
      new aws.fis.ExperimentTemplate(
        `${name}-${scenario}`,
        {
          description: `${description} (${place.name})`,
          actions: {
            [scenario]: { actionId: action, targets: { [key]: scenario }, ...(parameters && { parameters }) },
          },
          targets: { [scenario]: target },
          stopConditions: [{ source: 'aws:cloudwatch:alarm', value: args.stop }],
          experimentOptions: { accountTargeting: 'single-account', emptyTargetResolutionMode: 'fail' },
          roleArn: role.arn,
          tags: tagMap(place, `${name}-${scenario}`),
        },
        child,
      );
    this.registerOutputs({});
  }
}
