// What holds for every component: it registers outputs, and keeps the identity of its resources.
import { beforeAll, describe, expect, test } from '@jest/globals';
import { type Declared, key, SECRET } from './declare.ts';
import { declareStack } from './stacks.ts';

/**
 * URNs in the state of a stack that an earlier version brought up. If no resource has such a URN,
 * `pulumi up` deletes what it stands for: data, credentials or the cluster. A rename therefore adds
 * an alias, and never changes this list.
 */
const KEPT = {
  dev: [
    'breakwater:cluster:Cluster$pulumi-nodejs:dynamic/cluster:K3dCluster::cluster',
    'breakwater:cluster:Cluster$pulumi:providers:kubernetes::cluster',
    'pulumi-nodejs:dynamic/breakwater:Guard::guard',
    'breakwater:namespaces:Namespaces$kubernetes:core/v1:Namespace::namespaces-main',
    'breakwater:namespaces:Namespaces$kubernetes:core/v1:Namespace::namespaces-api',
    'breakwater:monitoring:Monitoring$kubernetes:core/v1:Namespace::monitoring',
    ...['kafka', 'redis', 'mongo'].flatMap((server) => [
      `breakwater:credentials:Credentials$random:index/randomPassword:RandomPassword::${server}-password-v1`,
      ...['server', 'client', 'client-api'].map(
        (secret) => `breakwater:credentials:Credentials$kubernetes:core/v1:Secret::${server}-${secret}`,
      ),
    ]),
    'breakwater:console:Console$random:index/randomPassword:RandomPassword::console-password',
    'breakwater:console:Console$kubernetes:core/v1:Secret::console-login',
    'breakwater:monitoring:Monitoring$breakwater:monitoring:Grafana$random:index/randomPassword:RandomPassword::grafana-password',
    'breakwater:monitoring:Monitoring$breakwater:monitoring:Grafana$kubernetes:core/v1:Secret::grafana-login',
    'breakwater:kafka:Kafka$kubernetes:apps/v1:StatefulSet::kafka',
    'breakwater:kafka:KafkaUi$kubernetes:apps/v1:Deployment::kafka-ui',
    'breakwater:kafka:KafkaUi$kubernetes:core/v1:ConfigMap::kafka-ui-config',
    'breakwater:monitoring:Monitoring$breakwater:monitoring:Prometheus$breakwater:server:SingleServer$kubernetes:apps/v1:StatefulSet::prometheus',
    'breakwater:monitoring:Monitoring$breakwater:monitoring:Loki$breakwater:server:SingleServer$kubernetes:apps/v1:StatefulSet::loki',
    'breakwater:monitoring:Monitoring$breakwater:monitoring:Alloy$breakwater:monitoring:SmallServer$kubernetes:apps/v1:Deployment::alloy',
    'breakwater:monitoring:Monitoring$breakwater:monitoring:Grafana$breakwater:monitoring:SmallServer$kubernetes:apps/v1:Deployment::grafana',
    'breakwater:api:Api$breakwater:workload:Workload$kubernetes:apps/v1:Deployment::api',
    'breakwater:consumer:Consumer$breakwater:workload:Workload$kubernetes:apps/v1:Deployment::consumer',
    'breakwater:gate:Gate$breakwater:workload:Workload$kubernetes:apps/v1:Deployment::gate',
  ],
  stress: ['redis', 'mongo'].flatMap((server) => [
    `breakwater:${server}:${server[0]?.toUpperCase()}${server.slice(1)}$breakwater:server:SingleServer$kubernetes:apps/v1:StatefulSet::${server}`,
    `breakwater:${server}:${server[0]?.toUpperCase()}${server.slice(1)}$breakwater:server:SingleServer$kubernetes:core/v1:Service::${server}`,
  ]),
} as const;

describe.each(['dev', 'stress'] as const)('%s', (stack) => {
  let declared: readonly Declared[];
  beforeAll(async () => {
    declared = await declareStack(stack);
  });

  test('every component registers outputs', () => {
    const components = declared.filter(({ type }) => type.startsWith('breakwater:'));
    expect(components.length).toBeGreaterThan(15);
    expect(components.filter(({ outputs }) => Object.keys(outputs).length === 0).map(key)).toEqual([]);
  });

  test('passwords are among them, as secrets', () => {
    const passwords = declared.flatMap(({ name, outputs }) =>
      Object.entries(outputs)
        .filter(([output]) => /password/i.test(output))
        .map(([output, value]) => `${name}.${output}: ${value}`),
    );
    expect(passwords).toEqual([
      `console.password: ${SECRET}`,
      `monitoring.grafanaPassword: ${SECRET}`,
      `grafana.password: ${SECRET}`,
    ]);
  });

  test.each([...KEPT[stack]])('a running stack keeps %s', (urn) => {
    expect(declared.filter(({ urns }) => urns.includes(urn)).map(key)).toHaveLength(1);
  });
});
