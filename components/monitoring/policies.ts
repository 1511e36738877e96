// Who connects to whom in the monitoring's namespace: the table that its network policies are
// compiled from. Whatever is not in it is refused.
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
import { issuerEnds, SIGN_ON_PORT } from '../kubernetes/sign-on.ts';
import { METRICS_PORT } from '../kubernetes/workload.ts';
import { compilePolicies, DEFAULT_POLICIES, type Flow, type Outsider, type PolicySpec } from '../network/compile.ts';

const PODS = ['prometheus', 'alertmanager', 'grafana', 'loki', 'alloy'] as const;

/** Pods of the monitoring. */
export type MonitoringPod = (typeof PODS)[number];

type End = readonly [to: MonitoringPod | Outsider, port: number];

/** The Kubernetes API, through its Service and directly. */
const KUBERNETES_API: readonly End[] = [
  ['nodes', 443],
  ['nodes', 6443],
];
const KUBELET_PORT = 10_250;

const between = (from: MonitoringPod, ends: readonly End[]): readonly Flow<MonitoringPod>[] =>
  ends.map(([to, port]) => ({ from, to, port }));

/** Part of the stack config that decides. */
type FlowsConfig = Pick<StackConfig, 'monitoring' | 'sso'>;

/** Every connection that the monitoring needs. */
export const monitoringFlows = ({ monitoring, sso }: FlowsConfig): readonly Flow<MonitoringPod>[] => [
  // Users open Grafana, whose login asks the issuer, and KEDA queries the latency.
  { from: 'anyone', to: 'grafana', port: sso.issuer === undefined ? GRAFANA_PORT : SIGN_ON_PORT },
  ...between('grafana', issuerEnds(sso)),
  { from: 'keda', to: 'prometheus', port: PROMETHEUS_PORT },

  ...between('prometheus', [
    ['stack', METRICS_PORT],
    ['stack', REDIS_EXPORTER_PORT],
    ['stack', MONGO_EXPORTER_PORT],
    ['nodes', KUBELET_PORT],
    ...KUBERNETES_API,
    ['alertmanager', ALERTMANAGER_PORT],
    ['grafana', GRAFANA_PORT],
    ['loki', LOKI_PORT],
    ['alloy', ALLOY_PORT],
  ]),
  ...between('grafana', [
    ['prometheus', PROMETHEUS_PORT],
    ['alertmanager', ALERTMANAGER_PORT],
    ['loki', LOKI_PORT],
  ]),
  // It reads logs from the Kubernetes API, so it needs no connection to the pods.
  ...between('alloy', [['loki', LOKI_PORT], ...KUBERNETES_API]),
  ...between(
    'alertmanager',
    monitoring.alertWebhook === undefined
      ? []
      : [
          ['external', 80],
          ['external', 443],
        ],
  ),
];

/** The policies of the monitoring's namespace, by name. */
export const monitoringPolicies = (
  config: FlowsConfig & Pick<StackConfig, 'cluster'>,
): Readonly<Record<string, PolicySpec>> => ({
  ...DEFAULT_POLICIES,
  ...compilePolicies({ pods: PODS, flows: monitoringFlows(config) }, config.cluster.namespace),
});
