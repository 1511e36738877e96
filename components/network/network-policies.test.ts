// The network policies: closed unless the table opens a flow, in both namespaces.
import { describe, expect, test } from '@jest/globals';
import { parseStackConfig, type RawConfig } from '../../config/parse.ts';
import { Collector } from '../program.testing.ts';
import { compilePolicies } from './compile.ts';
import { NetworkPolicies, policiesOf } from './network-policies.ts';

const configOf = (raw: RawConfig = {}) => parseStackConfig({ 'cluster:namespace': 'shop', ...raw });
const config = configOf();
const policies = policiesOf(config);

test.each(['main', 'api'] as const)('%s: everything is refused in both directions, except DNS', (where) => {
  const { 'deny-all': denyAll, 'allow-dns': allowDns } = policies[where];
  expect(denyAll).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
  expect(allowDns).toMatchObject({ podSelector: {}, policyTypes: ['Egress'] });
});

test('every pod has a policy of both types, so that a missing rule closes it', () => {
  const { 'allow-dns': _main, ...main } = policies.main;
  const { 'allow-dns': _api, ...api } = policies.api;
  for (const { policyTypes } of [...Object.values(main), ...Object.values(api)])
    expect(policyTypes).toEqual(['Ingress', 'Egress']);
});

describe('rules', () => {
  test('MongoDB: in from the gate and its exporter, out to nothing', () => {
    expect(policies.main.mongo).toEqual({
      podSelector: { matchLabels: { 'app.kubernetes.io/name': 'mongo', 'app.kubernetes.io/part-of': 'breakwater' } },
      policyTypes: ['Ingress', 'Egress'],
      ingress: ['gate', 'mongo-exporter'].map((pod) => ({
        from: [
          {
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } },
            podSelector: { matchLabels: expect.objectContaining({ 'app.kubernetes.io/name': pod }) },
          },
        ],
        ports: [{ protocol: 'TCP', port: 27017 }],
      })),
      egress: [],
    });
  });

  test('the API is in its own namespace, and only its port is open to everyone', () => {
    expect(policies.main).not.toHaveProperty('api');
    const ingress = policies.api.api?.ingress as { from?: unknown }[];
    expect(ingress).toContainEqual({ ports: [{ protocol: 'TCP', port: 8000 }] });
    expect(ingress.filter(({ from }) => from === undefined)).toHaveLength(1);
    expect(JSON.stringify(policies.main.gate?.ingress)).toContain('shop-api');
  });

  test('an external server: its port, at any address', () => {
    const { main } = policiesOf(configOf({ 'mongo:external': 'mongodb://m.example.com:27117/db' }));
    expect(main.consumer?.egress).toContainEqual({ ports: [{ protocol: 'TCP', port: 27117 }] });
    expect(main).not.toHaveProperty('gate');
  });
});

describe('the compiler', () => {
  const compiled = (namespaceOf?: () => string) =>
    compilePolicies(
      {
        pods: ['a', 'b'] as const,
        flows: [
          { from: 'a', to: 'b', port: 1 },
          { from: 'stack', to: 'a', port: 2 },
          { from: 'b', to: 'nodes', port: 3 },
        ],
        namespaceOf,
      },
      'shop',
    );
  const selector = (name: string) => ({
    podSelector: { matchLabels: { 'app.kubernetes.io/name': name, 'app.kubernetes.io/part-of': 'breakwater' } },
  });
  const namespace = (name: string) => ({
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
  });
  const ports = (port: number) => [{ protocol: 'TCP', port }];

  test('opens a flow at both ends', () => {
    const { a, b } = compiled();
    expect(a.egress).toEqual([{ to: [selector('b')], ports: ports(1) }]);
    expect(b.ingress).toEqual([{ from: [selector('a')], ports: ports(1) }]);
  });

  test('names the namespaces of outsiders, and those of pods where they may differ', () => {
    expect(compiled().a.ingress).toEqual([{ from: ['shop', 'shop-api'].map(namespace), ports: ports(2) }]);
    expect(compiled(() => 'x').b.ingress).toEqual([
      { from: [{ ...namespace('x'), ...selector('a') }], ports: ports(1) },
    ]);
  });

  test('an outsider without a selector is limited by the port alone', () => {
    expect(compiled().b.egress).toEqual([{ ports: ports(3) }]);
  });
});

test('the component creates each policy in its namespace', async () => {
  const collector = new Collector();
  new NetworkPolicies('network', { config, namespaces: { main: 'shop', api: 'shop-api' } });
  const made = await collector.all(':NetworkPolicy');
  expect(made.map(({ inputs }) => `${inputs.metadata.namespace}/${inputs.metadata.name}`).sort()).toEqual(
    [
      ...Object.keys(policies.main).map((name) => `shop/${name}`),
      ...Object.keys(policies.api).map((name) => `shop-api/${name}`),
    ].sort(),
  );
});
