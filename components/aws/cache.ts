// ElastiCache for Valkey as the Redis of the stack (`redis:managed`): a primary and replicas in
// other zones, with TLS and a password. It keeps its data in memory only, so it is never the queue.
import * as aws from '@pulumi/aws-native';
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import { serviceNames } from '../../config/managed.ts';
import { type DataArgs, dataGroup } from './data.ts';
import { tags } from './place.ts';

/** Port of the cache. */
const PORT = 6379;

/** The cache. */
export class Cache extends pulumi.ComponentResource {
  /** `rediss://host:port` of the primary; its name follows a failover. */
  readonly url: pulumi.Output<string>;
  readonly password: pulumi.Output<string>;

  constructor(name: string, args: DataArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:aws:Cache', name, {}, opts);
    const { place, config, network, key } = args;
    const child = { parent: this };
    const id = serviceNames(place.name).cache;
    this.password = new random.RandomPassword(`${name}-password`, { length: 32, special: false }, child).result;
    const subnets = new aws.elasticache.SubnetGroup(
      name,
      {
        cacheSubnetGroupName: id,
        description: 'Private subnets',
        subnetIds: [...network.privateSubnets],
        tags: tags(place, name),
      },
      child,
    );
    const parameters = new aws.elasticache.ParameterGroup(
      name,
      {
        cacheParameterGroupFamily: 'valkey8',
        description: 'Evicts cached records, and nothing that has no expiry',
        properties: { 'maxmemory-policy': 'volatile-ttl', 'maxmemory-samples': '64' },
        tags: tags(place, name),
      },
      child,
    );
    const group = new aws.elasticache.ReplicationGroup(
      name,
      {
        replicationGroupId: id,
        replicationGroupDescription: `The cache of ${place.name}`,
        engine: 'valkey',
        engineVersion: '8.2',
        cacheNodeType: config.cacheNodeType,
        cacheParameterGroupName: parameters.id,
        cacheSubnetGroupName: subnets.cacheSubnetGroupName.apply((group) => group ?? id),
        numCacheClusters: 1 + config.cacheReplicas,
        automaticFailoverEnabled: true,
        multiAzEnabled: true,
        securityGroupIds: [dataGroup(name, PORT, args, child)],
        port: PORT,
        transitEncryptionEnabled: true,
        transitEncryptionMode: 'required',
        atRestEncryptionEnabled: true,
        kmsKeyId: key.arn,
        authToken: this.password,
        autoMinorVersionUpgrade: true,
        tags: tags(place, name),
      },
      child,
    );
    this.url = pulumi.interpolate`rediss://${group.primaryEndPoint.address}:${PORT}`;
    this.registerOutputs({ url: this.url });
  }
}
