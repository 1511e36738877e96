// Aurora MySQL as the store (`store:kind mysql`): a writer, and readers in other zones behind one
// name. Its storage has six copies in three zones, so a failover loses no commit.
import * as aws from '@pulumi/aws-native';
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import { serviceNames } from '../../config/managed.ts';
import { type DataArgs, dataGroup } from './data.ts';
import { AURORA, tags } from './place.ts';
import { createRole } from './roles.ts';

/** Port of MySQL. */
const PORT = 3306;
/** Name of the database and of the user that owns it. */
const NAME = 'breakwater';
/** Days that backups are kept: any second within them can be restored. */
const BACKUP_DAYS = { protected: 35, staging: 7 };
/** What the advanced mode of Database Insights requires. */
const INSIGHTS_DAYS = 465;
/** The lowest priority in a failover. */
const LAST_TIER = 15;

/** The database. */
export class Database extends pulumi.ComponentResource {
  /** `mysql://host:port/database` of the writer. */
  readonly url: pulumi.Output<string>;
  /** The same of the readers. */
  readonly readerUrl: pulumi.Output<string>;
  readonly username = NAME;
  readonly password: pulumi.Output<string>;

  constructor(name: string, args: DataArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:aws:Database', name, {}, opts);
    const { place, config, network, key } = args;
    const { protect } = place;
    const child = { parent: this };
    const id = serviceNames(place.name).database;
    this.password = new random.RandomPassword(`${name}-password`, { length: 32, special: false }, child).result;
    const subnets = new aws.rds.DbSubnetGroup(
      name,
      {
        dbSubnetGroupName: id,
        dbSubnetGroupDescription: 'Private subnets',
        subnetIds: [...network.privateSubnets],
        tags: tags(place, name),
      },
      child,
    );
    const parameters = new aws.rds.DbClusterParameterGroup(
      name,
      {
        dbClusterParameterGroupName: id,
        description: 'Clients use TLS, slow statements are logged',
        family: 'aurora-mysql8.0',
        parameters: { require_secure_transport: 'ON', slow_query_log: '1', long_query_time: '1', log_output: 'FILE' },
        tags: tags(place, name),
      },
      child,
    );
    const monitoring = createRole(
      `${name}-monitoring`,
      {
        place,
        service: 'monitoring.rds',
        description: 'Metrics of the operating system',
        managed: ['service-role/AmazonRDSEnhancedMonitoringRole'],
      },
      child,
    );
    const cluster = new aws.rds.DbCluster(
      name,
      {
        dbClusterIdentifier: id,
        engine: AURORA.engine,
        engineVersion: AURORA.version,
        databaseName: NAME,
        masterUsername: this.username,
        masterUserPassword: this.password,
        port: PORT,
        dbSubnetGroupName: id,
        dbClusterParameterGroupName: id,
        vpcSecurityGroupIds: [dataGroup(name, PORT, args, child)],
        storageEncrypted: true,
        kmsKeyId: key.arn,
        backupRetentionPeriod: protect ? BACKUP_DAYS.protected : BACKUP_DAYS.staging,
        copyTagsToSnapshot: true,
        deletionProtection: protect,
        enableCloudwatchLogsExports: ['error', 'slowquery'],
        // What each statement waits for: the load by wait event, statement and host.
        databaseInsightsMode: 'advanced',
        performanceInsightsEnabled: true,
        performanceInsightsKmsKeyId: key.arn,
        performanceInsightsRetentionPeriod: INSIGHTS_DAYS,
        monitoringInterval: 15,
        monitoringRoleArn: monitoring.arn,
        tags: tags(place, name),
      },
      { ...child, protect, dependsOn: [subnets, parameters] },
    );
    for (const index of Array(1 + config.databaseReaders).keys())
      new aws.rds.DbInstance(
        `${name}-${index}`,
        {
          dbClusterIdentifier: id,
          dbInstanceIdentifier: `${id}-${index}`,
          dbInstanceClass: config.databaseType,
          engine: AURORA.engine,
          autoMinorVersionUpgrade: true,
          publiclyAccessible: false,
          // Any instance may become the writer: the name of the writer follows.
          promotionTier: Math.min(index, LAST_TIER),
          tags: tags(place, `${name}-${index}`),
        },
        { ...child, dependsOn: cluster },
      );
    this.url = pulumi.interpolate`mysql://${cluster.endpoint.address}:${PORT}/${NAME}`;
    this.readerUrl = pulumi.interpolate`mysql://${cluster.readEndpoint.address}:${PORT}/${NAME}`;
    this.registerOutputs({ url: this.url, readerUrl: this.readerUrl });
  }
}
