// Names of clusters from names of stacks.
import { expect, test } from '@jest/globals';
import { clusterNameOf, kubeconfigFileOf, serversOf } from './names.ts';

test.each([
  ['dev', 'breakwater-dev'],
  ['my-stack-2', 'breakwater-my-stack-2'],
])('the stack %s has the cluster %s', (stack, name) => {
  expect(clusterNameOf(stack)).toBe(name);
});

test.each(['Dev', 'a.b_c', 'a-very-long-name-that-nobody-would-choose', '-x-', '..'])(
  'the stack %s has a cluster that k3d takes',
  (stack) => {
    expect(clusterNameOf(stack)).toMatch(/^breakwater(-[a-z0-9]+)+$/);
    expect(clusterNameOf(stack).length).toBeLessThanOrEqual(32);
  },
);

test('stacks whose names look alike have clusters of their own', () => {
  const stacks = ['dev', 'Dev', 'DEV', 'd.ev', 'd-ev', 'd_ev', `${'x'.repeat(40)}1`, `${'x'.repeat(40)}2`];
  expect(new Set(stacks.map(clusterNameOf)).size).toBe(stacks.length);
});

test('each stack has a kubeconfig of its own', () => {
  expect(kubeconfigFileOf('dev')).toBe('.breakwater/dev/kubeconfig');
});

test('servers', () => {
  expect(serversOf('c', 2)).toEqual(['k3d-c-server-0', 'k3d-c-server-1']);
});
