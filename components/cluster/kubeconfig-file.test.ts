// The kubeconfig is where it is said to be, for its owner alone, and goes without a trace.
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { fakeRun, inEmptyFolder, linesOf } from './cluster.testing.ts';
import { removeKubeconfig, writeKubeconfig } from './kubeconfig-file.ts';

inEmptyFolder();

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

test('it is written for its owner alone', async () => {
  const { run, calls } = fakeRun({ 'k3d kubeconfig get': 'apiVersion: v1\n' });
  const path = await writeKubeconfig(run, 'c', 'dev');
  expect(path).toBe(join(process.cwd(), '.breakwater/dev/kubeconfig'));
  expect(linesOf(calls)).toEqual(['k3d kubeconfig get c']);
  expect(readFileSync(path, 'utf8')).toBe('apiVersion: v1\n');
  expect([mode(path), mode('.breakwater/dev')]).toEqual(['600', '700']);
});

test('one that was open to others is closed', async () => {
  mkdirSync('.breakwater/dev', { recursive: true });
  writeFileSync('.breakwater/dev/kubeconfig', 'old', { mode: 0o644 });
  const path = await writeKubeconfig(fakeRun({ k3d: 'new' }).run, 'c', 'dev');
  expect([mode(path), readFileSync(path, 'utf8')]).toEqual(['600', 'new']);
});

test('it goes with its folders, unless something else is in them', async () => {
  await removeKubeconfig('dev');
  const { run } = fakeRun({});
  await writeKubeconfig(run, 'c', 'dev');
  await writeKubeconfig(run, 'c', 'other');
  await removeKubeconfig('dev');
  expect([existsSync('.breakwater/dev'), existsSync('.breakwater/other/kubeconfig')]).toEqual([false, true]);
  await removeKubeconfig('other');
  expect(existsSync('.breakwater')).toBe(false);
});
