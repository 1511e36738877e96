// Network policies: those who must get through, and nobody else does.
import type { Context, Step } from '../context.ts';
import { asOutsider, connectScript } from '../outsider.ts';
import type { RunningStack } from '../running-stack.ts';

/** A namespace without policies, so that only those of ours stand in the way. */
const NOWHERE = 'e2e-outsider';

export const network: Step = async (context) => {
  const stack = await context.stack();
  const { kubectl, namespace } = stack;
  const { image } = (await stack.deployment('api')).spec.template.spec.containers[0]!;
  const ports = portsOf(context, stack);
  const all = [...ports.api, ...ports.others];

  const api = JSON.parse(await stack.script('api', 'deployment/api', connectScript(all))) as Record<string, boolean>;
  expectOpen(context, 'the API reaches its servers', api, ports.api);
  expectShut(context, 'the API reaches nothing else', api, ports.others);

  await kubectl.text(['create', 'namespace', NOWHERE]);
  try {
    const outside = await asOutsider(kubectl, NOWHERE, image, [...all, 'kubernetes.default.svc:443']);
    expectOpen(context, 'a pod elsewhere has a network', outside, ['kubernetes.default.svc:443']);
    expectShut(context, 'a pod elsewhere reaches no server', outside, all);
  } finally {
    await kubectl.text(['delete', 'namespace', NOWHERE, '--ignore-not-found', '--wait=false']);
  }
  const among = await asOutsider(kubectl, namespace, image, all);
  expectShut(context, 'a pod of nobody among them reaches no server', among, all);
};

/** The ports of the servers: those that the API needs, and all others. */
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
    targets.map((target) => `${target} ${answers[target] ? 'open' : 'shut'}`).join(', '),
  );

const expectShut = ({ check }: Context, name: string, answers: Answers, targets: readonly string[]): void => {
  const open = targets.filter((target) => answers[target] !== false);
  check(name, open.length === 0, open.length === 0 ? `${targets.length} ports shut` : `open: ${open.join(', ')}`);
};
