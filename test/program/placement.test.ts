// What the config adds to every pod: who may pull its image, where it runs, and which pods give way.
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Declared } from './declare.ts';
import { SECRET } from './declare.ts';
import { declareStack } from './stacks.ts';
import { manifestOf, namespaceOf, ofKind, podsOf } from './workloads.ts';

const PLACED = {
  'producer:rate': 10,
  'images:pullSecret': '{"auths":{"registry.example":{"auth":"dTpw"}}}',
  'cluster:priorityClass': 'business',
  'cluster:nodeSelector': { pool: 'breakwater' },
  'cluster:nodeAffinity': { zone: 'a, b' },
  'cluster:tolerations': { dedicated: 'breakwater:NoSchedule', 'example.com/spot': ':NoExecute' },
};
const AFFINITY = {
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['a', 'b'] }] }],
    },
  },
};
const TOLERATIONS = [
  { key: 'dedicated', operator: 'Equal', value: 'breakwater', effect: 'NoSchedule' },
  { key: 'example.com/spot', operator: 'Exists', effect: 'NoExecute' },
];

describe.each(['dev', 'stress'])('%s', (stack) => {
  let declared: readonly Declared[];
  beforeAll(async () => {
    declared = await declareStack(stack, PLACED);
  });

  test('every pod has them', () => {
    for (const { key, spec } of podsOf(declared))
      expect({ key, ...spec }).toMatchObject({
        key,
        imagePullSecrets: [{ name: 'image-pull' }],
        priorityClassName: 'business',
        nodeSelector: expect.objectContaining({ pool: 'breakwater' }),
        affinity: AFFINITY,
        tolerations: TOLERATIONS,
      });
  });

  test("KEDA's pods too", () => {
    for (const release of ofKind(declared, 'Release'))
      expect(manifestOf(release).values).toMatchObject({
        imagePullSecrets: [{ name: 'image-pull' }],
        priorityClassName: 'business',
        nodeSelector: { pool: 'breakwater' },
        affinity: AFFINITY,
        tolerations: TOLERATIONS,
      });
  });

  test('the login is a Secret of every namespace that has pods', () => {
    const secrets = ofKind(declared, 'Secret').filter((secret) => manifestOf(secret).metadata.name === 'image-pull');
    const namespaces = ofKind(declared, 'Namespace').map((namespace) => manifestOf(namespace).metadata.name);
    expect(secrets.map(namespaceOf).toSorted()).toEqual(namespaces.toSorted());
    for (const secret of secrets)
      expect(manifestOf(secret)).toMatchObject({
        type: 'kubernetes.io/dockerconfigjson',
        stringData: { '.dockerconfigjson': SECRET },
      });
  });
});

test('without these keys, pods have nothing of it', async () => {
  for (const { spec } of podsOf(await declareStack('staging')))
    for (const field of ['imagePullSecrets', 'priorityClassName', 'nodeSelector', 'affinity', 'tolerations'])
      expect(spec).not.toHaveProperty(field);
});
