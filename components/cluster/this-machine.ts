// What the cluster needs to know of this machine: its kernel settings and where the user's kubeconfig is.
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/**
 * The value of a kernel setting of this machine; undefined where it can't be read. Where Docker runs in a virtual machine (macOS,
 * Windows), it can't.
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
 * Path of the user's kubeconfig: `KUBECONFIG`, else `~/.kube/config`. Of a list of files it is the first that has the context.
 */
export function kubeconfigWith(context: string, environment: NodeJS.ProcessEnv = process.env): string {
  const files = (environment.KUBECONFIG ?? '').split(delimiter).filter((file) => file !== '');
  return (
    files.find((file) => files.length === 1 || mentions(file, context)) ??
    files[0] ??
    join(homedir(), '.kube', 'config')
  );
}
