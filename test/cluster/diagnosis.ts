// What the cluster shows after a failed step, saved beside the report before the clean-up deletes it.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kubectl, List } from '../../tooling/cluster/kubectl.ts';
import { CommandError } from '../../tooling/run.ts';
import { isReady, type Pod, restarts } from './running-stack.ts';

/** Lines of the log of each container. */
const LOG_LINES = 2_000;

type NamespacedPod = Pod & { readonly metadata: { readonly namespace: string } };

/**
 * Writes the events, `kubectl describe` of the pods that are not ready, and the logs of all pods.
 * Where kubectl fails, the file holds its error.
 *
 * @param namespaces whose pods are saved @default all
 * @param folder is created
 */
export async function saveDiagnosis(kubectl: Kubectl, folder: string, namespaces?: readonly string[]): Promise<void> {
  await mkdir(join(folder, 'logs'), { recursive: true });
  const save = async (file: string, ...args: readonly string[]) => {
    const text = await kubectl.text(args).catch((error: unknown) => {
      if (!(error instanceof CommandError)) throw error;
      return error.output || error.message;
    });
    await writeFile(join(folder, file), text);
  };
  await save('events.txt', 'get', 'events', '--all-namespaces', '--sort-by=.lastTimestamp');
  await save('pods.txt', 'get', 'pods', '--all-namespaces', '--output=wide');
  const list = await kubectl.get<List<NamespacedPod>>('default', 'pods', '--all-namespaces');
  const pods = list.items.filter(({ metadata }) => namespaces?.includes(metadata.namespace) ?? true);
  for (const pod of pods) {
    const { name, namespace } = pod.metadata;
    const of = ['--namespace', namespace, name];
    if (!isReady(pod) && pod.status.phase !== 'Succeeded')
      await save(`${namespace}.${name}.txt`, 'describe', 'pod', ...of);
    const logs = ['logs', ...of, '--all-containers', '--prefix', `--tail=${LOG_LINES}`];
    await save(`logs/${namespace}.${name}.log`, ...logs);
    if (restarts([pod]) > 0) await save(`logs/${namespace}.${name}.previous.log`, ...logs, '--previous');
  }
}
