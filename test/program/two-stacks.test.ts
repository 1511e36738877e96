// Two stacks in one cluster: the first installs KEDA for both, the second shares it.
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Declared } from './declare.ts';
import { configPolicies } from './policies/config.ts';
import { declareStack } from './stacks.ts';
import { type Manifest, manifestOf, namespaceOf, ofKind } from './workloads.ts';

let first: readonly Declared[];
let second: readonly Declared[];
beforeAll(async () => {
  first = await declareStack('staging', { 'keda:watchAll': true });
  second = await declareStack('staging', {
    'cluster:namespace': 'other',
    'keda:install': false,
    'api:host': 'other.example',
    'console:host': 'console.other.example',
    'monitoring:host': 'grafana.other.example',
  });
});

/** Objects of the cluster itself, whose names the stacks share. */
const CLUSTER_WIDE = /:(Namespace|ClusterRole|ClusterRoleBinding|PriorityClass|CustomResourceDefinition)$/;

describe('two stacks in one cluster', () => {
  test('have no object in common', () => {
    const taken = configPolicies['no two objects have the same name']!;
    expect(taken([...first, ...second])).toEqual([]);
    // The check notices the stack that is there already.
    expect(taken([...first, ...first])).not.toEqual([]);
  });

  test('have one KEDA, which scales in the namespaces of both', () => {
    const [release, ...others] = ofKind([...first, ...second], 'Release');
    expect(others).toEqual([]);
    expect(manifestOf(release!).values.watchNamespace).toBe('');
    expect([first, second].map((stack) => ofKind(stack, 'ScaledObject').map(namespaceOf).sort())).toEqual([
      ['breakwater', 'breakwater-api'],
      ['other', 'other-api'],
    ]);
  });

  test('change nothing outside their namespaces but objects named after them', () => {
    const outside = (stack: readonly Declared[], namespace: string) =>
      stack
        .filter(({ type }) => type.startsWith('kubernetes:'))
        .filter((resource) =>
          CLUSTER_WIDE.test(resource.type)
            ? !String(manifestOf(resource).metadata?.name).startsWith(namespace)
            : !namespaceOf(resource).startsWith(namespace),
        )
        .map(({ name }) => name);
    expect(outside(second, 'other')).toEqual([]);
    expect(outside(first, 'breakwater').every((name) => name.startsWith('keda'))).toBe(true);
  });

  test('are told apart by the ingress', () => {
    const hosts = ofKind([...first, ...second], 'Ingress').flatMap((ingress) =>
      manifestOf(ingress).spec.rules.map((rule: Manifest) => rule.host),
    );
    expect(new Set(hosts).size).toBe(hosts.length);
  });
});
