// Who talks to whom in the monitoring's namespace; what is not in this table is refused.
import type * as k8s from '@pulumi/kubernetes';
import type { StackConfig } from '../../config/schema.ts';
import {
  ALERTMANAGER_PORT,
  ALLOY_PORT,
  GRAFANA_PORT,
  LOKI_PORT,
  MONGO_EXPORTER_PORT,
  PROMETHEUS_PORT,
  REDIS_EXPORTER_PORT,
} from '../../monitoring/ports.ts';
import { selectorOf } from '../kubernetes/labels.ts';
import { METRICS_PORT } from '../kubernetes/workload.ts';

type Spec = k8s.types.input.networking.v1.NetworkPolicySpec;
type Peer = k8s.types.input.networking.v1.NetworkPolicyPeer;

/** Pods of the monitoring. */
export type MonitoringPod = 'prometheus' | 'alertmanager' | 'grafana' | 'loki' | 'alloy';

/**
 * Who is not: anybody (the ingress, whose namespace differs from cluster to cluster), KEDA, the stack's own namespaces, the nodes
 * and the Kubernetes API (which policies know by address only, and we don't), and the world.
 */
type Outsider = 'anyone' | 'keda' | 'stack' | 'nodes' | 'world';

/** One allowed connection, by who opens it. */
export interface MonitoringFlow {
  readonly from: MonitoringPod | Outsider;
  readonly to: MonitoringPod | Outsider;
  readonly port: number;
}

const PODS: readonly MonitoringPod[] = ['prometheus', 'alertmanager', 'grafana', 'loki', 'alloy'];
/** The Kubernetes API, behind its Service and by itself. */
const API_PORTS = [443, 6443];
const KUBELET_PORT = 10_250;

const to = (from: MonitoringPod, ends: readonly (readonly [MonitoringFlow['to'], number])[]): MonitoringFlow[] =>
  ends.map(([end, port]) => ({ from, to: end, port }));

/** Every connection that the monitoring needs. */
export const monitoringFlows = ({ monitoring }: Pick<StackConfig, 'monitoring'>): readonly MonitoringFlow[] => [
  // People look at Grafana, and KEDA asks for the latency.
  { from: 'anyone', to: 'grafana', port: GRAFANA_PORT },
  { from: 'keda', to: 'prometheus', port: PROMETHEUS_PORT },

  ...to('prometheus', [
    ['stack', METRICS_PORT],
    ['stack', REDIS_EXPORTER_PORT],
    ['stack', MONGO_EXPORTER_PORT],
    ['nodes', KUBELET_PORT],
    ...API_PORTS.map((port) => ['nodes', port] as const),
    ['alertmanager', ALERTMANAGER_PORT],
    ['grafana', GRAFANA_PORT],
    ['loki', LOKI_PORT],
    ['alloy', ALLOY_PORT],
  ]),
  ...to('grafana', [
    ['prometheus', PROMETHEUS_PORT],
    ['alertmanager', ALERTMANAGER_PORT],
    ['loki', LOKI_PORT],
  ]),
  ...to('alloy', [['loki', LOKI_PORT], ...API_PORTS.map((port) => ['nodes', port] as const)]),
  // The log of a pod is read from the Kubernetes API, so Alloy needs no way to the pods.
  ...(monitoring.alertWebhook === undefined
    ? []
    : to(
        'alertmanager',
        [80, 443].map((port) => ['world', port]),
      )),
];

const inNamespace = (name: string) => ({ matchLabels: { 'kubernetes.io/metadata.name': name } });

/** Whom a rule names; none stands for everybody. */
function peers(party: MonitoringFlow['from'], watched: readonly string[]): readonly Peer[] {
  switch (party) {
    case 'anyone':
    case 'nodes':
    case 'world':
      return [];
    case 'keda':
      return [{ namespaceSelector: inNamespace('keda'), podSelector: { matchLabels: { app: 'keda-operator' } } }];
    case 'stack':
      return watched.map((name) => ({ namespaceSelector: inNamespace(name) }));
    default:
      return [{ podSelector: { matchLabels: { ...selectorOf(party) } } }];
  }
}

/** The policies by name: one a pod. @param watched the stack's own namespaces */
export function monitoringPolicies(
  config: Pick<StackConfig, 'monitoring'>,
  watched: readonly string[],
): Readonly<Record<string, Spec>> {
  const flows = monitoringFlows(config);
  const policy = (pod: MonitoringPod): Spec => ({
    podSelector: { matchLabels: { ...selectorOf(pod) } },
    policyTypes: ['Ingress', 'Egress'],
    ingress: flows
      .filter((flow) => flow.to === pod)
      .map(({ from, port }) => {
        const named = peers(from, watched);
        return { ...(named.length > 0 && { from: [...named] }), ports: [{ protocol: 'TCP', port }] };
      }),
    egress: flows
      .filter((flow) => flow.from === pod)
      .map(({ to: end, port }) => {
        const named = peers(end, watched);
        return { ...(named.length > 0 && { to: [...named] }), ports: [{ protocol: 'TCP', port }] };
      }),
  });
  return Object.fromEntries(PODS.map((pod) => [pod, policy(pod)]));
}
