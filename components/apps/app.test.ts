// The apps of the table: how many pods there are, and what they log in to.
import { beforeEach, expect, test } from '@jest/globals';
import * as pulumi from '@pulumi/pulumi';
import { parseStackConfig, type RawConfig } from '../../config/parse.ts';
import { createLogins } from '../kubernetes/credentials.ts';
import { addressesOf } from '../network/addresses.ts';
import { Collector } from '../program.testing.ts';
import { App } from './app.ts';

let collector: Collector;
beforeEach(() => {
  collector = new Collector();
});

function make(name: ConstructorParameters<typeof App>[0], raw: RawConfig = {}) {
  const config = parseStackConfig({ 'cluster:namespace': 'shop', ...raw });
  const namespaces = { main: pulumi.output('shop'), api: pulumi.output('shop-api') };
  return new App(name, {
    namespace: 'shop',
    images: { of: (app) => pulumi.output(`${app}@sha256:0`) },
    config,
    addresses: addressesOf(config),
    logins: createLogins(config, namespaces),
  });
}

/** Variables that name the file of a secret. */
const secretsOf = async (app: string): Promise<string[]> =>
  (await collector.inputsOf('Deployment', app)).spec.template.spec.containers[0].env.map(
    ({ name }: { name: string }) => name,
  );

test('KEDA sets the number of consumers: Pulumi never does', async () => {
  make('consumer', { 'consumer:memoryMiB': 300 });
  const { spec } = await collector.inputsOf('Deployment', 'consumer');
  expect(spec.replicas).toBeUndefined();
  expect(spec.template.spec.containers[0]).toMatchObject({
    image: 'consumer@sha256:0',
    resources: { limits: { memory: '300Mi' } },
  });
  expect((await collector.all(':Service')).map(({ name }) => name)).toEqual(['consumer-pods']);
});

test('the producer never runs twice, and its rate is part of its config', async () => {
  make('producer', { 'producer:rate': 120 });
  const { spec } = await collector.inputsOf('Deployment', 'producer');
  expect(spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
  const config = await collector.inputsOf('ConfigMap', 'producer-config');
  expect(config.data).toMatchObject({ PRODUCER_RATE: '120' });
  expect(spec.template.spec.containers[0].envFrom).toEqual([
    { configMapRef: { name: expect.stringMatching(/^producer-config-/) } },
  ]);
});

test('the gate has a port for backups only where there are any', async () => {
  make('gate', { 'backup:enabled': true });
  const { ports } = (await collector.inputsOf('Service', 'gate')).spec;
  expect(ports).toContainEqual({ name: 'backup', port: 27_019, targetPort: 'backup' });
  const [container] = (await collector.inputsOf('Deployment', 'gate')).spec.template.spec.containers;
  expect(container.ports).toContainEqual({ name: 'backup', containerPort: 27_019 });
  expect((await collector.inputsOf('ConfigMap', 'gate-config')).data).toMatchObject({ GATE_BACKUP_PORT: '27019' });
});

test('the gate never runs twice: two would let twice the limit through', async () => {
  make('gate', { 'gate:port': 28_000 });
  const { spec } = await collector.inputsOf('Deployment', 'gate');
  expect(spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
  const ports = (await collector.inputsOf('Service', 'gate')).spec.ports.map(({ port }: { port: number }) => port);
  expect(ports).toEqual([28_000]);
  expect((await collector.inputsOf('ConfigMap', 'gate-config')).data).toMatchObject({
    GATE_UPSTREAM: 'mongo.shop.svc:27017',
    GATE_PORT: '28000',
    MONGO_IOPS: '100',
  });
});

const redis = ['REDIS_PASSWORD_FILE'];
const kafka = ['KAFKA_USERNAME_FILE', 'KAFKA_PASSWORD_FILE'];
const mongo = ['MONGO_USERNAME_FILE', 'MONGO_PASSWORD_FILE'];

test.each([
  ['consumer', 'kafka', [...redis, ...kafka, ...mongo]],
  ['consumer', 'redis-streams', [...redis, ...mongo]],
  ['producer', 'kafka', [...redis, ...kafka]],
  ['producer', 'redis-streams', redis],
  ['gate', 'kafka', []],
] as const)('secrets of the %s with %s', async (app, queue, expected) => {
  make(app, { 'queue:kind': queue });
  expect(await secretsOf(app)).toEqual(expected);
});
