// Combinations that cannot work: each rule, with a config that just breaks it and one that just
// keeps it.
import { describe, expect, test } from '@jest/globals';
import { ConfigError } from './errors.ts';
import { parseStackConfig, type RawConfig } from './parse.ts';

function problems(raw: RawConfig): readonly string[] {
  try {
    parseStackConfig(raw);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ key, message }) => `${key}: ${message}`);
  }
}

const existing = { 'cluster:kind': 'kubeconfig', 'cluster:context': 'prod', 'cluster:registry': 'r.example/team' };
const redisQueue = { 'queue:kind': 'redis-streams' };
const oneBroker = { 'kafka:brokers': 1, 'kafka:replicationFactor': 1, 'kafka:minInsyncReplicas': 1 };

const sqsQueue = { 'queue:kind': 'sqs', 'sqs:queueUrl': 'https://sqs.eu-west-1.amazonaws.com/123456789012/posts' };

/** What breaks the rule, the message, and the nearest config that keeps it. */
const rules: [string, RawConfig, string, RawConfig][] = [
  [
    'an external MongoDB is backed up where it runs',
    { 'backup:enabled': true, 'mongo:external': 'mongodb://m.example.com:27017/b' },
    'backup:enabled: is true, but only the MongoDB of the stack is backed up; remove it, and back up an external store where it runs',
    { 'backup:enabled': true },
  ],
  [
    'the gate has two ports with backups',
    { 'backup:enabled': true, 'gate:port': 27_019 },
    'gate:port: is 27019, which the gate uses for backups (backup:enabled); choose another',
    { 'backup:enabled': true },
  ],
  [
    'SQS needs a queue',
    { 'queue:kind': 'sqs' },
    'sqs:queueUrl: is missing: queue:kind sqs requires the URL of a queue',
    sqsQueue,
  ],
  [
    'SQS needs a region',
    { ...sqsQueue, 'sqs:queueUrl': 'http://localhost:9324/000000000000/posts' },
    'sqs:region: is missing: sqs:queueUrl does not name the region, which signs every request',
    { ...sqsQueue, 'sqs:queueUrl': 'http://localhost:9324/000000000000/posts', 'sqs:region': 'elasticmq' },
  ],
  [
    'a toleration has an effect',
    { 'cluster:tolerations': { dedicated: 'breakwater' } },
    'cluster:tolerations: has "breakwater" for dedicated; allowed: value:effect or :effect, with NoSchedule, PreferNoSchedule, NoExecute',
    { 'cluster:tolerations': { dedicated: 'breakwater:NoSchedule', spot: ':NoExecute' } },
  ],
  [
    'a login of a registry is a Docker config, and is not shown',
    { 'images:pullSecret': '{"registry.example.com":"hunter2"}' },
    'images:pullSecret: is not a Docker config with at least one registry; allowed: {"auths":{"registry.example.com":{"auth":"…"}}}',
    { 'images:pullSecret': '{"auths":{"registry.example.com":{"auth":"dTpw"}}}' },
  ],
  [
    'an existing cluster needs a context',
    { 'cluster:kind': 'kubeconfig', 'cluster:registry': 'r.example/team' },
    'cluster:context: is missing: cluster:kind kubeconfig requires the name of a kubeconfig context, so that no other cluster is changed by mistake',
    existing,
  ],
  [
    'an existing cluster needs a registry',
    { 'cluster:kind': 'kubeconfig', 'cluster:context': 'prod' },
    'cluster:registry: is missing: cluster:kind kubeconfig requires a registry that this machine can push to and the cluster can pull from, such as registry.example.com/team',
    existing,
  ],
  [
    'k3d has its own registry',
    { 'cluster:registry': 'r.example/team' },
    'cluster:registry: is used only with cluster:kind kubeconfig, because a k3d cluster has its own registry; remove it',
    {},
  ],
  [
    'k3d takes no context',
    { 'cluster:context': 'prod' },
    'cluster:context: is used only with cluster:kind kubeconfig; remove it, or set cluster:kind kubeconfig',
    {},
  ],
  [
    'only k3d has caches',
    { 'images:cache': true, ...existing },
    'images:cache: is used only with cluster:kind k3d: the nodes of other clusters cannot reach this machine; remove it',
    { 'images:cache': true },
  ],
  [
    'a mirror needs no cache',
    { 'images:cache': true, 'images:mirror': 'm.example' },
    'images:cache: is used only for public registries, and images:mirror is m.example: remove one of them',
    { 'images:mirror': 'm.example' },
  ],
  [
    'etcd needs an odd number of servers',
    { 'cluster:servers': 2 },
    'cluster:servers: is 2: an even number of servers tolerates no more failures than one fewer; use 1 or 3',
    { 'cluster:servers': 3 },
  ],
  [
    'each way into the cluster has its own port of the host',
    { 'cluster:httpPort': 8000 },
    'cluster:nodePortHostPort: is 8000, the same as cluster:httpPort: one port of this machine cannot lead to both; choose another',
    { 'cluster:httpPort': 8001 },
  ],
  [
    'the registry has its own port of the host',
    { 'cluster:registryPort': 6550 },
    'cluster:registryPort: is 6550, the same as cluster:apiPort: one port of this machine cannot lead to both; choose another',
    { 'cluster:registryPort': 6551 },
  ],
  [
    'the page has its own host name',
    { 'console:host': 'assessment.local' },
    'console:host: is assessment.local, the same as api:host: the ingress tells them apart by name; choose another',
    { 'console:host': 'assessment.local', 'api:exposure': 'nodePort' },
  ],
  [
    'the page has its own port',
    { 'console:port': 8000 },
    'console:port: is 8000, the same as api:port; give each its own port',
    { 'console:port': 8001 },
  ],
  [
    'local ports differ',
    { 'gate:port': 27_017 },
    'gate:port: is 27017, the same as mongo:port; give each its own port',
    { 'gate:port': 27_019 },
  ],
  [
    'local ports do not collide with the brokers',
    { 'api:port': 9094 },
    'api:port: is 9094, which broker 2 uses in the local run (kafka:port + 2); choose a port outside 9092..9094',
    { 'api:port': 9095 },
  ],
  [
    'single sign-on needs a client',
    { 'sso:issuer': 'https://login.example', 'sso:clientId': 'a' },
    'sso:clientSecret: is missing: sso:issuer requires the client that is registered there',
    { 'sso:issuer': 'https://login.example', 'sso:clientId': 'a', 'sso:clientSecret': 's' },
  ],
  [
    'a client needs an issuer',
    { 'sso:clientId': 'a' },
    'sso:clientId: is used only with sso:issuer; remove it, or set sso:issuer',
    {},
  ],
  [
    'the web UI of Kafka has its own host name once it is in the ingress',
    {
      'sso:issuer': 'https://login.example',
      'sso:clientId': 'a',
      'sso:clientSecret': 's',
      'kafka:uiHost': 'console.localhost',
    },
    'kafka:uiHost: is console.localhost, the same as console:host: the ingress tells them apart by name; choose another',
    { 'kafka:uiHost': 'console.localhost' },
  ],
  [
    'each broker has a port of the nodes',
    { 'kafka:nodePort': 32_766 },
    'kafka:nodePort: is 32766, and 3 brokers need as many ports up to 32767; use at most 32765',
    { 'kafka:nodePort': 32_765 },
  ],
  [
    'the ports of brokers are not the port of the API',
    { 'kafka:nodePort': 30_092, 'api:nodePort': 30_094 },
    'kafka:nodePort: is 30092, and broker 2 needs 30094, which is api:nodePort; choose another',
    { 'kafka:nodePort': 30_092, 'api:nodePort': 30_095 },
  ],
  [
    'the ports of brokers are no others of this machine',
    { 'kafka:nodePort': 30_092, 'cluster:httpPort': 30_093 },
    'kafka:nodePort: is 30092, and broker 1 needs 30093, which is cluster:httpPort; choose another',
    { 'kafka:nodePort': 30_092, 'cluster:httpPort': 30_093, 'queue:kind': 'redis-streams' },
  ],
  [
    'brokers of another cluster advertise a name of it',
    { ...existing, 'kafka:nodePort': 30_092 },
    'kafka:advertisedHost: is missing: with cluster:kind kubeconfig, kafka:nodePort requires the name of a node or load balancer',
    { ...existing, 'kafka:nodePort': 30_092, 'kafka:advertisedHost': 'kafka.example.com' },
  ],
  [
    'only brokers of the stack have a port',
    { 'kafka:nodePort': 30_092, 'kafka:external': 'b.example:9092' },
    'kafka:nodePort: is used only for the brokers of the stack, and kafka:external is set: remove one of them',
    { 'kafka:external': 'b.example:9092' },
  ],
  [
    'only brokers with a port advertise a host',
    { 'kafka:advertisedHost': 'kafka.example.com' },
    'kafka:advertisedHost: is used only with kafka:nodePort; set it, or remove this',
    { 'kafka:advertisedHost': 'kafka.example.com', 'kafka:nodePort': 30_092 },
  ],
  [
    'two controllers are no quorum',
    { ...oneBroker, 'kafka:brokers': 2 },
    'kafka:brokers: is 2: the first brokers are also the controllers, and two controllers have no majority when one fails; use 1, or at least 3',
    oneBroker,
  ],
  [
    'replicas need brokers',
    { 'kafka:replicationFactor': 4 },
    'kafka:replicationFactor: is 4, more than kafka:brokers (3): each replica needs its own broker; allowed: 1 to 3',
    { 'kafka:replicationFactor': 4, 'kafka:brokers': 4 },
  ],
  [
    'acknowledgements need replicas',
    { 'kafka:minInsyncReplicas': 4 },
    'kafka:minInsyncReplicas: is 4, more than kafka:replicationFactor (3): no write would ever be acknowledged; allowed: 1 to 3',
    { 'kafka:minInsyncReplicas': 3 },
  ],
  [
    "Kafka's volumes hold what is not stored",
    { 'queue:maxBytes': 100_000_000_000 },
    'kafka:volumeGiB: is 32 GiB on each of 3 brokers, too little for 3 replicas of queue:maxBytes (100,000,000,000 bytes) and as much again that is stored; use at least 187 GiB, or a smaller queue:maxBytes',
    { 'queue:maxBytes': 100_000_000_000, 'kafka:volumeGiB': 187 },
  ],
  [
    'Redis holds what is not stored, as the queue',
    { ...redisQueue, 'redis:memoryMiB': 512 },
    'queue:maxBytes: is 1,073,741,824 bytes, which stay in Redis until they are stored and do not fit into redis:memoryMiB (512 MiB); use at most 386,547,056 bytes, or at least 1423 MiB',
    { ...redisQueue, 'redis:memoryMiB': 1423 },
  ],
  [
    'only an external Redis has replicas to wait for',
    { ...redisQueue, 'redis:waitReplicas': 1 },
    'redis:waitReplicas: is used only with redis:external and queue:kind redis-streams, because the Redis of the stack has no replicas; remove it, or set both',
    { ...redisQueue, 'redis:waitReplicas': 1, 'redis:external': 'redis://r.example:6379' },
  ],
  [
    'a request with five payloads fits',
    { 'api:payloadChars': 1024, 'api:bodyLimitKiB': 5 },
    'api:bodyLimitKiB: is 5 KiB, too small for five payloads of api:payloadChars (1024) characters; use at least 6 KiB',
    { 'api:payloadChars': 1024, 'api:bodyLimitKiB': 6, 'queue:maxLength': 500_000 },
  ],
  [
    'sticky sessions need an ingress',
    { 'api:stickySessions': true, 'api:exposure': 'nodePort' },
    'api:stickySessions: is true, but only an ingress can keep a client on one pod; set api:exposure ingress, or turn it off',
    { 'api:stickySessions': true },
  ],
  [
    'the autoscaler has a range',
    { 'hpa:enabled': true, 'hpa:minReplicas': 11 },
    'hpa:minReplicas: is 11, more than hpa:maxReplicas (10); allowed: 1 to 10',
    { 'hpa:enabled': true, 'hpa:minReplicas': 10 },
  ],
  [
    'latency is measured by Prometheus',
    { 'hpa:enabled': true, 'hpa:metric': 'latency', 'monitoring:enabled': false },
    'hpa:metric: is latency: Prometheus measures latency, but monitoring:enabled is false; turn the monitoring on, or use cpu',
    { 'hpa:enabled': true, 'hpa:metric': 'latency' },
  ],
  [
    'the autoscaler of the consumers has a range',
    { 'consumer:minReplicas': 4 },
    'consumer:minReplicas: is 4, more than consumer:maxReplicas (3); allowed: 0 to 3',
    { 'consumer:minReplicas': 3 },
  ],
  [
    'a partition is read by one consumer',
    { 'consumer:maxReplicas': 4 },
    'consumer:maxReplicas: is 4, more than kafka:partitions (3): only one consumer of the group reads a partition, so the others would be idle; use at most 3, or more partitions',
    { ...redisQueue, 'consumer:maxReplicas': 4 },
  ],
  [
    'a partition is read by one consumer of the local run',
    { 'consumer:replicas': 4 },
    'consumer:replicas: is 4, more than kafka:partitions (3): only one consumer of the group reads a partition, so the others would be idle; use at most 3, or more partitions',
    { 'consumer:replicas': 4, 'kafka:partitions': 4 },
  ],
  [
    'a batch passes the gate within a second',
    { 'mongo:iops': 10, 'mongo:writesPerSecond': 8, 'consumer:batchBytes': 4_194_304 },
    'consumer:batchBytes: is 4,194,304 bytes, which costs the gate 16 operations, more than mongo:iops allows in a second (10); use at most 2,621,440 bytes',
    { 'mongo:iops': 10, 'mongo:writesPerSecond': 8, 'consumer:batchBytes': 2_621_440 },
  ],
  [
    'a batch does not look like a dead consumer',
    { 'consumer:workMs': 100, 'consumer:batchSize': 301 },
    'consumer:batchSize: is 301 records, which take 30.1 s with consumer:workMs 100: a consumer that is busy for more than 30 s is considered dead; use at most 300 records',
    { 'consumer:workMs': 100, 'consumer:batchSize': 300 },
  ],
  [
    'writes pass the gate',
    { 'mongo:writesPerSecond': 101 },
    'mongo:writesPerSecond: is 101, more than the gate lets through (mongo:iops 100); allowed: 1 to 100, less what reads need',
    { 'mongo:writesPerSecond': 101, 'mongo:iops': 0 },
  ],
  [
    'writes leave room for reads',
    { 'mongo:writesPerSecond': 0 },
    'mongo:writesPerSecond: is 0 (no limit), which leaves no operations of mongo:iops (100) for reads; allowed: 1 to 100, less what reads need',
    { 'mongo:writesPerSecond': 0, 'mongo:iops': 0 },
  ],
  [
    'mongod fits into its memory',
    { 'mongo:cacheMiB': 301 },
    'mongo:cacheMiB: is 301 MiB: with the 200 MiB that mongod itself takes, it exceeds mongo:memoryMiB (500 MiB), and mongod would be killed; use at most 300 MiB, or at least 501 MiB of memory',
    { 'mongo:cacheMiB': 300 },
  ],
  [
    'MySQL needs an address',
    { 'store:kind': 'mysql' },
    'mysql:external: is missing: store:kind mysql requires the address of a MySQL, such as mysql://db.example.com:3306/breakwater',
    { 'store:kind': 'mysql', 'mysql:external': 'mysql://db.example.com:3306/breakwater' },
  ],
  [
    'keys of MySQL are for MySQL',
    { 'mysql:readers': 'mysql://readers.example.com/breakwater' },
    'mysql:readers: is used only with store:kind mysql; remove it, or set store:kind mysql',
    {
      'store:kind': 'mysql',
      'mysql:external': 'mysql://db.example.com/breakwater',
      'mysql:readers': 'mysql://readers.example.com/breakwater',
    },
  ],
  [
    'DynamoDB needs a region',
    { 'store:kind': 'dynamodb' },
    'dynamodb:region: is missing: store:kind dynamodb requires the AWS region of the table, such as eu-west-1',
    { 'store:kind': 'dynamodb', 'dynamodb:region': 'eu-west-1' },
  ],
  [
    'an external MongoDB is for MongoDB',
    {
      'store:kind': 'mysql',
      'mysql:external': 'mysql://db.example.com/breakwater',
      'mongo:external': 'mongodb://m.example.com:27017/b',
    },
    'mongo:external: is used only with store:kind mongo; remove it, or set store:kind mongo',
    { 'mongo:external': 'mongodb://m.example.com:27017/b' },
  ],
  [
    'a backup is of MongoDB',
    { 'store:kind': 'mysql', 'mysql:external': 'mysql://db.example.com/breakwater', 'backup:enabled': true },
    'backup:enabled: is true, but only the MongoDB of the stack is backed up; remove it, and back up an external store where it runs',
    { 'backup:enabled': true },
  ],
  [
    'credentials are for external servers',
    { 'redis:password': 's' },
    'redis:password: is used only with redis:external, because the stack generates the credentials of its own servers; remove it, or set redis:external',
    { 'redis:password': 's', 'redis:external': 'redis://r.example.com:6379' },
  ],
  [
    'a user has a password',
    { 'kafka:external': 'k.example.com:9092', 'kafka:username': 'u' },
    'kafka:password: is missing: kafka:username is set, and each requires the other',
    { 'kafka:external': 'k.example.com:9092', 'kafka:username': 'u', 'kafka:password': 's' },
  ],
  [
    'a password has a user',
    { 'mongo:external': 'mongodb://m.example.com:27017/db', 'mongo:password': 's' },
    'mongo:username: is missing: mongo:password is set, and each requires the other',
    { 'mongo:external': 'mongodb://m.example.com:27017/db', 'mongo:username': 'u', 'mongo:password': 's' },
  ],
];

describe('a combination that cannot work says why', () => {
  test.each(rules)('%s', (_name, broken, message, kept) => {
    expect(problems(broken)).toEqual([message]);
    expect(problems(kept)).toEqual([]);
  });
});
