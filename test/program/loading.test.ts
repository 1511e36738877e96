// Node runs the folders as ES modules, and Pulumi loads them as CommonJS with the ts-node that it
// brings, on the user's Node (decision 1). This holds only as long as that ts-node ignores the
// "type" in a folder's package.json.
import { spawnSync } from 'node:child_process';
import { delimiter } from 'node:path';
import { expect, test } from '@jest/globals';
import which from 'which';

/** Loads what main.ts and index.ts import, the way `pulumi up` does. */
const LOAD = `
  require(require.resolve('@pulumi/pulumi/package.json').replace('package.json', 'vendor/ts-node@7.0.1'))
    .register({ project: 'tsconfig.pulumi.json', compiler: 'typescript', transpileOnly: true });
  const { readFileSync } = require('node:fs');
  for (const file of ['main.ts', 'index.ts'])
    for (const [, module] of readFileSync(file, 'utf8').matchAll(/ from '(\\.[^']+)'/g)) require(module);`;

/** Those on the PATH, less the one that npm puts there for our scripts, and our own. */
const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.endsWith('node_modules/.bin'));
const users = which.sync('node', { path: path.join(delimiter), nothrow: true });

test.each([...new Set([users ?? process.execPath, process.execPath])])('Pulumi can load the program on %s', (node) => {
  const { status, stderr } = spawnSync(node, ['--eval', LOAD], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
});
