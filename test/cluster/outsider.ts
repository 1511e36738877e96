// A pod that belongs to nobody, and the calls that it and others try: for the negative tests of policies.
import { randomUUID } from 'node:crypto';
import type { Kubectl } from '../../tooling/cluster/kubectl.ts';
import { waitFor } from '../../tooling/poll.ts';

/** Tries to connect to each `host:port`, and prints which answered: JSON, in a pod that has Node. */
export const connectScript = (targets: readonly string[], afterMs = 0): string => `
import { connect } from 'node:net';
const open = (target) => new Promise((resolve) => {
  const [host, port] = target.split(':');
  const socket = connect({ host, port: Number(port) });
  const end = (answer) => { socket.destroy(); resolve([target, answer]); };
  socket.once('connect', () => end(true)).once('error', () => end(false));
  setTimeout(() => end(false), 4000);
});
await new Promise((resolve) => setTimeout(resolve, ${afterMs}));
console.log(JSON.stringify(Object.fromEntries(await Promise.all(${JSON.stringify(targets)}.map(open)))));`;

/** A pod that Pod Security lets in anywhere. @param image one that has Node */
export const outsiderPod = (name: string, image: string, source: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { 'e2e/outsider': 'true' } },
  spec: {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    securityContext: { runAsNonRoot: true, runAsUser: 10_001, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'outsider',
        image,
        command: ['node', '--input-type=module', '--eval', source],
        resources: { limits: { memory: '96Mi' }, requests: { memory: '96Mi', cpu: '10m' } },
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      },
    ],
  },
});

/** What a privileged pod looks like, which no namespace of ours may let in. */
export const privilegedPod = (image: string) => {
  const pod = outsiderPod('privileged', image, '');
  const [container] = pod.spec.containers;
  return {
    ...pod,
    spec: { ...pod.spec, hostNetwork: true, containers: [{ ...container, securityContext: { privileged: true } }] },
  };
};

/** Network policies take a moment to hold for a new pod. */
const SETTLE_MS = 6000;

/** Lets a pod of nobody try to connect. @returns which targets answered */
export async function asOutsider(
  kubectl: Kubectl,
  namespace: string,
  image: string,
  targets: readonly string[],
): Promise<Readonly<Record<string, boolean>>> {
  const name = `outsider-${randomUUID().slice(0, 8)}`;
  const manifest = JSON.stringify(outsiderPod(name, image, connectScript(targets, SETTLE_MS)));
  try {
    await kubectl.text(['apply', '--namespace', namespace, '--filename', '-'], { input: manifest });
    await waitFor(
      `the pod ${name} ends`,
      async () => {
        const { status } = await kubectl.get<{ status: { phase: string } }>(namespace, `pod/${name}`);
        return ['Succeeded', 'Failed'].includes(status.phase);
      },
      { within: 90 },
    );
    return JSON.parse(await kubectl.text(['logs', '--namespace', namespace, name]));
  } finally {
    await kubectl.text([
      'delete',
      'pod',
      '--namespace',
      namespace,
      name,
      '--ignore-not-found',
      '--wait=false',
      '--grace-period=0',
      '--force',
    ]);
  }
}
