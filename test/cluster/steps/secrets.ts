// No secret is in clear: not in Pulumi's state or outputs, not in what kubectl shows of pods, not in logs.

import type { List } from '../../../tooling/cluster/kubectl.ts';
import { CommandError } from '../../../tooling/run.ts';
import type { Step } from '../context.ts';
import type { RunningStack } from '../running-stack.ts';
import { leaks, passwordsOf, type Secret } from '../secrets.ts';

export const hidden: Step = async ({ check, pulumi, ...context }) => {
  const stack = await context.stack();
  const namespaces = [stack.namespace, stack.apiNamespace];
  const lists = await Promise.all(namespaces.map((one) => stack.kubectl.get<List<Secret>>(one, 'secrets')));
  const passwords = passwordsOf(lists.flatMap(({ items }) => items));
  check('the servers have passwords', passwords.length > 0, `${passwords.length} different ones`);

  const texts: Record<string, string> = { ...(await pulumi.visible()) };
  for (const namespace of namespaces) {
    const show = (...args: string[]) => stack.kubectl.text([...args, '--namespace', namespace]);
    texts[`kubectl describe pods in ${namespace}`] = await show('describe', 'pods');
    texts[`objects in ${namespace}`] = await show(
      'get',
      'deployments,statefulsets,jobs,configmaps,pods',
      '--output',
      'yaml',
    );
  }
  Object.assign(texts, await logs(stack));
  const found = leaks(texts, passwords);
  check(
    'no password is in clear or base64 anywhere',
    found.length === 0,
    found.length > 0 ? `in ${found.join(', ')}` : `${Object.keys(texts).length} texts searched`,
  );
};

/** Everything that the containers have logged, by pod. */
async function logs(stack: RunningStack): Promise<Readonly<Record<string, string>>> {
  const texts: Record<string, string> = {};
  for (const { metadata } of await stack.pods()) {
    const namespace = stack.namespaceOf(metadata.labels?.['app.kubernetes.io/name'] ?? '');
    texts[`log of ${metadata.name}`] = await stack.kubectl
      .text(['logs', '--namespace', namespace, metadata.name, '--all-containers'])
      .catch((error) => {
        if (error instanceof CommandError) return ''; // it is gone, or has not begun
        throw error;
      });
  }
  return texts;
}
