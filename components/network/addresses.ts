// Where the apps find the servers: Services of the cluster, or the external servers of the config.
import type { Addresses } from '../../config/environment.ts';
import { sqsRegion } from '../../config/rules.ts';
import type { StackConfig } from '../../config/schema.ts';
import { hasOwnMongo } from '../../config/servers.ts';
import { apiNamespaceOf, hostOf } from '../kubernetes/namespaces.ts';
import { METRICS_PORT } from '../kubernetes/workload.ts';
import { BROKERS_SERVICE, CLIENT_PORT } from '../servers/kafka/ports.ts';

/** Database of the records. */
export const DATABASE = 'breakwater';
/** Port of Redis in a cluster. */
export const REDIS_PORT = 6379;
/** Port of MongoDB in a cluster. */
export const MONGO_PORT = 27_017;

/**
 * Addresses of the servers.
 *
 * @returns `mongoUpstream` and `gateMetricsUrl` only with a gate
 */
export function addressesOf(config: StackConfig): Addresses {
  const { cluster, kafka, sqs, redis, mongo, gate, mysql } = config;
  const host = (service: string) => hostOf(service, cluster.namespace);
  return {
    ...(kafka.external === undefined
      ? // The first resolves to ready brokers only, the second to all of them: the fallback if none is ready.
        { kafkaBrokers: ['kafka', BROKERS_SERVICE].map((service) => `${host(service)}:${CLIENT_PORT}`) }
      : {
          kafkaBrokers: kafka.external.split(','),
          kafkaSaslMechanism: kafka.saslMechanism,
          kafkaTls: kafka.tls,
        }),
    ...(sqs.queueUrl !== undefined && {
      sqs: { queueUrl: sqs.queueUrl, region: sqsRegion(sqs) ?? '', endpoint: sqs.endpoint },
    }),
    redisUrl: redis.external ?? `redis://${host('redis')}:${REDIS_PORT}`,
    ...(hasOwnMongo(config)
      ? {
          // Without `directConnection`, the driver asks MongoDB for its address and bypasses the
          // gate.
          mongoUrl: `mongodb://${host('gate')}:${gate.port}/${DATABASE}?directConnection=true${mongo.auth ? '&authSource=admin' : ''}`,
          mongoUpstream: `${host('mongo')}:${MONGO_PORT}`,
          gateMetricsUrl: `http://${host('gate-pods')}:${METRICS_PORT}`,
        }
      : { mongoUrl: mongo.external ?? '' }),
    ...(mysql.external !== undefined && { mysqlUrl: mysql.external }),
    ...(mysql.readers !== undefined && { mysqlReaderUrl: mysql.readers }),
  };
}

/** Address of the API within the cluster, `http://host:port`. */
export const apiUrlOf = ({ cluster, api }: Pick<StackConfig, 'cluster' | 'api'>): string =>
  `http://${hostOf('api', apiNamespaceOf(cluster.namespace))}:${api.port}`;
