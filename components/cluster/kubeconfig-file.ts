// The kubeconfig of a k3d cluster: a file that only its owner can read, apart from the user's own.
// No import of modules at the top but plain functions: Pulumi serializes these into the stack's state.
import { kubeconfigFileOf } from './names.ts';
import type { Run } from './run.ts';

/** Absolute path of the kubeconfig of a stack's cluster: providers run in the folder of the project. */
export function kubeconfigPathOf(stack: string): string {
  const { resolve } = require('node:path') as typeof import('node:path');
  return resolve(kubeconfigFileOf(stack));
}

/** Asks k3d for the kubeconfig of the cluster, writes it to its file, and says where that is. */
export async function writeKubeconfig(run: Run, cluster: string, stack: string): Promise<string> {
  const { mkdir, writeFile, chmod } = require('node:fs/promises') as typeof import('node:fs/promises');
  const { dirname } = require('node:path') as typeof import('node:path');
  const content = await run('k3d', ['kubeconfig', 'get', cluster]);
  const path = kubeconfigPathOf(stack);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(path, content, { mode: 0o600 });
  await chmod(path, 0o600); // the mode above counts only for a new file
  return path;
}

/** Removes the file and its folders, as far as they are empty. */
export async function removeKubeconfig(stack: string): Promise<void> {
  const { rm, rmdir } = require('node:fs/promises') as typeof import('node:fs/promises');
  const { dirname } = require('node:path') as typeof import('node:path');
  const path = kubeconfigPathOf(stack);
  await rm(path, { force: true });
  for (const folder of [dirname(path), dirname(dirname(path))]) await rmdir(folder).catch(() => undefined);
}
