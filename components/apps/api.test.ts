// The API's resources, and that one owner sets the number of its pods.
import { beforeEach, describe, expect, test } from '@jest/globals';
import * as pulumi from '@pulumi/pulumi';
import { parseStackConfig, type RawConfig } from '../../config/parse.ts';
import { addressesOf } from '../network/addresses.ts';
import { Collector } from '../program.testing.ts';
import { Api, minPodsOf } from './api.ts';

let collector: Collector;
beforeEach(() => {
  collector = new Collector();
});

function make(raw: RawConfig = {}) {
  const config = parseStackConfig(raw);
  return new Api('api', {
    namespace: 'breakwater-api',
    images: { of: (app) => pulumi.output(`localhost:5050/breakwater/${app}@sha256:0`) },
    config,
    addresses: addressesOf(config),
    logins: {},
  });
}

const names = async (type: string) => (await collector.all(`:${type}`)).map(({ name }) => name);

test.each<[string, RawConfig, number]>([
  ['as configured', { 'api:replicas': 10 }, 10],
  ['the minimum of the autoscaler', { 'api:replicas': 10, 'hpa:enabled': true, 'hpa:minReplicas': 2 }, 2],
])('pods that always run: %s', (_, raw, expected) => {
  expect(minPodsOf(parseStackConfig(raw))).toBe(expected);
});

describe('pods', () => {
  test('keep serving for a while when they stop', async () => {
    make();
    const { data, immutable } = await collector.inputsOf('ConfigMap', 'api-config');
    expect(data).toMatchObject({ API_PORT: '8000', API_DRAIN_DELAY_MS: '5000' });
    expect(immutable).toBe(true);
    const { spec } = await collector.inputsOf('Deployment', 'api');
    expect(spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(5);
    expect(spec.strategy.rollingUpdate).toEqual({ maxSurge: '25%', maxUnavailable: 0 });
  });

  test('have the kernel settings of their own network namespace', async () => {
    make({ 'cluster:sysctls': { 'net.core.somaxconn': '65535' } });
    const { spec } = await collector.inputsOf('Deployment', 'api');
    expect(spec.template.spec.securityContext.sysctls).toEqual([{ name: 'net.core.somaxconn', value: '65535' }]);
  });

  test('are as many as configured, even if an autoscaler set their number before', async () => {
    make({ 'api:replicas': 5 });
    const { spec, metadata } = await collector.inputsOf('Deployment', 'api');
    expect(spec.replicas).toBe(5);
    expect(metadata.annotations).toEqual({ 'pulumi.com/patchForce': 'true' });
  });

  test('are left to the autoscaler if there is one', async () => {
    make({ 'api:replicas': 5, 'hpa:enabled': true });
    const { spec, metadata } = await collector.inputsOf('Deployment', 'api');
    expect(spec.replicas).toBeUndefined();
    expect(metadata.annotations).toBeUndefined();
  });

  test.each<[string, RawConfig, string[]]>([
    ['several', { 'api:replicas': 2 }, ['api']],
    ['one', { 'api:replicas': 1 }, []],
    ['one at least', { 'api:replicas': 5, 'hpa:enabled': true, 'hpa:minReplicas': 1 }, []],
    ['several at least', { 'api:replicas': 1, 'hpa:enabled': true, 'hpa:minReplicas': 2 }, ['api']],
  ])('%s: disruption budgets %j', async (_, raw, expected) => {
    make(raw);
    expect(await names('PodDisruptionBudget')).toEqual(expected);
  });
});

describe('from outside', () => {
  test('the ingress routes the host', async () => {
    make({ 'api:host': 'api.example', 'cluster:ingressClass': 'nginx', 'api:port': 8080 });
    const { spec } = await collector.inputsOf('Ingress', 'api');
    expect(spec).toEqual({
      ingressClassName: 'nginx',
      rules: [
        {
          host: 'api.example',
          http: {
            paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'api', port: { name: 'main' } } } }],
          },
        },
      ],
    });
    const service = await collector.inputsOf('Service', 'api');
    expect(service.spec.type).toBeUndefined();
    expect(service.spec.ports[0]).toEqual({ name: 'main', port: 8080, targetPort: 'main' });
  });

  test('a node port, and no ingress', async () => {
    make({ 'api:exposure': 'nodePort', 'api:nodePort': 30_123 });
    expect(await names('Ingress')).toEqual([]);
    const { spec } = await collector.inputsOf('Service', 'api');
    expect(spec.type).toBe('NodePort');
    // The metrics are not for users: a node port would open them to everybody.
    expect(spec.ports).toEqual([{ name: 'main', port: 8000, targetPort: 'main', nodePort: 30_123 }]);
  });

  test('a cookie keeps a client on one pod if it is turned on', async () => {
    make({ 'api:stickySessions': 'true' });
    const { metadata } = await collector.inputsOf('Service', 'api');
    expect(metadata.annotations).toMatchObject({ 'traefik.ingress.kubernetes.io/service.sticky.cookie': 'true' });
    const ingress = await collector.inputsOf('Ingress', 'api');
    expect(ingress.metadata.annotations).toMatchObject({ 'nginx.ingress.kubernetes.io/affinity': 'cookie' });
  });

  test('no cookie otherwise', async () => {
    make();
    const { metadata } = await collector.inputsOf('Service', 'api');
    expect(Object.keys(metadata.annotations).filter((name) => name.includes('sticky'))).toEqual([]);
    expect((await collector.inputsOf('Ingress', 'api')).metadata.annotations).toEqual({});
  });
});

test('one host name resolves to the addresses of all pods, ready or not', async () => {
  make();
  const { spec } = await collector.inputsOf('Service', 'api-pods');
  expect(spec).toMatchObject({ clusterIP: 'None', publishNotReadyAddresses: true });
  expect(spec.ports).toEqual([{ name: 'metrics', port: 9464, targetPort: 'metrics' }]);
});
