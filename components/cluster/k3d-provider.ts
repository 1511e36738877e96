// What a k3d cluster does when Pulumi checks, compares, creates, reads, updates or deletes it.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Run, runWithin } from '../../tooling/run.ts';
import type { DynamicProvider } from '../dynamic-provider.ts';
import {
  addAgent,
  agentsOf,
  askRefusal,
  forgetGoneAgents,
  labelStorageAgents,
  planAgents,
  removeAgents,
  untilApiAnswers,
} from './agents.ts';
import { type ContainerState, clusterLabel, containersOf } from './containers.ts';
import { ensureImageCaches } from './image-cache.ts';
import { helperImages, type K3dInputs, k3dConfig, loadBalancerPorts, registriesConfig } from './k3d-config.ts';
import { kubeconfigPathOf, removeKubeconfig, writeKubeconfig } from './kubeconfig-file.ts';
import { portsDiffer, replaceLoadBalancer } from './load-balancer.ts';
import { contextOf, loadBalancerOf } from './names.ts';

/** What `check` adds to the inputs. */
export interface CheckedK3dInputs extends K3dInputs {
  /**
   * Changes with each cluster that is created, even under the same name, because the new one is
   * empty. It is an input, so that a preview knows that a change in place keeps it.
   */
  readonly identity: string;
  /** Absolute path of the kubeconfig. Absent until the cluster is there. */
  readonly kubeconfigPath?: string;
}

/** What is known of a cluster once it is there. */
export interface K3dState extends CheckedK3dInputs {
  readonly kubeconfigPath: string;
  /**
   * Changes when a container is added or replaced, so that what is set on each container is set on
   * the new one too.
   */
  readonly containers: string;
}

/**
 * Keys whose change replaces the cluster and loses its data. Of the image only the version counts,
 * not the registry.
 */
const FIXED = ['name', 'stack', 'servers', 'apiPort', 'registryPort'] as const;
/** Keys whose change happens in place. */
const IN_PLACE = ['agents', 'hostAddress', 'httpPort', 'nodePortHostPort', 'nodePort', 'brokerPorts'] as const;

/** Version of an image, without its digest: `v1.34.9-k3s1`. */
const versionOf = (image: string): string => image.split('@')[0]!.split(':').at(-1)!;

/** What a change of the inputs means. */
export function compare(old: K3dInputs, wanted: K3dInputs): { readonly replaces: string[]; readonly changes: boolean } {
  const replaces: string[] = FIXED.filter((key) => old[key] !== wanted[key]);
  if (versionOf(old.image) !== versionOf(wanted.image)) replaces.push('image');
  const differs = (key: keyof K3dInputs) => !isDeepStrictEqual(old[key], wanted[key]);
  return { replaces, changes: replaces.length > 0 || IN_PLACE.some(differs) };
}

/** The state from the containers. Writes the kubeconfig to its file. */
async function stateOf(run: Run, inputs: CheckedK3dInputs, containers: readonly ContainerState[]): Promise<K3dState> {
  const kubeconfigPath = await writeKubeconfig(run, inputs.name, inputs.stack);
  const nodes = containers.filter(({ role }) => role !== 'registry').map(({ id }) => id.slice(0, 12));
  return { ...inputs, kubeconfigPath, containers: nodes.sort().join(' ') };
}

/** Completes the inputs, so that a preview knows what stays when the cluster does. */
export async function completeInputs(
  run: Run,
  old: CheckedK3dInputs | undefined,
  wanted: K3dInputs,
): Promise<CheckedK3dInputs> {
  if (old === undefined || compare(old, wanted).replaces.length > 0)
    return { ...wanted, identity: randomBytes(4).toString('hex') };
  const kubeconfigPath = kubeconfigPathOf(wanted.stack);
  // The file was deleted by hand.
  if (!existsSync(kubeconfigPath)) await writeKubeconfig(run, wanted.name, wanted.stack).catch(() => undefined);
  return { ...wanted, identity: old.identity, kubeconfigPath };
}

