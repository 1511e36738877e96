// The kubeconfig of an EKS cluster: written wherever it is missing, readable by its owner only.
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { inEmptyFolder } from '../cluster/cluster.testing.ts';
import { provider } from './kubeconfig-provider.ts';

inEmptyFolder();

test('is written, renewed and removed', async () => {
  const { id, outs } = await provider.create({ stack: 'aws', content: 'one' });
  const { path } = outs!;
  expect(id).toBe('aws');
  expect(path).toBe(`${process.cwd()}/.breakwater/aws/kubeconfig`);
  expect(readFileSync(path, 'utf8')).toBe('one');
  expect(statSync(path).mode & 0o777).toBe(0o600);

  const changes = async (content: string) => (await provider.diff!(id, outs!, { stack: 'aws', content })).changes;
  expect(await changes('one')).toBe(false);
  expect(await changes('two')).toBe(true);
  await provider.update!(id, outs!, { stack: 'aws', content: 'two' });
  expect(readFileSync(path, 'utf8')).toBe('two');

  // As on another machine.
  rmSync(path);
  expect(await changes('two')).toBe(true);

  await provider.delete!(id, outs!);
  expect(existsSync('.breakwater')).toBe(false);
});
