// Where the servers are, as the apps see them: services of the cluster, or the external servers of the config.
import type { Addresses } from '../../config/environment.ts';
import type { StackConfig } from '../../config/schema.ts';
import { METRICS_PORT } from '../kubernetes/workload.ts';
import { BROKERS_SERVICE, CLIENT_PORT } from '../servers/kafka/ports.ts';

/** Database that the records are in. */
export const DATABASE = 'breakwater';
/** Port of Redis in a cluster. */
export const REDIS_PORT = 6379;
/** Port of MongoDB in a cluster. */
export const MONGO_PORT = 27_017;

/**
 * Name of a service that works in every namespace. It leaves the cluster's domain open (not everywhere `cluster.local`).
 */
export const hostOf = (service: string, namespace: string): string => `${service}.${namespace}.svc`;

/**
 * Addresses of the servers.
 *
 * @param namespace the main one, `cluster:namespace`
 * @returns without `mongoUpstream` and `gateMetricsUrl` where MongoDB is external: there is no gate then, a managed MongoDB has
 * limits of its own
 */
export function addressesOf({ kafka, redis, mongo, gate }: StackConfig, namespace: string): Addresses {
  const host = (service: string) => hostOf(service, namespace);
  return {
    ...(kafka.external === undefined
      ? // The first leads to ready brokers. If none is, the second still leads to those that answer.
        { kafkaBrokers: ['kafka', BROKERS_SERVICE].map((service) => `${host(service)}:${CLIENT_PORT}`) }
      : {
          kafkaBrokers: kafka.external.split(','),
          kafkaSaslMechanism: kafka.saslMechanism,
          kafkaTls: kafka.tls,
        }),
    redisUrl: redis.external ?? `redis://${host('redis')}:${REDIS_PORT}`,
    ...(mongo.external === undefined
      ? {
          // directConnection: or the driver would ask MongoDB for its own address and go around the gate.
          mongoUrl: `mongodb://${host('gate')}:${gate.port}/${DATABASE}?directConnection=true${mongo.auth ? '&authSource=admin' : ''}`,
          mongoUpstream: `${host('mongo')}:${MONGO_PORT}`,
          gateMetricsUrl: `http://${host('gate')}:${METRICS_PORT}`,
        }
      : { mongoUrl: mongo.external }),
  };
}
