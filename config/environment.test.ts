// The environment of each app, variable by variable. That the apps require exactly these is in
// test/config-contract.test.ts.
import { describe, expect, test } from '@jest/globals';
import {
  type Addresses,
  agentEnvironment,
  apiEnvironment,
  consoleEnvironment,
  consumerEnvironment,
  emptyEnvironment,
  gateEnvironment,
  producerEnvironment,
  topicsEnvironment,
} from './environment.ts';
import { parseStackConfig } from './parse.ts';

const addresses: Addresses = {
  kafkaBrokers: ['k0:9092', 'k1:9092'],
  redisUrl: 'redis://r:6379',
  mongoUrl: 'mongodb://gate:27018/breakwater',
  mongoUpstream: 'mongo:27017',
  gateMetricsUrl: 'http://gate:9464/metrics',
};

const kafka = parseStackConfig({});
const redis = parseStackConfig({ 'queue:kind': 'redis-streams' });

/** In a cluster: on every address of the pod. */
const metrics = { METRICS_HOST: '0.0.0.0', METRICS_PORT: '9464' };
const onKafka = { KAFKA_BROKERS: 'k0:9092,k1:9092', KAFKA_SASL_MECHANISM: 'PLAIN', KAFKA_TLS: 'false' };
const jobLimits = { BROKERS_TIMEOUT_SECONDS: '60', MOVES_TIMEOUT_SECONDS: '1800' };

const sharedKafka = {
  LOG_LEVEL: 'info',
  ...metrics,
  QUEUE_KIND: 'kafka',
  QUEUE_NAME: 'posts',
  QUEUE_GROUP: 'store',
  QUEUE_MAX_LENGTH: '1000000',
  QUEUE_MAX_BYTES: '1073741824',
  ...onKafka,
  REDIS_URL: 'redis://r:6379',
};

test('a port is that of the config, unless another one is given', () => {
  expect(apiEnvironment(kafka, addresses)).toMatchObject({ API_HOST: '0.0.0.0', API_PORT: '8000', ...metrics });
});

test('api', () => {
  const listen = { host: '127.0.0.1', port: 0, metricsHost: '127.0.0.1', metricsPort: 0 };
  expect(apiEnvironment(kafka, addresses, listen)).toEqual({
    ...sharedKafka,
    NODE_OPTIONS: '--max-old-space-size=165 --max-semi-space-size=16',
    MALLOC_ARENA_MAX: '1',
    MALLOC_MMAP_THRESHOLD_: '131072',
    METRICS_HOST: '127.0.0.1',
    METRICS_PORT: '0',
    STORE_KIND: 'mongo',
    MONGO_URL: 'mongodb://gate:27018/breakwater',
    GATE_METRICS_URL: 'http://gate:9464/metrics',
    API_HOST: '127.0.0.1',
    API_PORT: '0',
    API_WORKERS: '1',
    API_MAX_EVENT_LOOP_DELAY_MS: '1000',
    API_MAX_WAIT_MS: '4000',
    API_BODY_LIMIT_KIB: '256',
    API_BODIES_BYTES: '15728640',
    API_MAX_CONNECTIONS: '12000',
    API_REQUEST_TIMEOUT_MS: '10000',
    API_DRAIN_DELAY_MS: '0',
    API_CATALOGUE_SIZE: '100000',
    API_ZIPF_EXPONENT: '1',
    PAYLOAD_CHARS: '512',
    CACHE_TTL_SECONDS: '600',
  });
});

test('consumer', () => {
  expect(consumerEnvironment(kafka, addresses)).toEqual({
    ...sharedKafka,
    NODE_OPTIONS: '--max-old-space-size=110 --max-semi-space-size=8',
    STORE_KIND: 'mongo',
    MONGO_URL: 'mongodb://gate:27018/breakwater',
    MONGO_WRITES_PER_SECOND: '80',
    CONSUMER_BATCH_SIZE: '2000',
    CONSUMER_BATCH_BYTES: '1309696',
    CONSUMER_FLUSH_INTERVAL_MS: '200',
    CONSUMER_WORK_MS: '0',
    KAFKA_RETENTION_HOURS: '168',
    KAFKA_RETENTION_MIB: '4096',
    CACHE_TTL_SECONDS: '600',
  });
});

test('gate: it alone knows MongoDB itself', () => {
  expect(gateEnvironment(kafka, addresses, { metricsPort: 9100 })).toEqual({
    LOG_LEVEL: 'info',
    METRICS_HOST: '0.0.0.0',
    METRICS_PORT: '9100',
    GATE_HOST: '0.0.0.0',
    GATE_PORT: '27018',
    GATE_UPSTREAM: 'mongo:27017',
    MONGO_IOPS: '100',
  });
});

test.each([
  ['a share of the limit', { 'mongo:iops': 150, 'backup:iopsPercent': 25 }, '37'],
  ['at least one', { 'mongo:iops': 50, 'mongo:writesPerSecond': 10, 'backup:iopsPercent': 1 }, '1'],
  ['no limit without one', { 'mongo:iops': 0 }, '0'],
])('gate: a port for backups, with %s', (_what, raw, iops) => {
  expect(gateEnvironment(parseStackConfig(raw), addresses, { backupPort: 27_019 })).toMatchObject({
    GATE_BACKUP_PORT: '27019',
    GATE_BACKUP_IOPS: iops,
  });
});

test('producer', () => {
  expect(producerEnvironment(parseStackConfig({ 'producer:rate': '0.5' }), addresses)).toEqual({
    ...sharedKafka,
    PRODUCER_RATE: '0.5',
    PAYLOAD_CHARS: '512',
  });
});

