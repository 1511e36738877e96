// The agents of a k3d cluster: which are too many or too few, which must stay because of what they
// hold, and how they are added and removed.
import { Kubectl } from '../../tooling/cluster/kubectl.ts';
import { waitFor } from '../../tooling/poll.ts';
import type { Run } from '../../tooling/run.ts';
import type { ContainerState } from './containers.ts';
import { OPEN_FILES } from './k3d-config.ts';
import { STORAGE_AGENTS, STORAGE_LABEL } from './names.ts';

/** Time in which the pods of an agent must have left it. */
const DRAIN_SECONDS = 180;
/** Limit of each command while agents are removed. */
const REMOVE_MS = (DRAIN_SECONDS + 60) * 1000;
/**
 * Time in which the Kubernetes API must answer once a cluster, or its load balancer, has been made.
 */
const API_SECONDS = 90;

/** An agent's container and its ordinal. */
interface Agent {
  readonly name: string;
  readonly index: number;
}

/** What changes the number of agents to the one that is wanted. */
interface AgentPlan {
  /** Ordinals of the agents to create. */
  readonly add: readonly number[];
  /** Names of the agents to remove, the last first. */
  readonly remove: readonly string[];
}

/** A claim whose volume is on a node. */
interface HeldVolume {
  readonly node: string;
  /** `namespace/name` of the claim. */
  readonly claim: string;
}

/**
 * The agents among a cluster's containers, in order. One that k3d adds later as number 3 is named
 * `…-agent-3-0`.
 */
export function agentsOf(cluster: string, containers: readonly ContainerState[]): readonly Agent[] {
  const start = `k3d-${cluster}-agent-`;
  return containers
    .filter(({ name, role }) => role === 'agent' && name.startsWith(start))
    .map(({ name }) => ({ name, index: Number.parseInt(name.slice(start.length), 10) }))
    .sort((a, b) => a.index - b.index);
}

/**
 * Removes the highest ordinals and fills gaps first, so that the first agents, which hold the
 * volumes, stay.
 */
export function planAgents(agents: readonly Agent[], wanted: number): AgentPlan {
  const free = Array.from({ length: wanted + agents.length }, (_, index) => index).filter(
    (place) => !agents.some(({ index }) => index === place),
  );
  return {
    add: free.slice(0, Math.max(0, wanted - agents.length)),
    remove: agents
      .slice(wanted)
      .map(({ name }) => name)
      .reverse(),
  };
}

interface VolumeList {
  readonly items: readonly {
    readonly spec: {
      readonly claimRef?: { readonly namespace: string; readonly name: string };
      readonly nodeAffinity?: {
        readonly required?: {
          readonly nodeSelectorTerms: readonly {
            readonly matchExpressions?: readonly { readonly key: string; readonly values?: readonly string[] }[];
          }[];
        };
      };
    };
  }[];
}

/**
 * The claims whose volumes are on one of the nodes.
 *
 * @param printed by `kubectl get persistentvolumes`
 */
export function heldVolumes(printed: string, nodes: readonly string[]): readonly HeldVolume[] {
  return (JSON.parse(printed) as VolumeList).items.flatMap(({ spec }) => {
    const terms = spec.nodeAffinity?.required?.nodeSelectorTerms ?? [];
    const hosts = terms
      .flatMap(({ matchExpressions = [] }) => matchExpressions)
      .flatMap(({ key, values = [] }) => (key === 'kubernetes.io/hostname' ? values : []));
    const { claimRef } = spec;
    if (claimRef === undefined) return [];
    return nodes
      .filter((node) => hosts.includes(node))
      .map((node) => ({ node, claim: `${claimRef.namespace}/${claimRef.name}` }));
  });
}

/** Why agents cannot be removed: each with the claims that it holds. Empty when they can. */
export function refusal(wanted: number, held: readonly HeldVolume[]): string {
  const nodes = [...new Set(held.map(({ node }) => node))];
  if (nodes.length === 0) return '';
  const list = nodes.map((node) => {
    const claims = held.filter((volume) => volume.node === node).map(({ claim }) => claim);
    return `${node} holds ${claims.length === 1 ? 'the volume' : 'the volumes'} of ${claims.join(', ')}`;
  });
  return `cluster:agents ${wanted} would remove agents that hold data: ${list.join('; ')}. Keep them, or delete first what uses the claims, and then the claims (kubectl delete pvc): their data is lost`;
}

