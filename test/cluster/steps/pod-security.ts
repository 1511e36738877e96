// Pod Security: what the namespaces enforce, and that a privileged pod is refused where nothing unsafe was asked for.
import { podSecurityLevel } from '../../../components/cluster/sysctls.ts';
import { CommandError } from '../../../tooling/run.ts';
import type { Step } from '../context.ts';
import { privilegedPod } from '../outsider.ts';

const ENFORCE = 'pod-security.kubernetes.io/enforce';

export const podSecurity: Step = async ({ check, pulumi, ...context }) => {
  const stack = await context.stack();
  const { kubectl, namespace, apiNamespace } = stack;
  const { image } = (await stack.deployment('api')).spec.template.spec.containers[0]!;
  const levels = new Map([
    [namespace, 'restricted'],
    // Kernel settings that are not safe loosen the API's namespace, and no other.
    [apiNamespace, podSecurityLevel(pulumi.config.cluster.sysctls)],
  ]);
  for (const [name, level] of levels) {
    const { metadata } = await kubectl.get<{ metadata: { labels: Record<string, string> } }>(
      'default',
      `namespace/${name}`,
    );
    check(`${name} enforces ${level}`, metadata.labels[ENFORCE] === level, metadata.labels[ENFORCE] ?? 'nothing');
    const answer = await kubectl
      .text(['apply', '--dry-run=server', '--namespace', name, '--filename', '-'], {
        input: JSON.stringify(privilegedPod(image)),
      })
      .catch((error) => {
        if (error instanceof CommandError) return error.output;
        throw error;
      });
    const refused = /violates PodSecurity/.test(answer);
    if (level === 'restricted') check(`${name} refuses a privileged pod`, refused, answer.trim().slice(0, 160));
    else
      check(`${name} lets a privileged pod in, which its kernel settings need`, !refused, answer.trim().slice(0, 160));
  }
};
