import { describe, expect, test } from '@jest/globals';
import { useKafka } from '../../test/servers.ts';
import { javaMajor } from '../install/maven.ts';
import { startKafka } from './kafka.ts';
import { brokerSettings, votersFor } from './kafka-settings.ts';
import { liveBrokers } from './kafka-wire.ts';

test.each([
  ['openjdk version "17.0.15" 2025-04-15', 17],
  ['java version "1.8.0_402"', 8],
  ['openjdk version "25" 2025-09-16', 25],
  ['nothing of the kind', undefined],
])('the major version in %j is %s', (text, expected) => {
  expect(javaMajor(text)).toBe(expected);
});

test.each([
  [1, 1, '1', '1'],
  [2, 1, '2', '2'],
  [3, 3, '3', '2'],
  [5, 3, '3', '2'],
])('%d brokers: %d voters, replication %s of which %s in sync', (brokers, voters, replication, inSync) => {
  const controllerPorts = [9001, 9002, 9003].slice(0, votersFor(brokers));
  const last = brokerSettings({ nodeId: brokers - 1, port: 9092, controllerPorts, brokers, dataDir: '/data' });
  expect(controllerPorts).toHaveLength(voters);
  expect(last['offsets.topic.replication.factor']).toBe(replication);
  expect(last['min.insync.replicas']).toBe(inSync);
  expect(last['process.roles']).toBe(brokers - 1 < voters ? 'broker,controller' : 'broker');
});

test('an old or absent Java is an error of its own kind', async () => {
  await expect(startKafka({ dataDir: 'never-made', env: { PATH: '' } })).rejects.toMatchObject({
    name: 'ServerUnavailableError',
    message: expect.stringContaining('Java 17'),
  });
});

describe('startKafka', () => {
  const kafka = useKafka();

  test('a broker can join, be killed and come back', async () => {
    expect(kafka.server.brokers).toHaveLength(1);
    const added = await kafka.server.addBroker();
    expect(await liveBrokers(added.port)).toBe(2);
    added.kill('SIGKILL');
    expect(await added.exited).toEqual({ code: null, signal: 'SIGKILL' });
    const again = await kafka.server.startBroker(added.nodeId);
    expect(again.port).toBe(added.port);
    expect(again.pid).not.toBe(added.pid);
  });

  test('keeps its brokers and its identity over a restart', async () => {
    await kafka.restart();
    expect(kafka.server.brokers).toHaveLength(2);
    expect(await liveBrokers(kafka.server.brokers[0]!.port)).toBe(2);
  });
});