test('topics: the queue and its dead letters, as declared', () => {
  const { TOPICS, ...rest } = topicsEnvironment(
    parseStackConfig({ 'kafka:partitions': 12, 'queue:name': 'events' }),
    addresses,
  );
  expect(rest).toEqual({ ...onKafka, ...jobLimits });
  expect(JSON.parse(TOPICS ?? '')).toEqual([
    {
      name: 'events',
      partitions: 12,
      replicationFactor: 3,
      config: {
        'min.insync.replicas': '2',
        'cleanup.policy': 'delete',
        'retention.ms': '-1',
        'retention.bytes': '-1',
        'compression.type': 'uncompressed',
        'message.timestamp.type': 'LogAppendTime',
        'segment.bytes': '268435456',
      },
    },
    {
      name: 'events.dlq',
      partitions: 1,
      replicationFactor: 3,
      config: { 'min.insync.replicas': '2', 'cleanup.policy': 'compact', 'max.message.bytes': '2097152' },
    },
  ]);
});

test("topics: the number of brokers, for the stack's own cluster", () => {
  expect(topicsEnvironment(kafka, addresses, 4)).toMatchObject({ BROKER_COUNT: '4' });
});

test('topics --empty', () => {
  expect(emptyEnvironment(3, ['brokers:9092'])).toEqual({
    ...onKafka,
    ...jobLimits,
    KAFKA_BROKERS: 'brokers:9092',
    BROKER_COUNT: '3',
  });
});

test('kafka-agent: its log level is its own, so that logging:level does not roll the brokers', () => {
  expect(agentEnvironment({ brokerPort: 9093, stopWaitSeconds: 30 })).toEqual({
    LOG_LEVEL: 'info',
    ...metrics,
    BROKER_HOST: '127.0.0.1',
    BROKER_PORT: '9093',
    STOP_WAIT_SECONDS: '30',
  });
});

test('an external Kafka: how to reach it, for every app that uses it', () => {
  const outside: Addresses = { ...addresses, kafkaSaslMechanism: 'SCRAM-SHA-512', kafkaTls: true };
  const expected = { KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512', KAFKA_TLS: 'true' };
  for (const environment of [apiEnvironment, consumerEnvironment, producerEnvironment, topicsEnvironment])
    expect(environment(kafka, outside)).toMatchObject(expected);
  expect(apiEnvironment(redis, outside)).not.toHaveProperty('KAFKA_TLS');
  expect(apiEnvironment(kafka, { ...outside, kafkaTls: false })).toMatchObject({ KAFKA_TLS: 'false' });
});

describe('what does not exist is not set', () => {
  test('no brokers where Redis Streams is the queue', () => {
    expect(apiEnvironment(redis, addresses)).toMatchObject({ QUEUE_KIND: 'redis-streams' });
    expect(apiEnvironment(redis, addresses)).not.toHaveProperty('KAFKA_BROKERS');
  });

  test('no metrics of a gate where MongoDB is external', () => {
    const { gateMetricsUrl: _, ...without } = addresses;
    expect(apiEnvironment(kafka, without)).not.toHaveProperty('GATE_METRICS_URL');
  });
});

test('console', () => {
  const targets = { api: ['10.0.0.1:9464', 'api-pods:9464'], consumer: ['c:9464'], gate: [], producer: ['p:9464'] };
  expect(
    consoleEnvironment(kafka, { stack: 'dev', targets, problems: { LatencyHigh: {} } }, { host: '127.0.0.1', port: 0 }),
  ).toEqual({
    LOG_LEVEL: 'info',
    ...metrics,
    NODE_OPTIONS: '--max-old-space-size=88 --max-semi-space-size=2',
    CONSOLE_HOST: '127.0.0.1',
    CONSOLE_PORT: '0',
    CONSOLE_USER: 'viewer',
    CONSOLE_STACK: 'dev',
    CONSOLE_PROBLEMS: '{"LatencyHigh":{}}',
    QUEUE_KIND: 'kafka',
    STORE_KIND: 'mongo',
    API_TARGETS: '10.0.0.1:9464,api-pods:9464',
    CONSUMER_TARGETS: 'c:9464',
    GATE_TARGETS: '',
    PRODUCER_TARGETS: 'p:9464',
  });
});

test('DynamoDB: its table and region', () => {
  const config = parseStackConfig({ 'store:kind': 'dynamodb', 'dynamodb:region': 'eu-west-1' });
  const environment = consumerEnvironment(config, addresses);
  expect(environment).toMatchObject({ DYNAMODB_TABLE: 'records', DYNAMODB_REGION: 'eu-west-1' });
  expect(environment).not.toHaveProperty('DYNAMODB_ENDPOINT');
});

test('MySQL: its primary and its readers, and nothing of MongoDB', () => {
  const config = parseStackConfig({
    'store:kind': 'mysql',
    'mysql:external': 'mysql://m:3306/b',
    'mysql:tls': 'false',
  });
  const outside: Addresses = { ...addresses, mysqlUrl: 'mysql://m:3306/b', mysqlReaderUrl: 'mysql://r:3306/b' };
  for (const environment of [apiEnvironment(config, outside), consumerEnvironment(config, outside)]) {
    expect(environment).toMatchObject({
      STORE_KIND: 'mysql',
      MYSQL_URL: 'mysql://m:3306/b',
      MYSQL_READER_URL: 'mysql://r:3306/b',
      MYSQL_TLS: 'false',
    });
    expect(environment).not.toHaveProperty('MONGO_URL');
  }
});
