// Addresses of the servers, in the cluster and outside.
import { expect, test } from '@jest/globals';
import { parseStackConfig } from '../../config/parse.ts';
import { addressesOf, apiUrlOf } from './addresses.ts';

const addresses = (raw: Record<string, unknown>) =>
  addressesOf(parseStackConfig({ 'cluster:namespace': 'shop', ...raw }));

test('in the cluster: host names that resolve in every namespace, MongoDB through the gate', () => {
  expect(addresses({})).toEqual({
    kafkaBrokers: ['kafka.shop.svc:9092', 'kafka-brokers.shop.svc:9092'],
    redisUrl: 'redis://redis.shop.svc:6379',
    mongoUrl: 'mongodb://gate.shop.svc:27018/breakwater?directConnection=true&authSource=admin',
    mongoUpstream: 'mongo.shop.svc:27017',
    gateMetricsUrl: 'http://gate-pods.shop.svc:9464',
  });
});

test('the ports of the local run do not apply to the cluster; that of the gate does', () => {
  const { mongoUrl, mongoUpstream, redisUrl } = addresses({
    'gate:port': 30000,
    'mongo:port': 1,
    'redis:port': 2,
    'mongo:auth': 'false',
  });
  expect({ mongoUrl, mongoUpstream, redisUrl }).toEqual({
    mongoUrl: 'mongodb://gate.shop.svc:30000/breakwater?directConnection=true',
    mongoUpstream: 'mongo.shop.svc:27017',
    redisUrl: 'redis://redis.shop.svc:6379',
  });
});

test('the API is in a namespace of its own, at its own port', () => {
  expect(apiUrlOf(parseStackConfig({ 'cluster:namespace': 'shop', 'api:port': 9000 }))).toBe(
    'http://api.shop-api.svc:9000',
  );
});

test('an external MongoDB is reached at its own address, without a gate', () => {
  const external = addresses({ 'mongo:external': 'mongodb+srv://cluster.example.com/records?authSource=admin' });
  expect(external.mongoUrl).toBe('mongodb+srv://cluster.example.com/records?authSource=admin');
  expect(external).not.toHaveProperty('mongoUpstream');
  expect(external).not.toHaveProperty('gateMetricsUrl');
});

test('an external Redis and Kafka', () => {
  expect(
    addresses({ 'redis:external': 'rediss://r.example.com:6380', 'kafka:external': 'a:9094,b:9094' }),
  ).toMatchObject({
    redisUrl: 'rediss://r.example.com:6380',
    kafkaBrokers: ['a:9094', 'b:9094'],
    kafkaSaslMechanism: 'PLAIN',
    kafkaTls: false,
  });
  expect(
    addresses({ 'kafka:external': 'a:9094', 'kafka:saslMechanism': 'SCRAM-SHA-512', 'kafka:tls': true }),
  ).toMatchObject({ kafkaSaslMechanism: 'SCRAM-SHA-512', kafkaTls: true });
});
