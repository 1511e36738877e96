// Kafka's resources: its StatefulSet, Services and budget, and when brokers are drained.
import { beforeEach, describe, expect, test } from '@jest/globals';
import * as pulumi from '@pulumi/pulumi';
import { emptyEnvironment } from '../../../config/environment.ts';
import { parseStackConfig, type RawConfig } from '../../../config/parse.ts';
import { Credentials } from '../../kubernetes/credentials.ts';
import { Collector } from '../../program.testing.ts';
import { Kafka } from './kafka.ts';
import { brokerMemoryMiB } from './memory.ts';

let collector: Collector;
beforeEach(() => {
  collector = new Collector();
});

function make(raw: RawConfig = {}, storageNodes?: Readonly<Record<string, string>>) {
  const credentials = new Credentials('login', { version: 1, namespace: 'shop', apiNamespace: 'shop-api' });
  const config = parseStackConfig({ 'cluster:namespace': 'shop', ...raw });
  return new Kafka('kafka', {
    namespace: 'shop',
    config,
    credentials,
    images: { of: (app) => pulumi.output(`${app}@sha256:1`) },
    storageNodes,
  });
}

const statefulSet = async () => (await collector.inputsOf('StatefulSet', 'kafka')).spec;
const pod = async () => (await statefulSet()).template.spec;
const container = async () => (await pod()).containers[0];
const envOf = ({ env }: { env: { name: string; value: string }[] }) =>
  Object.fromEntries(env.map(({ name, value }) => [name, value]));

describe('the brokers', () => {
  test('start in parallel, each with a volume and a host name of its own', async () => {
    make({ 'kafka:volumeGiB': 7, 'cluster:storageClass': 'fast', 'kafka:brokers': 5 }, { disk: 'yes' });
    const spec = await statefulSet();
    expect(spec).toMatchObject({ replicas: 5, podManagementPolicy: 'Parallel', serviceName: 'kafka-brokers' });
    expect(spec.volumeClaimTemplates).toEqual([
      {
        metadata: { name: 'data', labels: spec.selector.matchLabels },
        spec: {
          accessModes: ['ReadWriteOnce'],
          storageClassName: 'fast',
          resources: { requests: { storage: '7Gi' } },
        },
      },
    ]);
    expect((await pod()).nodeSelector).toEqual({ disk: 'yes' });
  });

  test('run the version of the config with the heap of the config', async () => {
    make({ 'kafka:version': '4.2.0', 'kafka:heapMiB': 1024, 'images:digests': false });
    const { image, resources, ...rest } = await container();
    expect(image).toBe('apache/kafka:4.2.0');
    expect(resources.limits.memory).toBe(`${brokerMemoryMiB(1024)}Mi`);
    expect(brokerMemoryMiB(1024)).toBeGreaterThan(1024 + 256);
    expect(envOf(rest as never).HEAP_OPTIONS).toBe('-Xmx1024m -Xms256m');
  });

  test('are ready when the agent reports it, and wait for the agent before they stop', async () => {
    make();
    const { readinessProbe, lifecycle } = await container();
    const { initContainers, terminationGracePeriodSeconds } = await pod();
    expect(readinessProbe.httpGet).toEqual({ path: '/readyz', port: 9464 });
    expect(lifecycle.preStop.httpGet).toEqual({ path: '/before-stop', port: 9464 });
    // A sidecar: it starts before the broker and stops after it.
    expect(initContainers).toMatchObject([{ name: 'agent', image: 'kafka-agent@sha256:1', restartPolicy: 'Always' }]);
    const { STOP_WAIT_SECONDS, BROKER_PORT } = envOf(initContainers[0]);
    expect(BROKER_PORT).toBe('9093');
    // Half of the time remains for handing the partitions over.
    expect(terminationGracePeriodSeconds).toBe(2 * Number(STOP_WAIT_SECONDS));
  });

  test('read the passwords from files; no secret is in the pod', async () => {
    make();
    const { env } = await container();
    expect(env).toContainEqual({
      name: 'CLIENT_PASSWORD_FILE',
      value: '/run/secrets/breakwater/client_password/password',
    });
    expect(JSON.stringify(await pod())).not.toContain('made-for-');
  });

  test('a new broker does not change the pods of the others', async () => {
    make({ 'kafka:brokers': 3 });
    const three = (await statefulSet()).template;
    collector = new Collector();
    make({ 'kafka:brokers': 4, 'kafka:partitions': 12, 'kafka:minInsyncReplicas': 1, 'logging:level': 'debug' });
    expect((await statefulSet()).template).toEqual(three);
  });
});

test('Services: clients bootstrap from ready brokers, brokers find each other before any is ready', async () => {
  make();
  const clients = (await collector.inputsOf('Service', 'kafka')).spec;
  expect(clients.ports).toEqual([{ name: 'clients', port: 9092, targetPort: 'clients' }]);
  expect(clients).not.toHaveProperty('publishNotReadyAddresses');
  expect((await collector.inputsOf('Service', 'kafka-brokers')).spec).toMatchObject({
    clusterIP: 'None',
    publishNotReadyAddresses: true,
  });
});

test('from outside, a port of the nodes leads to each broker, ready or not', async () => {
  make({ 'kafka:brokers': 4, 'kafka:nodePort': 30_092 });
  const services = (await collector.all(':Service')).filter(({ name }) => name.startsWith('kafka-external'));
  const selected = (await statefulSet()).selector.matchLabels;
  expect(services.map(({ inputs }) => inputs.spec)).toEqual(
    [0, 1, 2, 3].map((id) => ({
      type: 'NodePort',
      publishNotReadyAddresses: true,
      selector: { ...selected, 'statefulset.kubernetes.io/pod-name': `kafka-${id}` },
      ports: [{ name: 'external', port: 9095, targetPort: 'external', nodePort: 30_092 + id }],
    })),
  );
  const { ports, ...rest } = await container();
  expect(ports).toContainEqual({ name: 'external', containerPort: 9095 });
  expect(envOf(rest as never).NODE_PORT).toBe('30092');
});

test.each([
  [1, 0],
  [3, 1],
])('with %i brokers there are %i disruption budgets', async (brokers, budgets) => {
  make({ 'kafka:brokers': brokers, 'kafka:replicationFactor': 1, 'kafka:minInsyncReplicas': 1 });
  const found = await collector.all(':PodDisruptionBudget');
  expect(found.map(({ inputs }) => inputs.spec.maxUnavailable)).toEqual(Array(budgets).fill(1));
});

test('brokers are drained before they are removed, as the user that is valid before and after a rotation', async () => {
  make({ 'kafka:brokers': 3 });
  const names = (await collector.all()).map(({ type, name }) => `${type.split(':').at(-1)} ${name}`);
  expect(names.indexOf('Job kafka-empty')).toBeLessThan(names.indexOf('StatefulSet kafka'));
  // The brokers' own names: they have addresses only where there are brokers.
  const brokers = ['kafka-brokers.shop.svc:9092'];
  expect((await collector.inputsOf('ConfigMap', 'kafka-empty-config')).data).toEqual(emptyEnvironment(3, brokers));
  const { spec } = (await collector.inputsOf('Job', 'kafka-empty')).spec.template;
  expect(spec.containers[0].args).toEqual(['topics/main.ts', '--empty']);
  expect(envOf(spec.containers[0])).toMatchObject({
    KAFKA_USERNAME_FILE: '/run/secrets/breakwater/kafka_username/previousUsername',
    KAFKA_PASSWORD_FILE: '/run/secrets/breakwater/kafka_password/previousPassword',
  });
});
