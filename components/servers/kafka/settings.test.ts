// The brokers' settings: the quorum, the listeners, and what a new broker must not change.
import { describe, expect, test } from '@jest/globals';
import { brokerSettings, clusterId, formatProperties, votersOf } from './settings.ts';

const settings = (brokers: number, role: 'controller' | 'broker' = 'controller', heapMiB = 512) =>
  brokerSettings({ namespace: 'shop', brokers, heapMiB }, role);

test.each([
  [1, 1],
  [3, 3],
  [4, 3],
  [30, 3],
])('%i brokers have %i voters', (brokers, voters) => {
  expect(votersOf(brokers)).toBe(voters);
  expect(settings(brokers)['controller.quorum.voters']?.split(',')).toHaveLength(voters);
});

describe('the id of the cluster', () => {
  test('follows from the namespace, so that old volumes fit a new cluster', () => {
    expect(clusterId('breakwater')).toBe('rdUOEtNN8uU7apCdeJHU2g');
    expect(clusterId('shop')).not.toBe(clusterId('breakwater'));
  });

  test('is 16 bytes, and no command line reads it as an option', () => {
    for (let n = 0; n < 500; n++) expect(clusterId(`stack-${n}`)).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]{21}$/);
  });
});

test('a fourth broker changes nothing for the others, so none of them rolls', () => {
  expect(settings(4)).toEqual(settings(3));
  expect(settings(4, 'broker')).toEqual(settings(3, 'broker'));
});

test('clients authenticate; only controllers have the controller listener', () => {
  expect(settings(3)).toMatchObject({
    'process.roles': 'broker,controller',
    listeners: 'CLIENTS://:9092,BROKERS://:9093,CONTROLLERS://:9094',
    'advertised.listeners':
      'CLIENTS://kafka-@ID@.kafka-brokers.shop.svc:9092,BROKERS://kafka-@ID@.kafka-brokers.shop.svc:9093',
    'listener.security.protocol.map': 'CLIENTS:SASL_PLAINTEXT,BROKERS:PLAINTEXT,CONTROLLERS:PLAINTEXT',
    'controller.quorum.voters':
      '0@kafka-0.kafka-brokers.shop.svc:9094,1@kafka-1.kafka-brokers.shop.svc:9094,2@kafka-2.kafka-brokers.shop.svc:9094',
  });
  expect(settings(4, 'broker')).toMatchObject({
    'process.roles': 'broker',
    listeners: 'CLIENTS://:9092,BROKERS://:9093',
  });
});

test('clients outside authenticate too, and find the broker on this machine or on the host of the config', () => {
  const open = { namespace: 'shop', brokers: 4, heapMiB: 512, nodePort: 30_092 };
  expect(brokerSettings(open, 'broker')).toMatchObject({
    listeners: 'CLIENTS://:9092,BROKERS://:9093,EXTERNAL://:9095',
    'advertised.listeners': expect.stringMatching(/,EXTERNAL:\/\/127\.0\.0\.1:@NODE_PORT@$/),
    'listener.security.protocol.map':
      'CLIENTS:SASL_PLAINTEXT,BROKERS:PLAINTEXT,CONTROLLERS:PLAINTEXT,EXTERNAL:SASL_PLAINTEXT',
    'listener.name.external.sasl.enabled.mechanisms': 'PLAIN',
  });
  const named = brokerSettings({ ...open, advertisedHost: 'kafka.example' }, 'controller');
  expect(named['advertised.listeners']).toMatch(/,EXTERNAL:\/\/kafka\.example:@NODE_PORT@$/);
});

test.each([
  [1, '1', '1'],
  [3, '3', '2'],
  [5, '3', '2'],
])('with %i brokers Kafka keeps %s copies of its own topics, %s of them in sync', (brokers, copies, inSync) => {
  expect(settings(brokers)).toMatchObject({
    'offsets.topic.replication.factor': copies,
    'default.replication.factor': copies,
    'min.insync.replicas': inSync,
    'transaction.state.log.min.isr': inSync,
  });
});

test('the cleaner takes a sixteenth of the heap, up to the default of Kafka', () => {
  expect(settings(3, 'controller', 512)['log.cleaner.dedupe.buffer.size']).toBe(String(32 << 20));
  expect(settings(3, 'controller', 16_384)['log.cleaner.dedupe.buffer.size']).toBe(String(128 << 20));
});

test('properties are written one a line', () => {
  expect(formatProperties({ 'a.b': 'c', d: 'e=f' })).toBe('a.b=c\nd=e=f\n');
});
