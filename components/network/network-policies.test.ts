// The network policies: closed unless the table says so, in both namespaces.
import { describe, expect, test } from '@jest/globals';
import { parseStackConfig } from '../../config/parse.ts';
import { Collector } from '../testing.ts';
import { NetworkPolicies, policiesOf } from './network-policies.ts';

const config = parseStackConfig({ 'cluster:namespace': 'shop' });
const policies = policiesOf(config);
function specOf(name: string) {
  const policy = policies.find((one) => one.name === name);
  if (policy === undefined) throw new Error(`no policy for ${name}`);
  return policy.spec;
}

test.each(['main', 'api'] as const)('%s: everything is refused, in and out, but names can be resolved', (where) => {
  const all = policies.filter((policy) => policy.where === where && policy.name.match(/deny|dns/));
  expect(all.map(({ spec }) => spec)).toEqual([
    { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
    expect.objectContaining({ podSelector: {}, policyTypes: ['Egress'] }),
  ]);
});

test('every pod has a policy of both kinds, so that a rule that is missing closes and not opens', () => {
  for (const { spec } of policies.filter(({ name }) => name !== 'allow-dns'))
    expect(spec.policyTypes).toEqual(['Ingress', 'Egress']);
});

describe('rules', () => {
  test('MongoDB: in from the gate and its exporter, out to nobody', () => {
    expect(specOf('mongo')).toEqual({
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

  test('the API is in its own namespace and open to all on its port only', () => {
    expect(policies.find(({ name }) => name === 'api')?.where).toBe('api');
    expect(specOf('api').ingress).toContainEqual({ ports: [{ protocol: 'TCP', port: 8000 }] });
    const open = (specOf('api').ingress as { from?: unknown }[]).filter(({ from }) => from === undefined);
    expect(open).toHaveLength(1);
    expect(JSON.stringify(specOf('gate').ingress)).toContain('shop-api');
  });

  test('an external server: its port, wherever it is', () => {
    const external = policiesOf(parseStackConfig({ 'mongo:external': 'mongodb://m.example.com:27117/db' }));
    const consumer = external.find(({ name }) => name === 'consumer');
    expect(consumer?.spec.egress).toContainEqual({ ports: [{ protocol: 'TCP', port: 27117 }] });
    expect(external.map(({ name }) => name)).not.toContain('gate');
  });
});

test('the component makes each in its namespace', async () => {
  const collector = new Collector();
  new NetworkPolicies('network', { config, namespaces: { main: 'shop', api: 'shop-api' } });
  const made = await collector.all(':NetworkPolicy');
  expect(made.map(({ inputs }) => `${inputs.metadata.namespace}/${inputs.metadata.name}`).sort()).toEqual(
    policies.map(({ where, name }) => `${where === 'api' ? 'shop-api' : 'shop'}/${name}`).sort(),
  );
});
