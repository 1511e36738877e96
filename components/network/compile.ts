// Compiles a table of flows into network policies. Whatever no flow allows is refused.
import type * as k8s from '@pulumi/kubernetes';
import { selectorOf } from '../kubernetes/labels.ts';
import { apiNamespaceOf, monitoringNamespaceOf } from '../kubernetes/namespaces.ts';

/** What a policy says. */
export type PolicySpec = k8s.types.input.networking.v1.NetworkPolicySpec;
type Peer = k8s.types.input.networking.v1.NetworkPolicyPeer;

/**
 * Parties that are not pods of a table:
 * - `anyone`: any client, since the namespace of the ingress controller differs between clusters
 * - `external`: servers outside the cluster
 * - `keda`: KEDA's operator
 * - `monitoring`: every pod of the monitoring's namespace
 * - `stack`: every pod of the stack's main and API namespaces
 * - `nodes`: the nodes and the Kubernetes API
 * - `pod-identity`: the agent on each node of EKS that gives pods their credentials
 */
const OUTSIDERS = ['anyone', 'external', 'keda', 'monitoring', 'stack', 'nodes', 'pod-identity'] as const;
/** One of them. */
export type Outsider = (typeof OUTSIDERS)[number];

/** Whether a party is not a pod. */
export const isOutsider = (party: string): party is Outsider => (OUTSIDERS as readonly string[]).includes(party);

/** One allowed connection; `from` opens it. */
export interface Flow<Pod extends string> {
  readonly from: Pod | Outsider;
  readonly to: Pod | Outsider;
  /** TCP port of `to`. */
  readonly port: number;
}

/** Flows of some pods. */
export interface FlowTable<Pod extends string> {
  /** Pods, each of which gets a policy. */
  readonly pods: Iterable<Pod>;
  readonly flows: readonly Flow<Pod>[];
  /** Namespace of a pod. @default that of the policies */
  readonly namespaceOf?: (pod: Pod) => string;
}

const inNamespace = (name: string): Peer => ({
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
});

/**
 * Peers by outsider. None stands for everyone: a policy cannot name a host, and the addresses of
 * nodes and clients are unknown. The port is then the only limit.
 */
const peersOfOutsiders = (main: string): Readonly<Record<Outsider, readonly Peer[]>> => ({
  anyone: [],
  external: [],
  nodes: [],
  keda: [{ ...inNamespace('keda'), podSelector: { matchLabels: { app: 'keda-operator' } } }],
  monitoring: [inNamespace(monitoringNamespaceOf(main))],
  stack: [main, apiNamespaceOf(main)].map(inNamespace),
  'pod-identity': [{ ipBlock: { cidr: '169.254.170.23/32' } }],
});

/** Policies that every namespace has, by name. */
export const DEFAULT_POLICIES: Readonly<Record<string, PolicySpec>> = {
  'deny-all': { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
  'allow-dns': {
    podSelector: {},
    policyTypes: ['Egress'],
    egress: [
      {
        // The address is that of the DNS cache that some clusters run on each node.
        to: [inNamespace('kube-system'), { ipBlock: { cidr: '169.254.20.10/32' } }],
        ports: [
          { protocol: 'UDP', port: 53 },
          { protocol: 'TCP', port: 53 },
        ],
      },
    ],
  },
};

/**
 * One policy for each pod, by the pod's name. It has rules of both directions even where a list is
 * empty, so that a missing flow closes a pod instead of opening it.
 *
 * @param main `cluster:namespace`
 */
export function compilePolicies<Pod extends string>(
  { pods, flows, namespaceOf }: FlowTable<Pod>,
  main: string,
): Readonly<Record<Pod, PolicySpec>> {
  const outsiders = peersOfOutsiders(main);
  const peersOf = (party: Pod | Outsider): readonly Peer[] =>
    isOutsider(party)
      ? outsiders[party]
      : [
          {
            ...(namespaceOf && inNamespace(namespaceOf(party))),
            podSelector: { matchLabels: { ...selectorOf(party) } },
          },
        ];
  const rule = (direction: 'from' | 'to', { [direction]: party, port }: Flow<Pod>) => {
    const peers = peersOf(party);
    return { ...(peers.length > 0 && { [direction]: [...peers] }), ports: [{ protocol: 'TCP', port }] };
  };
  const policy = (pod: Pod): PolicySpec => ({
    podSelector: { matchLabels: { ...selectorOf(pod) } },
    policyTypes: ['Ingress', 'Egress'],
    ingress: flows.filter(({ to }) => to === pod).map((flow) => rule('from', flow)),
    egress: flows.filter(({ from }) => from === pod).map((flow) => rule('to', flow)),
  });
  return Object.fromEntries([...pods].map((pod) => [pod, policy(pod)])) as Record<Pod, PolicySpec>;
}
