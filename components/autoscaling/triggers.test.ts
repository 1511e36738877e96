// KEDA's triggers for each kind of queue and server.
import { describe, expect, test } from '@jest/globals';
import type { Addresses } from '../../config/environment.ts';
import { parseStackConfig, type RawConfig } from '../../config/parse.ts';
import { latencyTrigger, queueTrigger } from './triggers.ts';

const addresses: Addresses = {
  kafkaBrokers: ['kafka.breakwater.svc:9092'],
  redisUrl: 'redis://redis.breakwater.svc:6379',
  mongoUrl: 'mongodb://gate.breakwater.svc:27018/breakwater',
  mongoUpstream: 'mongo.breakwater.svc:27017',
};

const trigger = (raw: RawConfig, where: Partial<Addresses> = {}, login = true) =>
  queueTrigger(parseStackConfig(raw), { ...addresses, ...where }, login);

describe('Kafka', () => {
  test('the lag of our group on our topic', () => {
    expect(trigger({ 'queue:name': 'orders', 'queue:group': 'keep', 'consumer:lagPerReplica': 500 })).toEqual({
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
    });
  });

  test.each([
    [{ kafkaTls: true }, false, { sasl: 'none', tls: 'enable' }],
    [{ kafkaSaslMechanism: 'PLAIN' }, true, { sasl: 'plaintext', tls: 'disable' }],
    [{ kafkaSaslMechanism: 'SCRAM-SHA-256', kafkaTls: true }, true, { sasl: 'scram_sha256', tls: 'enable' }],
    [{ kafkaSaslMechanism: 'SCRAM-SHA-512' }, true, { sasl: 'scram_sha512', tls: 'disable' }],
  ] as const)('an external Kafka: %j, login %p', (where, login, expected) => {
    const { metadata } = trigger({}, { kafkaBrokers: ['a:9093', 'b:9093'], ...where }, login);
    expect(metadata).toMatchObject({ bootstrapServers: 'a:9093,b:9093', ...expected });
  });
});

describe('Redis Streams', () => {
  const raw = { 'queue:kind': 'redis-streams', 'queue:name': 'orders', 'consumer:lagPerReplica': 500 };

  test('the length of the stream, without a consumer group, which would change its meaning', () => {
    expect(trigger(raw)).toEqual({
      type: 'redis-streams',
      metricType: 'AverageValue',
      metadata: {
        address: 'redis.breakwater.svc:6379',
        stream: 'orders:groups',
        streamLength: '500',
        enableTLS: 'false',
      },
    });
  });

  test('over TLS', () => {
    expect(trigger(raw, { redisUrl: 'rediss://cache.example:6380' }).metadata).toMatchObject({
      address: 'cache.example:6380',
      enableTLS: 'true',
    });
  });
});

test('latency: in seconds, not divided by the number of pods, an error without metrics', () => {
  const { metricType, metadata } = latencyTrigger(parseStackConfig({ 'hpa:targetLatencyMs': 250 }), 'http://p:9090');
  expect(metricType).toBe('Value');
  expect(metadata).toMatchObject({ serverAddress: 'http://p:9090', threshold: '0.25', ignoreNullValues: 'false' });
  expect(metadata.query).toContain('histogram_quantile(0.95, sum by (le) (rate(');
});
