// Names of a stack's k3d cluster and of everything that belongs to it.
import { createHash } from 'node:crypto';

/** k3d refuses longer names, because it makes host names from them. */
const LONGEST_NAME = 32;

/** Label of the agents that pods with volumes run on. */
export const STORAGE_LABEL = 'breakwater/storage';

/** How many agents hold volumes: one for each of three replicas. */
export const STORAGE_AGENTS = 3;

/**
 * Name of the stack's k3d cluster: `breakwater-<stack>`, in characters that host names allow. A
 * name that is too long is cut and made unique by a checksum.
 */
export function clusterNameOf(stack: string): string {
  const plain = stack
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  const name = `breakwater-${plain}`;
  if (name.length <= LONGEST_NAME && plain === stack) return name;
  const checksum = createHash('sha256').update(stack).digest('hex').slice(0, 6);
  return `${name.slice(0, LONGEST_NAME - 7).replace(/-+$/, '')}-${checksum}`;
}

/** Context of the cluster in its kubeconfig, and name of its Docker network. */
export const contextOf = (cluster: string): string => `k3d-${cluster}`;

/** Container of the cluster's image registry. */
export const registryContainerOf = (cluster: string): string => `k3d-${cluster}-registry`;

/** Container of the load balancer, which the ports of this machine lead to. */
export const loadBalancerOf = (cluster: string): string => `k3d-${cluster}-serverlb`;

/** Containers of the servers. */
export const serversOf = (cluster: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `k3d-${cluster}-server-${index}`);

/** Where the kubeconfig of the stack's cluster is, relative to the project. */
export const kubeconfigFileOf = (stack: string): string => `.breakwater/${stack}/kubeconfig`;
