import { expect, test } from '@jest/globals';
import { parseStackConfig } from '../../config/parse.ts';
import type { Console } from '../apps/console.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Namespaces } from '../kubernetes/namespaces.ts';
import { outputsOf } from './outputs.ts';

test('a live page without a password of its own has none in the outputs: Pulumi warns of an undefined one', () => {
  const outputs = outputsOf({
    config: parseStackConfig({}),
    cluster: { kubeconfigPath: 'kubeconfig', context: 'context' } as unknown as Cluster,
    namespaces: { main: 'breakwater' } as unknown as Namespaces,
    console: { url: 'http://console.localhost' } as unknown as Console,
    monitoring: false,
  });
  expect(outputs).toMatchObject({ consoleUrl: 'http://console.localhost' });
  expect(Object.entries(outputs).filter(([, value]) => value === undefined)).toEqual([]);
});
