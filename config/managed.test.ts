// What AWS runs for a stack counts as an external server, at an address that stands for it.
import { expect, test } from '@jest/globals';
import { managedServices } from './managed.ts';
import { parseStackConfig, type RawConfig } from './parse.ts';

const eks: RawConfig = {
  'cluster:kind': 'eks',
  'cluster:ingressClass': 'alb',
  'aws:region': 'eu-west-1',
  'images:platform': 'linux/arm64',
};

test.each<[string, RawConfig, readonly string[]]>([
  ['nothing by default', {}, []],
  ['a cache', { 'redis:managed': true }, ['redis']],
  ['brokers', { 'kafka:managed': true }, ['kafka']],
  ['a queue', { 'queue:kind': 'sqs' }, ['sqs']],
  [
    'no queue with the URL of one',
    { 'queue:kind': 'sqs', 'sqs:queueUrl': 'https://sqs.eu-west-1.amazonaws.com/1/q' },
    [],
  ],
  ['a database', { 'store:kind': 'mysql' }, ['mysql']],
  [
    'no database with the address of one',
    { 'store:kind': 'mysql', 'mysql:external': 'mysql://db.example/records' },
    [],
  ],
  ['a table', { 'store:kind': 'dynamodb' }, ['dynamodb']],
])('%s', (_name, raw, expected) => {
  expect([...managedServices(parseStackConfig({ ...eks, ...raw }))]).toEqual(expected);
});

test('it counts as external, with the transport that it requires', () => {
  const { redis, kafka } = parseStackConfig({ ...eks, 'redis:managed': true, 'kafka:managed': true });
  expect(redis.external).toBe('rediss://managed:6379');
  expect(kafka).toMatchObject({ external: 'managed:9096', tls: true, saslMechanism: 'SCRAM-SHA-512' });
});

test('elsewhere the config stays as it is', () => {
  const config = parseStackConfig({});
  expect(config.redis.external).toBeUndefined();
  expect(managedServices(config).size).toBe(0);
});
