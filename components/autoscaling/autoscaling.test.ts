// The autoscalers' resources, and the source of KEDA's chart.
import { beforeEach, describe, expect, test } from '@jest/globals';
import { parseStackConfig, type RawConfig } from '../../config/parse.ts';
import { chartSource } from '../images/charts.ts';
import { Collector } from '../program.testing.ts';
import { chartValues, Keda } from './keda.ts';
import { ApiScaler, behavior, ConsumerScaler } from './scalers.ts';

let collector: Collector;
beforeEach(() => {
  collector = new Collector();
});

test('pods are added immediately, and removed a few at a time after the cooldown', () => {
  const { scaleUp, scaleDown } = behavior(30);
  expect(scaleUp.stabilizationWindowSeconds).toBe(0);
  expect(scaleDown.stabilizationWindowSeconds).toBe(30);
  expect(scaleDown.policies.every(({ value }) => value <= 50)).toBe(true);
});

test('KEDA watches the namespaces of its stack, or all, and says whose it is', () => {
  const values = (raw: RawConfig) =>
    chartValues('shop,shop-api', parseStackConfig({ 'cluster:namespace': 'shop', ...raw }));
  expect(values({})).toMatchObject({
    watchNamespace: 'shop,shop-api',
    additionalLabels: { 'breakwater/namespace': 'shop' },
  });
  expect(values({ 'keda:watchAll': true }).watchNamespace).toBe('');
});

describe('consumer', () => {
  const make = (raw: RawConfig, password: boolean) =>
    new ConsumerScaler('consumer-scaler', {
      namespace: 'breakwater',
      deployment: 'consumer',
      config: parseStackConfig({ 'queue:kind': 'redis-streams', ...raw }),
      addresses: { kafkaBrokers: [], redisUrl: 'redis://redis.breakwater:6379', mongoUrl: '', mongoUpstream: '' },
      api: 'http://api.breakwater-api.svc:8000',
      login: password ? [{ variable: 'REDIS_PASSWORD', secret: 'redis-client-1', key: 'password' }] : [],
    });

  test('follows the queue within its limits', async () => {
    make({ 'consumer:minReplicas': 0, 'consumer:maxReplicas': 6, 'consumer:cooldownSeconds': 20 }, true);
    const { kind, metadata, spec } = await collector.inputsOf('ScaledObject', 'consumer-scaler-object');
    expect(kind).toBe('ScaledObject');
    expect(metadata.name).toBe('consumer');
    expect(spec).toMatchObject({
      scaleTargetRef: { name: 'consumer' },
      minReplicaCount: 0,
      maxReplicaCount: 6,
      pollingInterval: 5,
      cooldownPeriod: 20,
    });
    expect(spec.advanced.horizontalPodAutoscalerConfig.behavior).toEqual(behavior(20));
  });

  test("logs in with the consumer's Secret; a new Secret has a new name, which KEDA notices", async () => {
    make({}, true);
    const authentication = await collector.inputsOf('TriggerAuthentication', 'consumer-scaler');
    expect(authentication.spec).toEqual({
      secretTargetRef: [{ parameter: 'password', name: 'redis-client-1', key: 'password' }],
    });
    expect(authentication.metadata.name).toBeUndefined();
    const { spec } = await collector.inputsOf('ScaledObject', 'consumer-scaler-object');
    expect(
      spec.triggers.map(({ type, authenticationRef }: Record<string, unknown>) => [type, authenticationRef]),
    ).toEqual([
      ['metrics-api', undefined],
      ['redis-streams', { name: expect.stringMatching(/^consumer-scaler-/) }],
    ]);
  });

  test('needs no login if the server has no authentication', async () => {
    make({}, false);
    expect((await collector.all('TriggerAuthentication')).length).toBe(0);
    const { spec } = await collector.inputsOf('ScaledObject', 'consumer-scaler-object');
    expect(spec.triggers.map(({ authenticationRef }: Record<string, unknown>) => authenticationRef)).toEqual([
      undefined,
      undefined,
    ]);
  });
});

describe('api', () => {
  const make = (raw: RawConfig) =>
    new ApiScaler('api-scaler', {
      namespace: 'breakwater-api',
      deployment: 'api',
      config: parseStackConfig({ 'hpa:enabled': true, 'hpa:minReplicas': 10, 'hpa:maxReplicas': 30, ...raw }),
      prometheus: 'http://prometheus:9090',
    });

  test('by CPU', async () => {
    make({ 'hpa:targetCpuPercent': 300 });
    const { spec } = await collector.inputsOf('HorizontalPodAutoscaler', 'api-scaler');
    expect(spec).toMatchObject({
      scaleTargetRef: { kind: 'Deployment', name: 'api' },
      minReplicas: 10,
      maxReplicas: 30,
      metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { averageUtilization: 300 } } }],
    });
    expect((await collector.all('ScaledObject')).length).toBe(0);
  });

  test('by latency: there is one owner of the number of pods', async () => {
    make({ 'hpa:metric': 'latency' });
    const { spec } = await collector.inputsOf('ScaledObject', 'api-scaler');
    expect(spec).toMatchObject({ scaleTargetRef: { name: 'api' }, minReplicaCount: 10, maxReplicaCount: 30 });
    expect((await collector.all('HorizontalPodAutoscaler')).length).toBe(0);
  });

  test('by both: KEDA follows what asks for more pods', async () => {
    make({ 'hpa:metric': 'both', 'hpa:targetCpuPercent': 300 });
    const { spec } = await collector.inputsOf('ScaledObject', 'api-scaler');
    expect(spec.triggers).toEqual([
      expect.objectContaining({ type: 'prometheus' }),
      { type: 'cpu', metricType: 'Utilization', metadata: { value: '300' } },
    ]);
    expect((await collector.all('HorizontalPodAutoscaler')).length).toBe(0);
  });
});

describe('KEDA', () => {
  test.each([
    [undefined, { chart: 'keda', repositoryOpts: { repo: 'https://kedacore.github.io/charts' } }],
    ['/charts/keda', { chart: '/charts/keda' }],
    ['./keda-2.20.2.tgz', { chart: './keda-2.20.2.tgz' }],
    ['oci://registry.example/charts/keda', { chart: 'oci://registry.example/charts/keda' }],
  ])('from %s', (location, expected) => {
    const source = chartSource('keda', location);
    expect(source).toMatchObject(expected);
    // A folder or a package has one version only.
    const pinned = location === undefined || location.startsWith('oci://');
    expect('version' in source && source.version).toEqual(pinned ? expect.stringMatching(/^\d+\.\d+\.\d+$/) : false);
  });

  test('images come from the mirror', () => {
    const config = parseStackConfig({ 'images:mirror': 'mirror.example/hub' });
    expect(chartValues('a', config).global).toEqual({ image: { registry: 'mirror.example/hub' } });
    expect(chartValues('a', parseStackConfig({})).global).toBeUndefined();
  });

  test('has access to the namespaces that it scales in, and to no others', async () => {
    new Keda('keda', { watch: ['breakwater', 'breakwater-api'], config: parseStackConfig({}) });
    const { values, namespace } = await collector.inputsOf('Release', 'keda');
    expect(namespace).toBe('keda');
    expect(values.watchNamespace).toBe('breakwater,breakwater-api');
  });
});
