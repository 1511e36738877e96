// MSK as the Kafka of the stack (`kafka:managed`): brokers in all zones, TLS, and logins by SCRAM.
import * as aws from '@pulumi/aws-native';
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import type { StackConfig } from '../../config/schema.ts';
import { providerIn } from '../dynamic-provider.ts';
import type { BootstrapInputs, BootstrapState } from './bootstrap-provider.ts';
import { type DataArgs, dataGroup } from './data.ts';
import { tagMap, tags } from './place.ts';

/** Port of the brokers' listener with TLS and SCRAM. */
const PORT = 9096;
const VERSION = '3.9.x.kraft';

/** Arguments of Brokers. */
export interface BrokersArgs extends DataArgs {
  readonly kafka: StackConfig['kafka'];
  readonly logs: aws.logs.LogGroup;
}

/** Kafka's own settings: no topic by accident, and no record lost to an election. */
const settings = ({ replicationFactor, minInsyncReplicas }: StackConfig['kafka']): string =>
  Object.entries({
    'auto.create.topics.enable': false,
    'unclean.leader.election.enable': false,
    'default.replication.factor': replicationFactor,
    'min.insync.replicas': minInsyncReplicas,
  })
    .map((pair) => pair.join('='))
    .join('\n');

/** The addresses of the brokers, which Cloud Control does not return. */
class Bootstrap extends pulumi.dynamic.Resource {
  /** `host:port`, several separated by commas. */
  declare readonly brokers: pulumi.Output<string>;

  constructor(name: string, args: pulumi.Inputs, opts?: pulumi.CustomResourceOptions) {
    const provider = providerIn<BootstrapInputs, BootstrapState>('components/aws/bootstrap-provider.ts');
    super(provider, name, { ...args, brokers: undefined }, opts, 'aws', 'Bootstrap');
  }
}

/** The brokers. */
export class Brokers extends pulumi.ComponentResource {
  /** `host:port` of each broker. */
  readonly addresses: pulumi.Output<readonly string[]>;
  readonly username = 'apps';
  readonly password: pulumi.Output<string>;

  constructor(name: string, args: BrokersArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:aws:Brokers', name, {}, opts);
    const { place, config, network, key, kafka, logs } = args;
    const child = { parent: this };
    this.password = new random.RandomPassword(`${name}-password`, { length: 32, special: false }, child).result;
    const configuration = new aws.msk.Configuration(
      name,
      { name: place.name, serverProperties: settings(kafka) },
      child,
    );
    const cluster = new aws.msk.Cluster(
      name,
      {
        clusterName: place.name,
        kafkaVersion: VERSION,
        numberOfBrokerNodes: kafka.brokers,
        brokerNodeGroupInfo: {
          clientSubnets: [...network.privateSubnets],
          instanceType: config.brokerType,
          securityGroups: [dataGroup(name, PORT, args, child)],
          storageInfo: { ebsStorageInfo: { volumeSize: kafka.volumeGiB } },
        },
        clientAuthentication: {
          sasl: { scram: { enabled: true }, iam: { enabled: false } },
          unauthenticated: { enabled: false },
        },
        configurationInfo: {
          arn: configuration.arn,
          revision: configuration.latestRevision.apply((one) => one?.revision ?? 1),
        },
        encryptionInfo: {
          encryptionAtRest: { dataVolumeKmsKeyId: key.arn },
          encryptionInTransit: { clientBroker: 'TLS', inCluster: true },
        },
        // Its metrics are free, and all that the alarms need.
        enhancedMonitoring: 'DEFAULT',
        loggingInfo: { brokerLogs: { cloudWatchLogs: { enabled: true, logGroup: logs.logGroupName.apply(String) } } },
        tags: tagMap(place, name),
      },
      { ...child, protect: place.protect },
    );
    const secret = new aws.secretsmanager.Secret(
      name,
      {
        // MSK requires the prefix, and a key of ours.
        name: `AmazonMSK_${place.name}`,
        description: 'Login of the apps to Kafka',
        kmsKeyId: key.arn,
        secretString: pulumi.jsonStringify({ username: this.username, password: this.password }),
        tags: tags(place, name),
      },
      child,
    );
    const login = new aws.msk.BatchScramSecret(name, { clusterArn: cluster.arn, secretArnList: [secret.id] }, child);
    const bootstrap = new Bootstrap(
      `${name}-bootstrap`,
      { region: place.region, arn: cluster.arn, count: kafka.brokers },
      { ...child, dependsOn: login },
    );
    this.addresses = bootstrap.brokers.apply((text) => text.split(','));
    this.registerOutputs({ addresses: this.addresses });
  }
}
