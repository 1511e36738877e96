// The ingress controller of a k3d cluster, Traefik, for 10,000 users: its settings as the
// HelmChartConfig that k3s merges into its own chart, applied only where that kind exists.
import { stringify } from 'yaml';
import { Kubectl } from '../../tooling/cluster/kubectl.ts';
import { waitFor } from '../../tooling/poll.ts';
import { type Run, runWithin } from '../../tooling/run.ts';
import type { DynamicProvider } from '../dynamic-provider.ts';

/** How long Traefik keeps idle connections to pods: less than the pods do (apps/shared/keep-alive.ts). */
export const IDLE_SECONDS = 90;
/** Connections to a pod that stay open between requests: as many as there may be users. */
const USERS = 10_000;
/** Time to connect to a pod. The default of 30 s is how long a request would wait for one that is gone. */
const DIAL_SECONDS = 5;
/** API pods that one Traefik serves. */
const PODS_PER_REPLICA = 5;

/** Number of Traefik pods. @param apiPods API pods without load @param nodes nodes of the cluster */
export const traefikReplicas = (apiPods: number, nodes: number): number =>
  Math.max(1, Math.min(nodes, Math.ceil(apiPods / PODS_PER_REPLICA)));

/**
 * The manifest.
 * @see https://docs.k3s.io/helm#customizing-packaged-components-with-helmchartconfig
 */
export function traefikConfig(replicas: number): object {
  const transport = {
    // By default, 200: with more concurrent requests to a pod, each of the others would open a new connection.
    maxIdleConnsPerHost: USERS,
    'forwardingTimeouts.idleConnTimeout': `${IDLE_SECONDS}s`,
    'forwardingTimeouts.dialTimeout': `${DIAL_SECONDS}s`,
  };
  const values = {
    deployment: { replicas },
    additionalArguments: Object.entries(transport).map(([name, value]) => `--serversTransport.${name}=${value}`),
  };
  return {
    apiVersion: 'helm.cattle.io/v1',
    kind: 'HelmChartConfig',
    metadata: { name: 'traefik', namespace: 'kube-system' },
    spec: { valuesContent: stringify(values) },
  };
}

/** Where it is applied, and what. */
export interface TraefikInputs {
  readonly kubeconfig: string;
  readonly context: string;
  /** Changes with each cluster. */
  readonly identity: string;
  readonly replicas: number;
}

/** What is known once it is applied. */
export interface TraefikState extends TraefikInputs {
  /** Whether the cluster knows the kind. */
  readonly applied: boolean;
}

const CRD = 'helmchartconfigs.helm.cattle.io';
/** k3s registers its own kinds shortly after its API answers. */
const CRD_SECONDS = 60;

const kubectlOf = (run: Run, { kubeconfig, context }: TraefikInputs) =>
  new Kubectl({ kubeconfigPath: kubeconfig, context }, run);

/** Applies it, if the cluster is k3s. */
export async function applyTraefik(run: Run, inputs: TraefikInputs): Promise<TraefikState> {
  const kubectl = kubectlOf(run, inputs);
  const { serverVersion } = JSON.parse(await kubectl.text(['version', '--output=json'])) as {
    readonly serverVersion?: { readonly gitVersion?: string };
  };
  if (!serverVersion?.gitVersion?.includes('+k3s')) return { ...inputs, applied: false };
  const known = () => kubectl.text(['get', 'crd', CRD, '--ignore-not-found', '--output=name']);
  await waitFor(`k3s registers ${CRD}`, known, { within: CRD_SECONDS });
  await kubectl.text(['apply', '--filename=-'], { input: JSON.stringify(traefikConfig(inputs.replicas)) });
  return { ...inputs, applied: true };
}

const run = runWithin(120_000);

export const provider: DynamicProvider<TraefikInputs, TraefikState> = {
  async diff(_id, olds, news) {
    return { changes: olds.identity !== news.identity || olds.replicas !== news.replicas };
  },
  async create(inputs) {
    return { id: inputs.context, outs: await applyTraefik(run, inputs) };
  },
  async update(_id, _olds, news) {
    return { outs: await applyTraefik(run, news) };
  },
  async delete(_id, state) {
    if (state.applied)
      await kubectlOf(run, state).text(['delete', CRD, 'traefik', '--namespace=kube-system', '--ignore-not-found']);
  },
};
