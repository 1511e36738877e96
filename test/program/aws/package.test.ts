// Nothing of AWS costs those who do not use it: neither the package nor its plugin is installed by
// `npm ci`, nor loaded by the program.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { declareStack, root } from '../stacks.ts';

const packageJson = (folder: string) => JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));

test('npm ci does not install it', () => {
  for (const folder of ['.', 'apps'])
    expect(readFileSync(join(root, folder, 'package-lock.json'), 'utf8')).not.toContain('aws-native');
  expect(packageJson('.')).not.toHaveProperty('workspaces');
  expect(packageJson('.').scripts.postinstall).not.toContain('components/aws');
});

test('a k3d stack neither loads it nor asks for its plugin', async () => {
  const declared = await declareStack('dev');
  expect(declared.filter(({ type }) => type.includes('aws'))).toEqual([]);
  expect(Object.keys(require.cache).filter((file) => file.includes('aws-native'))).toEqual([]);
});

test('a stack on AWS does', async () => {
  const declared = await declareStack('aws-staging');
  expect(declared.map(({ type }) => type)).toContain('pulumi:providers:aws-native');
});

test('it shares the one @pulumi/pulumi of the program', () => {
  const { dependencies, overrides } = packageJson('components/aws');
  expect(dependencies['@pulumi/pulumi']).toBe('file:../../node_modules/@pulumi/pulumi');
  expect(overrides).toEqual({ '@pulumi/pulumi': '$@pulumi/pulumi' });
});
