// NodeSysctls: kernel settings in the network namespace of each k3d node and of the load balancer,
// which accepts the users' connections. Docker forgets them when a container restarts, so each
// preview checks whether they are still there.
import { type Run, runWithin } from '../../tooling/run.ts';
import type { DynamicProvider } from '../dynamic-provider.ts';
import { type ContainerState, containersOf } from './containers.ts';
import { complaint, normal, readSysctls, sameSysctls, setSysctls, within } from './proc-sys.ts';
import type { Sysctls } from './sysctls.ts';

/** What is set, and where. */
export interface NodeSysctlsInputs {
  /** Name of the k3d cluster. */
  readonly cluster: string;
  /** Changes when a container of the cluster is added or replaced. */
  readonly containers: string;
  readonly sysctls: Sysctls;
}

/** What is known once they are set. */
export interface NodeSysctlsState extends NodeSysctlsInputs {
  /** What the settings were before. */
  readonly previous: Sysctls;
}

const nodesOf = async (run: Run, cluster: string): Promise<readonly ContainerState[]> =>
  (await containersOf(run, cluster)).filter(({ role, running }) => running && role !== 'registry');

/**
 * Sets the settings on every node.
 *
 * @param previous values before, which are restored where a setting is no longer wanted
 */
export async function applyNodeSysctls(
  run: Run,
  inputs: NodeSysctlsInputs,
  previous: Sysctls,
): Promise<NodeSysctlsState> {
  const { cluster, sysctls } = inputs;
  const nodes = await nodesOf(run, cluster);
  const server = nodes.find(({ role }) => role === 'server');
  if (server === undefined)
    throw new Error(`the k3d cluster ${cluster} has no running server: k3d cluster start ${cluster}`);
  const unknown = Object.keys(sysctls).filter((name) => previous[name] === undefined);
  const known = { ...previous, ...(await readSysctls(run, within(server.name), unknown)) };
  const back = Object.fromEntries(Object.entries(previous).filter(([name]) => sysctls[name] === undefined));

  const complaints = await Promise.all(
    nodes.map(async ({ name, role }) => {
      const unset = await setSysctls(run, within(name), { ...back, ...sysctls });
      // The load balancer does not route, so its kernel settings for routing may be missing.
      return complaint(name, role === 'loadbalancer' ? { ...unset, missing: [] } : unset);
    }),
  );
  const said = complaints.filter((text) => text !== '');
  if (said.length > 0) throw new Error(`cluster:sysctls: ${said.join('; ')}`);
  return {
    ...inputs,
    previous: Object.fromEntries(Object.entries(known).filter(([name]) => sysctls[name] !== undefined)),
  };
}

/** Whether a node has lost a setting, as it does when its container restarts. */
export async function hasDrifted(run: Run, { cluster, sysctls }: NodeSysctlsInputs): Promise<boolean> {
  const nodes = await nodesOf(run, cluster);
  const drifts = await Promise.all(
    nodes.map(async ({ name, role }) => {
      const now = await readSysctls(run, within(name), Object.keys(sysctls));
      return Object.entries(normal(sysctls)).some(([key, value]) =>
        now[key] === undefined ? role !== 'loadbalancer' : now[key] !== value,
      );
    }),
  );
  return drifts.includes(true);
}

/** Limit of a command. */
const COMMAND_MS = 600_000;
const run = runWithin(COMMAND_MS);

export const provider: DynamicProvider<NodeSysctlsInputs, NodeSysctlsState> = {
  async diff(_id, olds, news) {
    const same = olds.containers === news.containers && sameSysctls(olds.sysctls, news.sysctls);
    const replaces = olds.cluster === news.cluster ? [] : ['cluster'];
    return { replaces, changes: !same || (await hasDrifted(run, news).catch(() => false)) };
  },
  async create(inputs) {
    return { id: inputs.cluster, outs: await applyNodeSysctls(run, inputs, {}) };
  },
  async update(_id, olds, news) {
    return { outs: await applyNodeSysctls(run, news, olds.previous) };
  },
  async delete(_id, state) {
    // With the cluster gone there is nothing to restore.
    if ((await nodesOf(run, state.cluster)).length === 0) return;
    await applyNodeSysctls(run, { ...state, sysctls: {} }, state.previous);
  },
};
