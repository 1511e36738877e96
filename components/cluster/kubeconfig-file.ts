// The kubeconfig of a stack's own cluster: a file that only its owner can read, apart from the
// user's own.
import { chmod, mkdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Run } from '../../tooling/run.ts';
import { kubeconfigFileOf } from './names.ts';

/**
 * Absolute path of the kubeconfig of a stack's cluster: providers run in the folder of the project.
 */
export const kubeconfigPathOf = (stack: string): string => resolve(kubeconfigFileOf(stack));

/** Asks k3d for the kubeconfig of the cluster, writes it to its file, and says where that is. */
export const writeKubeconfig = async (run: Run, cluster: string, stack: string): Promise<string> =>
  saveKubeconfig(stack, await run('k3d', ['kubeconfig', 'get', cluster]));

/** Writes the kubeconfig of a stack to its file, and says where that is. */
export async function saveKubeconfig(stack: string, content: string): Promise<string> {
  const path = kubeconfigPathOf(stack);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(path, content, { mode: 0o600 });
  await chmod(path, 0o600); // the mode above counts only for a new file
  return path;
}

/** Removes the file and its folders, as far as they are empty. */
export async function removeKubeconfig(stack: string): Promise<void> {
  const path = kubeconfigPathOf(stack);
  await rm(path, { force: true });
  for (const folder of [dirname(path), dirname(dirname(path))]) await rmdir(folder).catch(() => undefined);
}
