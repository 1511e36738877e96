// What the API is made of in the cluster, and that its number of pods has one owner.
import { beforeEach, describe, expect, test } from '@jest/globals';
import { parseStackConfig, type RawConfig } from '../../config/parse.ts';
import { Collector } from '../testing.ts';
import { Api, fewestPods } from './api.ts';

let collector: Collector;
beforeEach(() => {
  collector = new Collector();
});

const make = (raw: RawConfig = {}) =>
  new Api('api', {
    namespace: 'breakwater-api',
    image: 'localhost:5050/breakwater/api@sha256:0',
    environment: { API_PORT: '8000' },
    secretFiles: [{ variable: 'REDIS_PASSWORD', secret: 'redis-client', key: 'password' }],
    config: parseStackConfig(raw),
    sysctls: [{ name: 'net.core.somaxconn', value: '65535' }],
  });

const names = async (type: string) => (await collector.all(`:${type}`)).map(({ name }) => name);

test.each<[string, RawConfig, number]>([
  ['as configured', { 'api:replicas': 10 }, 10],
  ['the fewest of the autoscaler', { 'api:replicas': 10, 'hpa:enabled': true, 'hpa:minReplicas': 2 }, 2],
])('pods that are always there: %s', (_, raw, expected) => {
  expect(fewestPods(parseStackConfig(raw))).toBe(expected);
});

describe('pods', () => {
  test('serve on for a while when they are told to stop', async () => {
    make();
    const { data, immutable } = await collector.inputsOf('ConfigMap', 'api-config');
    expect(data).toEqual({ API_PORT: '8000', API_DRAIN_DELAY_MS: '5000' });
    expect(immutable).toBe(true);
    const { spec } = await collector.inputsOf('Deployment', 'api');
    expect(spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(5);
    expect(spec.strategy.rollingUpdate).toEqual({ maxSurge: '25%', maxUnavailable: 0 });
  });

  test('have the kernel settings', async () => {
    make();
    const { spec } = await collector.inputsOf('Deployment', 'api');
    expect(spec.template.spec.securityContext.sysctls).toEqual([{ name: 'net.core.somaxconn', value: '65535' }]);
  });

  test('are as many as configured, also where an autoscaler changed that before', async () => {
    make({ 'api:replicas': 5 });
    const { spec, metadata } = await collector.inputsOf('Deployment', 'api');
    expect(spec.replicas).toBe(5);
    expect(metadata.annotations).toEqual({ 'pulumi.com/patchForce': 'true' });
  });

  test("are the autoscaler's where there is one", async () => {
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
  test('an ingress answers to the host', async () => {
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
    expect(spec.ports[0]).toMatchObject({ port: 8000, nodePort: 30_123 });
  });

  test('a cookie keeps a client on one pod, if asked for', async () => {
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

test('one name stands for the addresses of all pods, also of those that are not ready', async () => {
  make();
  const { spec } = await collector.inputsOf('Service', 'api-pods');
  expect(spec).toMatchObject({ clusterIP: 'None', publishNotReadyAddresses: true });
  expect(spec.ports).toEqual([{ name: 'metrics', port: 9464, targetPort: 'metrics' }]);
});