/** Problems that only the running cluster knows, found at preview: agents that hold data. */
export async function checkCluster(run: Run, old: K3dInputs | undefined, wanted: K3dInputs): Promise<string> {
  if (old === undefined || wanted.agents >= old.agents || compare(old, wanted).replaces.length > 0) return '';
  const { remove } = planAgents(agentsOf(old.name, await containersOf(run, old.name)), wanted.agents);
  return askRefusal(run, kubeconfigPathOf(old.stack), wanted.agents, remove);
}

/** Whether nothing is left of a cluster that is in the state. */
export const isGone = async (run: Run, name: string): Promise<boolean> => (await containersOf(run, name)).length === 0;

/**
 * Creates the cluster. One that fails half-way is removed again; one that exists already is left
 * alone.
 */
export async function createCluster(run: Run, inputs: CheckedK3dInputs): Promise<K3dState> {
  const { name, stack } = inputs;
  if ((await containersOf(run, name)).length > 0)
    throw new Error(
      `there is a k3d cluster ${name} already, which this stack's state does not know. If nobody needs it, delete it and its data (k3d cluster delete ${name}) and run this again`,
    );

  const directory = await mkdtemp(join(tmpdir(), 'breakwater-'));
  try {
    const registries = join(directory, 'registries.yaml');
    const config = join(directory, 'k3d.yaml');
    await writeFile(registries, JSON.stringify(registriesConfig(inputs)));
    await writeFile(config, JSON.stringify(k3dConfig(inputs, registries)));
    if (inputs.cacheImage !== undefined) await ensureImageCaches(run, inputs.cacheImage);
    const version = /v(\d\S*)/.exec(await run('k3d', ['version']))?.[1] ?? '';
    await run('k3d', ['cluster', 'create', `--config=${config}`], {
      // TMPDIR: k3d leaves a copy of its config there. KUBECONFIG: k3d must not write to the
      // user's.
      env: { ...helperImages(inputs.mirror, version), TMPDIR: directory, KUBECONFIG: join(directory, 'none') },
    });
    const containers = await containersOf(run, name);
    const state = await stateOf(run, inputs, containers);
    await untilApiAnswers(run, state.kubeconfigPath);
    await labelStorageAgents(run, state.kubeconfigPath, agentsOf(name, containers));
    return state;
  } catch (error) {
    await deleteCluster(run, name, stack).catch(() => undefined);
    throw error;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** What there is now; undefined when the cluster is gone. */
export async function readCluster(run: Run, known: K3dState): Promise<K3dState | undefined> {
  const containers = await containersOf(run, known.name);
  const servers = containers.filter(({ role }) => role === 'server');
  if (servers.length === 0) {
    await removeKubeconfig(known.stack);
    return undefined;
  }
  if (servers.some(({ running }) => !running))
    throw new Error(`the k3d cluster ${known.name} is stopped: start it with k3d cluster start ${known.name}`);
  const found = { ...known, agents: agentsOf(known.name, containers).length };
  return stateOf(run, found, containers);
}

/**
 * Changes agents and ports in place. It starts from what exists, so that it can be repeated after a
 * failure half-way.
 */
export async function updateCluster(run: Run, wanted: CheckedK3dInputs): Promise<K3dState> {
  const { name, stack } = wanted;
  const before = await containersOf(run, name);
  const balancer = before.find((container) => container.name === loadBalancerOf(name));
  if (balancer === undefined)
    throw new Error(`the k3d cluster ${name} is gone or has lost its load balancer: run pulumi refresh first`);
  const path = await writeKubeconfig(run, name, stack);
  const { add, remove } = planAgents(agentsOf(name, before), wanted.agents);
  const reason = await askRefusal(run, path, wanted.agents, remove);
  if (reason !== '') throw new Error(reason);

  if (portsDiffer(balancer.ports, loadBalancerPorts(wanted))) {
    await replaceLoadBalancer(run, balancer, wanted);
    await untilApiAnswers(run, path);
  }
  // First, because a server refuses an agent with the name of an existing Node object.
  await forgetGoneAgents(run, path, name, agentsOf(name, before));
  for (const index of add) await addAgent(run, name, index);
  await removeAgents(run, path, remove);

  const after = await containersOf(run, name);
  await labelStorageAgents(run, path, agentsOf(name, after));
  return stateOf(run, wanted, after);
}

const lines = (printed: string): readonly string[] => printed.split(/\s+/).filter((line) => line !== '');

/** k3d deletes most; what it leaves is removed here: containers, volumes, network, registry. */
async function deleteK3dCluster(run: Run, cluster: string): Promise<void> {
  const docker = async (...args: readonly string[]) => lines(await run('docker', args));
  const filter = ['--filter', `label=${clusterLabel(cluster)}`];

  const before = await containersOf(run, cluster);
  const held = before.flatMap(({ volumes }) => volumes);
  if (before.length > 0) await run('k3d', ['cluster', 'delete', cluster]);

  const containers = await docker('ps', '--all', '--quiet', ...filter);
  if (containers.length > 0) await docker('rm', '--force', '--volumes', ...containers);

  const labelled = await docker('volume', 'ls', '--quiet', ...filter);
  const existing = new Set(await docker('volume', 'ls', '--quiet'));
  const volumes = [...new Set([...held, ...labelled])].filter((volume) => existing.has(volume));
  if (volumes.length > 0) await docker('volume', 'rm', '--force', ...volumes);

  // Docker's filter also matches parts of names.
  const network = contextOf(cluster);
  const networks = await docker('network', 'ls', '--format', '{{.Name}}', '--filter', `name=${network}`);
  if (!networks.includes(network)) return;
  // k3d leaves the network where more than one registry outlives the cluster: the image caches.
  const names = '{{range .Containers}}{{.Name}} {{end}}';
  for (const container of await docker('network', 'inspect', '--format', names, network))
    await docker('network', 'disconnect', '--force', network, container);
  await docker('network', 'rm', network);
}

/** Deletes the cluster with everything that belongs to it. It may be gone already. */
export async function deleteCluster(run: Run, name: string, stack: string): Promise<void> {
  // k3d would remove the cluster from the user's kubeconfig, which it never was in.
  const apart: Run = (command, args, options) =>
    run(command, args, { ...options, env: { ...options?.env, KUBECONFIG: join(tmpdir(), 'breakwater-none') } });
  await deleteK3dCluster(apart, name);
  await removeKubeconfig(stack);
}

/** Limit of a command that has none of its own. */
const COMMAND_MS = 600_000;
const run = runWithin(COMMAND_MS);

export const provider: DynamicProvider<CheckedK3dInputs, K3dState> = {
  async check(olds, news) {
    const old = olds?.name === undefined ? undefined : olds;
    const inputs = await completeInputs(run, old, news);
    // A cluster that does not answer is not refused: the update asks again.
    const reason = await checkCluster(run, old, inputs).catch(() => '');
    return { inputs, failures: reason === '' ? [] : [{ property: 'agents', reason }] };
  },
  async diff(_id, olds, news) {
    const { replaces, changes } = compare(olds, news);
    // Deleted by hand and not refreshed since. A Docker engine that does not answer proves nothing.
    const gone = await isGone(run, olds.name).catch(() => false);
    // Two clusters cannot have the same name and ports at the same time.
    return { changes: changes || gone, replaces: gone ? [...replaces, 'name'] : replaces, deleteBeforeReplace: true };
  },
  async create(inputs) {
    return { id: inputs.name, outs: await createCluster(run, inputs) };
  },
  async read(id, state) {
    const found = await readCluster(run, state!);
    return found === undefined ? { id: '', props: undefined } : { id, props: found };
  },
  async update(_id, _olds, news) {
    return { outs: await updateCluster(run, news) };
  },
  async delete(_id, state) {
    await deleteCluster(run, state.name, state.stack);
  },
};
