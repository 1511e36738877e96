// The namespaces, and the Pod Security level of each.
import { expect, test } from '@jest/globals';
import { parseStackConfig } from '../../config/parse.ts';
import { Collector, valueIn } from '../program.testing.ts';
import { Namespaces } from './namespaces.ts';

test('the main namespace stays restricted if the API needs more, and Kubernetes warns about the rest', async () => {
  const collector = new Collector();
  const namespaces = new Namespaces('namespaces', {
    name: 'shop',
    apiLevel: 'privileged',
    config: parseStackConfig({}),
  });
  expect(await valueIn(namespaces.main)).toBe('shop');
  expect(await valueIn(namespaces.api)).toBe('shop-api');
  expect((await collector.inputsOf('Namespace', 'namespaces-main')).metadata).toMatchObject({
    name: 'shop',
    labels: {
      'pod-security.kubernetes.io/enforce': 'restricted',
      'pod-security.kubernetes.io/warn': 'restricted',
    },
  });
  expect((await collector.inputsOf('Namespace', 'namespaces-api')).metadata).toMatchObject({
    name: 'shop-api',
    labels: {
      'pod-security.kubernetes.io/enforce': 'privileged',
      'pod-security.kubernetes.io/warn': 'restricted',
      'pod-security.kubernetes.io/audit': 'restricted',
    },
  });
});
