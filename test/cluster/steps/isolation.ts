// Isolation: network policies admit only traffic that the stack needs, Pod Security only safe pods.
import { randomUUID } from 'node:crypto';
import { podSecurityLevel } from '../../../components/cluster/sysctls.ts';
import type { Kubectl } from '../../../tooling/cluster/kubectl.ts';
import { waitFor } from '../../../tooling/poll.ts';
import { CommandError } from '../../../tooling/run.ts';
import type { Context, Step } from '../context.ts';
import type { RunningStack } from '../running-stack.ts';

/** A namespace without policies of its own. */
const OUTSIDE = 'e2e-outsider';

export const network: Step = async (context) => {
  const stack = await context.stack();
  const { kubectl, namespace } = stack;
  const { image } = (await stack.deployment('api')).spec.template.spec.containers[0]!;
  const ports = portsOf(context, stack);
  const all = [...ports.api, ...ports.others];

  const api = JSON.parse(await stack.script('api', 'deployment/api', connectScript(all))) as Record<string, boolean>;
  expectOpen(context, 'the API reaches its servers', api, ports.api);
  expectClosed(context, 'the API reaches nothing else', api, ports.others);

  await kubectl.text(['create', 'namespace', OUTSIDE]);
  try {
    const outside = await asOutsider(kubectl, OUTSIDE, image, [...all, 'kubernetes.default.svc:443']);
    expectOpen(context, 'a pod in another namespace has network access', outside, ['kubernetes.default.svc:443']);
    expectClosed(context, 'a pod in another namespace reaches no server', outside, all);
  } finally {
    await kubectl.text(['delete', 'namespace', OUTSIDE, '--ignore-not-found', '--wait=false']);
  }
  const among = await asOutsider(kubectl, namespace, image, all);
  expectClosed(context, 'an unknown pod in the namespace reaches no server', among, all);
};

/** Ports of the servers: those that the API needs, and the others. */
function portsOf({ pulumi }: Context, { namespace }: RunningStack) {
  const { queue, gate } = pulumi.config;
  const at = (service: string, port: number) => `${service}.${namespace}.svc:${port}`;
  const broker = (port: number) => at('kafka-0.kafka-brokers', port);
  const kafka = queue.kind === 'kafka';
  return {
    api: [at('redis', 6379), at('gate', gate.port), ...(kafka ? [at('kafka', 9092)] : [])],
    others: [at('mongo', 27_017), ...(kafka ? [broker(9093), broker(9094)] : [])],
  };
}

type Answers = Readonly<Record<string, boolean>>;

const expectOpen = ({ check }: Context, name: string, answers: Answers, targets: readonly string[]): void =>
  check(
    name,
    targets.every((target) => answers[target]),
    targets.map((target) => `${target} ${answers[target] ? 'open' : 'closed'}`).join(', '),
  );

const expectClosed = ({ check }: Context, name: string, answers: Answers, targets: readonly string[]): void => {
  const open = targets.filter((target) => answers[target] !== false);
  check(name, open.length === 0, open.length === 0 ? `${targets.length} ports closed` : `open: ${open.join(', ')}`);
};

const ENFORCE = 'pod-security.kubernetes.io/enforce';

export const podSecurity: Step = async ({ check, pulumi, ...context }) => {
  const stack = await context.stack();
  const { kubectl, namespace, apiNamespace } = stack;
  const { image } = (await stack.deployment('api')).spec.template.spec.containers[0]!;
  const levels = new Map([
    [namespace, 'restricted'],
    // Unsafe kernel settings lower the level of the API's namespace only.
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
      check(`${name} admits a privileged pod, as its kernel settings require`, !refused, answer.trim().slice(0, 160));
  }
};

/** A Node script that connects to each `host:port` and prints as JSON which ones answered. */
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

/** A pod that Pod Security admits in any namespace. @param image one with Node */
const outsiderPod = (name: string, image: string, source: string) => ({
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

/** A pod that Pod Security must refuse. */
const privilegedPod = (image: string) => {
  const pod = outsiderPod('privileged', image, '');
  const [container] = pod.spec.containers;
  return {
    ...pod,
    spec: { ...pod.spec, hostNetwork: true, containers: [{ ...container, securityContext: { privileged: true } }] },
  };
};

/** Network policies take a moment to apply to a new pod. */
const SETTLE_MS = 6000;

/** Connects from a pod that belongs to no component. @returns which targets answered */
async function asOutsider(
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
