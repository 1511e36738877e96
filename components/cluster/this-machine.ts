// What the cluster needs to know about this machine: its kernel settings and the path of the user's
// kubeconfig.
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/**
 * The value of a kernel setting of this machine; undefined where it cannot be read, as on macOS and
 * Windows, where Docker runs in a virtual machine.
 */
export function readOnThisMachine(name: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8').trim();
  } catch {
    return undefined;
  }
}

const mentions = (file: string, context: string): boolean => {
  try {
    return readFileSync(file, 'utf8').includes(context);
  } catch {
    return false;
  }
};

/**
 * Path of the user's kubeconfig: `KUBECONFIG`, else `~/.kube/config`. Of a list of files, the first
 * one with the context.
 */
export function kubeconfigWith(context: string, environment: NodeJS.ProcessEnv = process.env): string {
  const files = (environment.KUBECONFIG ?? '').split(delimiter).filter((file) => file !== '');
  return (
    files.find((file) => files.length === 1 || mentions(file, context)) ??
    files[0] ??
    join(homedir(), '.kube', 'config')
  );
}
