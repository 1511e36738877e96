// Network policies: everything is refused in the stack's namespaces, except what the table of flows allows.
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../../config/schema.ts';
import type { Where } from '../kubernetes/credentials.ts';
import { type Labels, labelsOf, selectorOf } from '../kubernetes/labels.ts';
import { apiNamespaceOf } from '../kubernetes/namespaces.ts';
import { type Flow, flowsOf, type Pod, podsOf } from './flows.ts';

type Spec = k8s.types.input.networking.v1.NetworkPolicySpec;
type Peer = k8s.types.input.networking.v1.NetworkPolicyPeer;
type Party = Flow['from'];

/** One policy, as a name and what it says. */
export interface Policy {
  readonly name: string;
  readonly where: Where;
  readonly spec: Spec;
}

const inNamespace = (name: string) => ({ matchLabels: { 'kubernetes.io/metadata.name': name } });

/** Names are resolved by the cluster's DNS, or by the cache of it that some clusters run on each node at this address. */
export const ALLOW_DNS: Spec = {
  podSelector: {},
  policyTypes: ['Egress'],
  egress: [
    {
      to: [{ namespaceSelector: inNamespace('kube-system') }, { ipBlock: { cidr: '169.254.20.10/32' } }],
      ports: [
        { protocol: 'UDP', port: 53 },
        { protocol: 'TCP', port: 53 },
      ],
    },
  ],
};

/** Refuses everything, in and out, for every pod of the namespace. */
export const DENY_ALL: Spec = { podSelector: {}, policyTypes: ['Ingress', 'Egress'] };

/** Whom a rule names; undefined stands for everybody. */
function peer(party: Party, main: string): Peer | undefined {
  switch (party) {
    case 'anyone':
    case 'external':
      // By name or by address, inside or outside: policies know no names. The port is what limits it.
      return undefined;
    case 'keda':
      return { namespaceSelector: inNamespace('keda'), podSelector: { matchLabels: { app: 'keda-operator' } } };
    case 'monitoring':
      return { namespaceSelector: inNamespace(`${main}-monitoring`) };
    default:
      return {
        namespaceSelector: inNamespace(whereIs(party) === 'api' ? apiNamespaceOf(main) : main),
        podSelector: { matchLabels: { ...selectorOf(party) } },
      };
  }
}

const whereIs = (pod: Pod): Where => (pod === 'api' ? 'api' : 'main');

const portOf = ({ port }: Flow) => [{ protocol: 'TCP', port }];

/** What one pod may do. */
function policyOf(pod: Pod, flows: readonly Flow[], main: string): Spec {
  return {
    podSelector: { matchLabels: { ...selectorOf(pod) } },
    policyTypes: ['Ingress', 'Egress'],
    ingress: flows
      .filter(({ to }) => to === pod)
      .map((flow) => {
        const from = peer(flow.from, main);
        return { ...(from && { from: [from] }), ports: portOf(flow) };
      }),
    egress: flows
      .filter(({ from }) => from === pod)
      .map((flow) => {
        const to = peer(flow.to, main);
        return { ...(to && { to: [to] }), ports: portOf(flow) };
      }),
  };
}

/** The policies of a stack: deny everything and allow DNS in both namespaces, then one a pod. */
export function policiesOf(config: StackConfig): readonly Policy[] {
  const flows = flowsOf(config);
  const everywhere = (['main', 'api'] as const).flatMap((where) => [
    { name: 'deny-all', where, spec: DENY_ALL },
    { name: 'allow-dns', where, spec: ALLOW_DNS },
  ]);
  const pods = [...podsOf(config)].map((pod) => ({
    name: pod,
    where: whereIs(pod),
    spec: policyOf(pod, flows, config.cluster.namespace),
  }));
  return [...everywhere, ...pods];
}

/** Arguments of NetworkPolicies. */
export interface NetworkPoliciesArgs {
  readonly config: StackConfig;
  /** Names of the namespaces. */
  readonly namespaces: Readonly<Record<Where, pulumi.Input<string>>>;
}

/** Default deny, and the allowed flows. Make them before the pods: a pod that starts without is open until they come. */
export class NetworkPolicies extends pulumi.ComponentResource {
  constructor(name: string, args: NetworkPoliciesArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:network:NetworkPolicies', name, {}, opts);
    const labels: Labels = labelsOf(name);
    for (const { name: policy, where, spec } of policiesOf(args.config))
      new k8s.networking.v1.NetworkPolicy(
        `${name}-${where}-${policy}`,
        { metadata: { name: policy, namespace: args.namespaces[where], labels: { ...labels } }, spec },
        { parent: this },
      );
    this.registerOutputs({});
  }
}
