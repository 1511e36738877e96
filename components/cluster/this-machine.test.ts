// What is read of this machine.
import { writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { inEmptyFolder } from './cluster.testing.ts';
import { kubeconfigWith, readOnThisMachine } from './this-machine.ts';

inEmptyFolder();

test.each<[string | undefined, string]>([
  [undefined, join(homedir(), '.kube', 'config')],
  ['', join(homedir(), '.kube', 'config')],
  ['one', 'one'],
  ['missing:one:two', 'two'],
  ['one:missing', 'one'],
  ['missing:also-missing', 'missing'],
])('KUBECONFIG %s: the kubeconfig with the context is %s', (KUBECONFIG, expected) => {
  writeFileSync('one', 'contexts: [{ name: a }]');
  writeFileSync('two', 'contexts: [{ name: prod }]');
  expect(kubeconfigWith('prod', KUBECONFIG === undefined ? {} : { KUBECONFIG })).toBe(expected);
});

test('a kernel setting that is not there', () => {
  expect(readOnThisMachine('no.such.setting')).toBeUndefined();
  if (process.platform === 'linux') expect(readOnThisMachine('kernel.ostype')).toBe('Linux');
});
