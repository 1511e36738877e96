// KEDA's triggers for each kind of queue and server.
import { describe, expect, test } from '@jest/globals';
import type { Addresses } from '../../config/environment.ts';
import { parseStackConfig, type RawConfig } from '../../config/parse.ts';
import { latencyTrigger, queueTriggers } from './triggers.ts';

const addresses: Addresses = {
  kafkaBrokers: ['kafka.breakwater.svc:9092'],
  redisUrl: 'redis://redis.breakwater.svc:6379',
  mongoUrl: 'mongodb://gate.breakwater.svc:27018/breakwater',
  mongoUpstream: 'mongo.breakwater.svc:27017',
};

const login = { name: 'consumer-scaler-1' };

const triggers = (
  raw: RawConfig,
  where: Partial<Addresses> = {},
  authenticationRef: typeof login | undefined = login,
) =>
  queueTriggers(
    parseStackConfig(raw),
    { ...addresses, ...where },
    'http://api.breakwater-api.svc:8000',
    authenticationRef,
  );

describe('Kafka', () => {
  test('the lag of our group on our topic', () => {
    expect(triggers({ 'queue:name': 'orders', 'queue:group': 'keep', 'consumer:lagPerReplica': 500 })).toEqual([
      {
        type: 'kafka',
        metricType: 'AverageValue',
        metadata: {
          bootstrapServers: 'kafka.breakwater.svc:9092',
          topic: 'orders',
          consumerGroup: 'keep',
          lagThreshold: '500',
          activationLagThreshold: '0',
          offsetResetPolicy: 'earliest',
          allowIdleConsumers: 'false',
          version: '2.8.0',
          sasl: 'plaintext',
          tls: 'disable',
        },
        authenticationRef: login,
      },
    ]);
  });

  test.each([
    [{ kafkaTls: true }, undefined, { sasl: 'none', tls: 'enable' }],
    [{ kafkaSaslMechanism: 'PLAIN' }, login, { sasl: 'plaintext', tls: 'disable' }],
    [{ kafkaSaslMechanism: 'SCRAM-SHA-256', kafkaTls: true }, login, { sasl: 'scram_sha256', tls: 'enable' }],
    [{ kafkaSaslMechanism: 'SCRAM-SHA-512' }, login, { sasl: 'scram_sha512', tls: 'disable' }],
  ] as const)('an external Kafka: %j, login %p', (where, authenticationRef, expected) => {
    const external = { ...addresses, kafkaBrokers: ['a:9093', 'b:9093'], ...where };
    const [trigger] = queueTriggers(parseStackConfig({}), external, 'http://api', authenticationRef);
    expect(trigger!.metadata).toMatchObject({ bootstrapServers: 'a:9093,b:9093', ...expected });
    expect(trigger!.authenticationRef).toEqual(authenticationRef);
  });
});

describe('Redis Streams', () => {
  const raw = { 'queue:kind': 'redis-streams', 'queue:name': 'orders', 'consumer:lagPerReplica': 500 };

  test('the lag in records from the API, and the length of the stream, which is in groups', () => {
    expect(triggers(raw)).toEqual([
      {
        type: 'metrics-api',
        metricType: 'AverageValue',
        metadata: {
          url: 'http://api.breakwater-api.svc:8000/api/stats',
          valueLocation: 'lag',
          targetValue: '500',
          activationTargetValue: '0',
        },
      },
      {
        type: 'redis-streams',
        metricType: 'AverageValue',
        metadata: {
          address: 'redis.breakwater.svc:6379',
          // Without a consumer group, which would change its meaning.
          stream: 'orders:groups',
          streamLength: '500',
          enableTLS: 'false',
        },
        authenticationRef: login,
      },
    ]);
  });

  test('over TLS', () => {
    expect(triggers(raw, { redisUrl: 'rediss://cache.example:6380' })[1]!.metadata).toMatchObject({
      address: 'cache.example:6380',
      enableTLS: 'true',
    });
  });
});

test('SQS: the lag from the API, without credentials', () => {
  const found = triggers({ 'queue:kind': 'sqs', 'sqs:queueUrl': 'https://sqs.eu-west-1.amazonaws.com/1/posts' });
  expect(found.map(({ type, authenticationRef }) => [type, authenticationRef])).toEqual([['metrics-api', undefined]]);
});

test('latency: in seconds, not divided by the number of pods, an error without metrics', () => {
  const { metricType, metadata } = latencyTrigger(parseStackConfig({ 'hpa:targetLatencyMs': 250 }), 'http://p:9090');
  expect(metricType).toBe('Value');
  expect(metadata).toMatchObject({ serverAddress: 'http://p:9090', threshold: '0.25', ignoreNullValues: 'false' });
  expect(metadata.query).toContain('histogram_quantile(0.95, sum by (le) (rate(');
});