/** kubectl against the cluster and no other. */
const kubectlOf = (run: Run, kubeconfigPath: string): Kubectl =>
  new Kubectl({ kubeconfigPath, requestTimeoutSeconds: 30 }, run);

/**
 * Waits until the Kubernetes API answers through the load balancer, which takes some seconds to
 * start.
 */
export async function untilApiAnswers(run: Run, kubeconfigPath: string, within = API_SECONDS): Promise<void> {
  const kubectl = new Kubectl({ kubeconfigPath, requestTimeoutSeconds: 5 }, run);
  const answers = () => kubectl.text(['get', '--raw=/readyz']).then(() => true);
  await waitFor('the Kubernetes API answers', answers, { within });
}

/** Asks the cluster why the agents cannot be removed. Empty when they can. */
export async function askRefusal(
  run: Run,
  kubeconfig: string,
  wanted: number,
  remove: readonly string[],
): Promise<string> {
  if (remove.length === 0) return '';
  const volumes = await kubectlOf(run, kubeconfig).text(['get', 'persistentvolumes', '--output=json']);
  return refusal(wanted, heldVolumes(volumes, remove));
}

/**
 * Adds an agent like the others: k3d copies image, arguments, token and registries from one of
 * them, but not the limits.
 */
export const addAgent = (run: Run, cluster: string, index: number): Promise<string> =>
  run('k3d', [
    'node',
    'create',
    `${cluster}-agent-${index}`,
    `--cluster=${cluster}`,
    '--role=agent',
    `--runtime-ulimit=nofile=${OPEN_FILES}:${OPEN_FILES}`,
    '--timeout=180s',
  ]);

/**
 * Drains the agents and deletes them with their Node objects. If one cannot be drained, the
 * remaining ones accept pods again.
 */
export async function removeAgents(run: Run, kubeconfig: string, names: readonly string[]): Promise<void> {
  const call = (...args: string[]) => kubectlOf(run, kubeconfig).text(args, { timeoutMs: REMOVE_MS });
  if (names.length === 0) return;
  // All of them first, so that the pods of one do not move to the next.
  await call('cordon', ...names);
  const left = [...names];
  try {
    for (const name of names) {
      await kubectlDrain(run, kubeconfig, name);
      await run('k3d', ['node', 'delete', name]);
      left.shift();
      await call('delete', 'node', name, '--ignore-not-found');
    }
  } catch (error) {
    if (left.length > 0) await call('uncordon', ...left).catch(() => undefined);
    throw error;
  }
}

/** Moves the pods away. Without a request timeout: a drain watches for minutes. */
const kubectlDrain = (run: Run, kubeconfigPath: string, name: string): Promise<string> =>
  new Kubectl({ kubeconfigPath }, run).text(
    ['drain', name, '--ignore-daemonsets', '--delete-emptydir-data', '--force', `--timeout=${DRAIN_SECONDS}s`],
    { timeoutMs: REMOVE_MS },
  );

/**
 * Labels the agents that pods with volumes run on. k3d cannot do it: an agent added later would
 * inherit the label.
 */
export async function labelStorageAgents(run: Run, kubeconfig: string, agents: readonly Agent[]): Promise<void> {
  const names = agents.filter(({ index }) => index < STORAGE_AGENTS).map(({ name }) => name);
  if (names.length > 0)
    await kubectlOf(run, kubeconfig).text(['label', '--overwrite', 'node', ...names, `${STORAGE_LABEL}=true`]);
}

/** Deletes the Node objects of agents whose containers are gone: Kubernetes keeps them. */
export async function forgetGoneAgents(
  run: Run,
  kubeconfig: string,
  cluster: string,
  agents: readonly Agent[],
): Promise<void> {
  const kubectl = kubectlOf(run, kubeconfig);
  const printed = await kubectl.text(['get', 'nodes', '--output=jsonpath={.items[*].metadata.name}']);
  const gone = printed
    .split(/\s+/)
    .filter((node) => node.startsWith(`k3d-${cluster}-agent-`) && !agents.some(({ name }) => name === node));
  if (gone.length > 0) await kubectl.text(['delete', 'node', ...gone, '--ignore-not-found']);
}
