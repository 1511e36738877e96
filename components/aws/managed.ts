// What AWS runs for the stack besides the cluster: queue, cache, brokers and store, each only where
// the config asks for it; and the rights of the apps that use them.
import * as aws from '@pulumi/aws-native';
import * as pulumi from '@pulumi/pulumi';
import type { Addresses } from '../../config/environment.ts';
import { managedServices } from '../../config/managed.ts';
import type { StackConfig } from '../../config/schema.ts';
import type { ManagedLogins } from '../kubernetes/credentials.ts';
import { apiNamespaceOf } from '../kubernetes/namespaces.ts';
import { Brokers } from './brokers.ts';
import { Cache } from './cache.ts';
import type { DataArgs } from './data.ts';
import { Database } from './database.ts';
import { createLogGroup } from './log-group.ts';
import { tags } from './place.ts';
import { createQueue, queueStatements } from './queue.ts';
import { createRole, type Statement } from './roles.ts';
import { createTable, tableStatements } from './table.ts';

/** Arguments of Managed. */
export interface ManagedArgs extends Omit<DataArgs, 'config'> {
  readonly config: StackConfig;
}

/** The apps that call AWS, and whether they are in the API's namespace. */
const CALLERS = { api: true, consumer: false, producer: false } as const;

/** The services. */
export class Managed extends pulumi.ComponentResource {
  /** Where they are; the rest of the addresses is the cluster's. */
  readonly addresses: pulumi.Output<Partial<Addresses>>;
  readonly logins: ManagedLogins;
  /** What must be there before the apps. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: ManagedArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:aws:Managed', name, {}, opts);
    const { place, config, key } = args;
    const has = managedServices(config);
    const child = { parent: this };
    const data = { ...args, config: config.aws };

    const queueOf = (name: string, queue: string) => createQueue(name, { place, queue, key }, child);
    const queue = has.has('sqs') ? queueOf('queue', config.queue.name) : undefined;
    const deadLetters = queue && queueOf('dead-letters', `${config.queue.name}-dlq`);
    const table = has.has('dynamodb') ? createTable('table', { place, config, key }, child) : undefined;
    const cache = has.has('redis') ? new Cache('cache', data, child) : undefined;
    const database = has.has('mysql') ? new Database('database', data, child) : undefined;
    const brokers = has.has('kafka')
      ? new Brokers(
          'brokers',
          { ...data, kafka: config.kafka, logs: createLogGroup('brokers', `/aws/msk/${place.name}`, data, child) },
          child,
        )
      : undefined;

    this.logins = {
      ...(cache && { redis: { password: cache.password } }),
      ...(brokers && { kafka: { username: brokers.username, password: brokers.password } }),
      ...(database && { mysql: { username: database.username, password: database.password } }),
    };
    this.addresses = pulumi
      .all([queue?.queueUrl, cache?.url, brokers?.addresses, database?.url, database?.readerUrl])
      .apply(([queueUrl, redisUrl, kafkaBrokers, mysqlUrl, mysqlReaderUrl]) => ({
        ...(queueUrl !== undefined && { sqs: { queueUrl, region: place.region } }),
        ...(redisUrl !== undefined && { redisUrl }),
        ...(kafkaBrokers !== undefined && { kafkaBrokers }),
        ...(mysqlUrl !== undefined && { mysqlUrl, mysqlReaderUrl }),
      })) as pulumi.Output<Partial<Addresses>>;
    this.ready = this.#permit(args, [
      ...(queue && deadLetters ? queueStatements([queue, deadLetters]) : []),
      ...(table ? tableStatements(table) : []),
    ]);
    this.registerOutputs({ addresses: this.addresses });
  }

  /** Gives the service accounts of the apps a role; none if there is nothing that they may do. */
  #permit({ place, config, key }: ManagedArgs, statements: readonly Statement[]): readonly pulumi.Resource[] {
    if (statements.length === 0) return [];
    const child = { parent: this };
    const role = createRole(
      'apps',
      {
        place,
        service: 'pods.eks',
        description: 'The apps: their queue and their table',
        statements: [...statements, { Sid: 'Key', Action: ['kms:Decrypt', 'kms:GenerateDataKey'], Resource: key.arn }],
      },
      child,
    );
    const { namespace } = config.cluster;
    return Object.entries(CALLERS).map(
      ([app, isApi]) =>
        new aws.eks.PodIdentityAssociation(
          app,
          {
            clusterName: place.name,
            namespace: isApi ? apiNamespaceOf(namespace) : namespace,
            serviceAccount: app,
            roleArn: role.arn,
            tags: tags(place, app),
          },
          child,
        ),
    );
  }
}
