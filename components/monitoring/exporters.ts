// Exporters: expose the metrics of Redis and MongoDB, in the servers' namespace. For Kafka the
// agents beside the brokers do.
import * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../../config/schema.ts';
import { MONGO_EXPORTER_PORT, REDIS_EXPORTER_PORT } from '../../monitoring/ports.ts';
import { memoryOf } from '../images/memory.ts';
import { officialImage } from '../images/official-images.ts';
import type { Credentials } from '../kubernetes/credentials.ts';
import type { ContainerArgs } from '../kubernetes/pod.ts';
import { Server } from '../kubernetes/server.ts';
import { MONGO_PORT, REDIS_PORT } from '../network/addresses.ts';

/** Any user but root: the exporters write no files. */
const USER_ID = 65_534;

type Login = Pick<Credentials, 'clientSecret'>;

/** Prometheus finds it by the name of its port. */
const metricsPort = (port: number) => [{ name: 'metrics', port }];

/** Probe the exporter only: whether its server answers is a metric (`redis_up`). */
const probes = () => {
  const listening = (periodSeconds: number) => ({ tcpSocket: { port: 'metrics' }, periodSeconds, timeoutSeconds: 5 });
  return { readinessProbe: listening(5), livenessProbe: listening(15) };
};

/**
 * oliver006/redis_exporter. It reads its password only from its environment or from a JSON file in
 * a format of its own.
 */
const redisExporter = (config: Pick<StackConfig, 'images'>, login: Login): ContainerArgs => ({
  name: 'redis-exporter',
  image: officialImage('redis-exporter', config.images),
  environment: {
    REDIS_ADDR: `redis://redis:${REDIS_PORT}`,
    REDIS_EXPORTER_WEB_LISTEN_ADDRESS: `:${REDIS_EXPORTER_PORT}`,
  },
  secretVariables: [{ variable: 'REDIS_PASSWORD', secret: login.clientSecret('main'), key: 'password' }],
  ports: metricsPort(REDIS_EXPORTER_PORT),
  ...memoryOf('redis-exporter'),
  ...probes(),
});

/** percona/mongodb_exporter: only the server's status, nothing that reads collections. */
const mongoExporter = (config: Pick<StackConfig, 'images' | 'mongo'>, login: Login): ContainerArgs => ({
  name: 'mongo-exporter',
  image: officialImage('mongo-exporter', config.images),
  args: [
    `--mongodb.uri=mongodb://mongo:${MONGO_PORT}/admin`,
    '--mongodb.direct-connect',
    '--collector.diagnosticdata',
    `--web.listen-address=:${MONGO_EXPORTER_PORT}`,
  ],
  secretVariables: config.mongo.auth
    ? [
        { variable: 'MONGODB_USER', secret: login.clientSecret('main'), key: 'username' },
        { variable: 'MONGODB_PASSWORD', secret: login.clientSecret('main'), key: 'password' },
      ]
    : [],
  ports: metricsPort(MONGO_EXPORTER_PORT),
  ...memoryOf('mongo-exporter'),
  ...probes(),
});

export interface ExportersArgs {
  /** Namespace of the servers. */
  readonly namespace: pulumi.Input<string>;
  readonly config: StackConfig;
  /** Logins of the servers that are in the cluster. */
  readonly logins: { readonly redis?: Login; readonly mongo?: Login };
}

/** The exporters of the servers that are in the cluster. */
export class Exporters extends pulumi.ComponentResource {
  constructor(name: string, args: ExportersArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:monitoring:Exporters', name, {}, opts);
    const { namespace, config, logins } = args;
    const containers = [
      ...(logins.redis ? [redisExporter(config, logins.redis)] : []),
      ...(logins.mongo ? [mongoExporter(config, logins.mongo)] : []),
    ];
    for (const container of containers)
      new Server(
        container.name,
        { namespace, pod: { config, userId: USER_ID, containers: [container] } },
        { parent: this },
      );
    this.registerOutputs({ exporters: containers.map(({ name }) => name) });
  }
}
