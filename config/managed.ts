// What AWS runs for a stack on EKS. Until AWS has given a service its address, an address that
// stands for it is in the config, so that everything else treats it as an external server.
import type { StackConfig } from './schema.ts';

/** A service that AWS runs for the stack. */
export type ManagedService = 'redis' | 'kafka' | 'sqs' | 'mysql' | 'dynamodb';

/**
 * Names of services in AWS, which their ARNs, metrics and logs carry.
 * @param stack prefix of the names of all AWS resources of the stack
 */
export const serviceNames = (stack: string) => ({ cache: `${stack}-cache`, database: `${stack}-database` });

/** Host that stands for a service. */
const HOST = 'managed';

const addresses = {
  redis: `rediss://${HOST}:6379`,
  kafka: `${HOST}:9096`,
  mysql: `mysql://${HOST}:3306/breakwater`,
};

/** Whether an address stands for a service that AWS runs for the stack. */
export const isManaged = (address: string | undefined): boolean => Object.values<unknown>(addresses).includes(address);

/**
 * The config with the services that AWS runs for the stack as external ones: those that
 * `redis:managed` and `kafka:managed` ask for, and the queue or store of AWS that has no address.
 */
export function withManaged(config: StackConfig): StackConfig {
  const { cluster, aws, queue, kafka, sqs, redis, store, mysql, dynamodb } = config;
  if (cluster.kind !== 'eks') return config;
  return {
    ...config,
    ...(redis.managed && { redis: { ...redis, external: redis.external ?? addresses.redis } }),
    ...(kafka.managed && {
      kafka: { ...kafka, external: kafka.external ?? addresses.kafka, saslMechanism: 'SCRAM-SHA-512', tls: true },
    }),
    ...(queue.kind === 'sqs' && {
      sqs: { ...sqs, queueUrl: sqs.queueUrl ?? `https://sqs.${aws.region}.amazonaws.com/${HOST}/${queue.name}` },
    }),
    ...(store.kind === 'mysql' &&
      mysql.external === undefined && {
        mysql: { ...mysql, external: addresses.mysql, readers: addresses.mysql },
      }),
    ...(store.kind === 'dynamodb' && { dynamodb: { ...dynamodb, region: dynamodb.region ?? aws.region } }),
  };
}

/** The config that decides what AWS runs. */
export type ManagedConfig = Pick<
  StackConfig,
  'aws' | 'cluster' | 'dynamodb' | 'kafka' | 'mysql' | 'queue' | 'redis' | 'sqs' | 'store'
>;

/** What AWS runs for the stack; nothing unless it is on EKS. */
export function managedServices(config: ManagedConfig): ReadonlySet<ManagedService> {
  const { cluster, queue, kafka, sqs, redis, mysql, store, dynamodb, aws } = config;
  const has: Readonly<Record<ManagedService, boolean>> = {
    redis: redis.external === addresses.redis,
    kafka: kafka.external === addresses.kafka,
    sqs: queue.kind === 'sqs' && (sqs.queueUrl?.includes(`/${HOST}/`) ?? false),
    mysql: store.kind === 'mysql' && mysql.external === addresses.mysql,
    dynamodb: store.kind === 'dynamodb' && dynamodb.endpoint === undefined && dynamodb.region === aws.region,
  };
  const services = (Object.keys(has) as ManagedService[]).filter((service) => has[service]);
  return new Set(cluster.kind === 'eks' ? services : []);
}
