// What a cluster that exists lacks, and what the user is told to do: every message.
import { describe, expect, test } from '@jest/globals';
import { parseStackConfig, type RawConfig } from '../../config/parse.ts';
import { type ClusterFacts, type KedaFact, requirementNotices, requirementProblems } from './requirements.ts';

const ready: ClusterFacts = {
  storageClasses: [
    { name: 'fast', isDefault: true },
    { name: 'slow', isDefault: false },
  ],
  ingressClasses: ['traefik'],
  daemonSets: ['calico-node', 'kube-proxy'],
  nodeVersions: ['v1.34.1'],
  metrics: true,
  keda: null,
};
const configOf = (raw: RawConfig) =>
  parseStackConfig({
    'cluster:kind': 'kubeconfig',
    'cluster:context': 'prod',
    'cluster:registry': 'r.example',
    ...raw,
  });
const problems = (facts: Partial<ClusterFacts>, raw: RawConfig = {}) =>
  requirementProblems({ ...ready, ...facts }, configOf(raw));

const byCpu: RawConfig = { 'hpa:enabled': true };
const keda = (watches: readonly string[], installer?: string): KedaFact => ({
  namespace: 'keda',
  watches,
  ...(installer !== undefined && { installer }),
});
const ours = ['breakwater', 'breakwater-api'];
const theirs = ['shop', 'shop-api'];
const shared: RawConfig = { 'keda:install': false };

test.each<[string, Partial<ClusterFacts>, RawConfig]>([
  ['all that is required', {}, {}],
  ['the storage class that is chosen', {}, { 'cluster:storageClass': 'slow' }],
  ['the priority class that is chosen', { priorityClasses: ['business'] }, { 'cluster:priorityClass': 'business' }],
  ['priority classes that the user may not see', {}, { 'cluster:priorityClass': 'business' }],
  ['metrics, and scaling by CPU', {}, byCpu],
  ['no metrics, and no scaling by CPU', { metrics: false }, {}],
  ['metrics that the user may not see', { metrics: undefined }, byCpu],
  [
    'no ingress class, and nothing for it',
    { ingressClasses: [] },
    { 'api:exposure': 'nodePort', 'console:enabled': false, 'monitoring:enabled': false },
  ],
  ['a KEDA of its own', { keda: keda(ours, 'breakwater') }, {}],
  ['a KEDA of its own that watches all', { keda: keda([], 'breakwater') }, { 'keda:watchAll': true }],
  ['a KEDA of its own, from an earlier version', { keda: keda(ours) }, {}],
  ['a KEDA of others that watches all', { keda: keda([], 'shop') }, shared],
  ['a KEDA of others that watches it', { keda: keda([...theirs, 'breakwater']) }, shared],
  ['a KEDA that the user may not see', { keda: undefined }, shared],
])('nothing is missing with %s', (_name, facts, raw) => {
  expect(problems(facts, raw)).toEqual([]);
});

test.each<[string, Partial<ClusterFacts>, RawConfig, string]>([
  [
    'the storage class is unknown',
    {},
    { 'cluster:storageClass': 'gold' },
    'the cluster has no storage class gold: it has fast, slow. Choose one: pulumi config set cluster:storageClass NAME',
  ],
  [
    'there is no storage class',
    { storageClasses: [] },
    {},
    "the cluster has no storage class, so volumes can't be made: install a provisioner first",
  ],
  [
    'none is the default',
    { storageClasses: [{ name: 'slow', isDefault: false }] },
    {},
    'the cluster has no default storage class: it has slow. Choose one: pulumi config set cluster:storageClass NAME',
  ],
  [
    'the ingress class is unknown',
    {},
    { 'cluster:ingressClass': 'nginx' },
    'the cluster has no ingress class nginx: it has traefik. Choose one (pulumi config set cluster:ingressClass NAME) or install its controller',
  ],
  [
    'the priority class is unknown',
    { priorityClasses: ['system-node-critical'] },
    { 'cluster:priorityClass': 'business' },
    'the cluster has no priority class business: it has system-node-critical. Choose one: pulumi config set cluster:priorityClass NAME',
  ],
  [
    'there are no metrics to scale by',
    { metrics: false },
    byCpu,
    'the cluster serves no metrics.k8s.io, by which hpa:metric cpu scales the API: install metrics-server (https://github.com/kubernetes-sigs/metrics-server), or scale by latency: pulumi config set hpa:metric latency',
  ],
  [
    'there is no KEDA to share',
    {},
    shared,
    'the cluster has no KEDA, which scales the consumers: let this stack install it: pulumi config set keda:install true',
  ],
  [
    'another stack has installed KEDA, which watches all',
    { keda: keda([], 'shop') },
    {},
    'the cluster has a KEDA in the namespace keda already, and can have only one. Share it: pulumi config set keda:install false',
  ],
  [
    'another stack has installed KEDA for itself',
    { keda: keda(theirs, 'shop') },
    {},
    'the cluster has a KEDA in the namespace keda already, and can have only one. Share it: pulumi config set keda:install false. It watches shop, shop-api: let it watch all: pulumi config set keda:watchAll true in the stack that installs it, or the value watchNamespace "" of its chart',
  ],
  [
    'the shared KEDA does not watch it',
    { keda: keda(theirs) },
    shared,
    'KEDA in the namespace keda watches shop, shop-api and not breakwater: let it watch all: pulumi config set keda:watchAll true in the stack that installs it, or the value watchNamespace "" of its chart',
  ],
  [
    'the shared KEDA does not watch the API, which it scales',
    { keda: keda(['breakwater']) },
    { ...shared, 'hpa:enabled': true, 'hpa:metric': 'latency' },
    'KEDA in the namespace keda watches breakwater and not breakwater-api: let it watch all: pulumi config set keda:watchAll true in the stack that installs it, or the value watchNamespace "" of its chart',
  ],
])('%s', (_name, facts, raw, message) => {
  expect(problems(facts, raw)).toEqual([message]);
});

test('everything is said at once', () => {
  expect(problems({ storageClasses: [], ingressClasses: [], metrics: false }, { ...byCpu, ...shared })).toHaveLength(4);
});

describe('of the network the user is told', () => {
  const notices = (facts: Partial<ClusterFacts>) => requirementNotices({ ...ready, ...facts });

  test.each([['calico-node'], ['canal'], ['cilium'], ['antrea-agent'], ['kube-router'], ['anetd']])(
    'nothing where %s enforces policies',
    (name) => expect(notices({ daemonSets: [name] })).toEqual([]),
  );

  test('nothing where k3s enforces them', () => {
    expect(notices({ daemonSets: ['svclb-traefik'], nodeVersions: ['v1.34.9+k3s1'] })).toEqual([]);
  });

  test('that flannel alone does not', () => {
    expect(notices({ daemonSets: ['kube-flannel-ds'] })).toEqual([
      'the network of the cluster, flannel, enforces no policies, and without network policies every pod in it reaches the servers of the stack (docs/security.md): add Calico (Canal), or use Cilium',
    ]);
  });

  test.each([[['aws-node']], [undefined]])('that nobody knows: %s', (daemonSets) => {
    expect(notices({ daemonSets, nodeVersions: undefined })).toEqual([
      'the network of the cluster is not known to enforce policies, and without network policies every pod in it reaches the servers of the stack (docs/security.md): check that it does',
    ]);
  });
});
