// Changes the ports of the cluster's load balancer. Docker cannot change the ports of a container,
// so a new one replaces it. (k3d's own `cluster edit` does the same, but loses the limit of open
// files and cannot remove a port before k3d 5.9.)
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Run } from '../../tooling/run.ts';
import type { ContainerState } from './containers.ts';
import { type K3dInputs, loadBalancerPorts, loadBalancerValues, OPEN_FILES, type PortMapping } from './k3d-config.ts';
import { contextOf } from './names.ts';

/** The load balancer's config: which port leads where. */
const VALUES_FILE = '/etc/confd/values.yaml';

const keyOf = ({ address, hostPort, nodePort }: PortMapping): string => `${address}:${hostPort}:${nodePort}`;

/** Whether the load balancer's ports are not the ones that are wanted. */
export function portsDiffer(now: readonly PortMapping[], wanted: readonly PortMapping[]): boolean {
  const have = new Set(now.map(keyOf));
  return now.length !== wanted.length || wanted.some((port) => !have.has(keyOf(port)));
}

/** Arguments of `docker create` for a load balancer like the old one, with other ports. */
export function createArguments(old: ContainerState, inputs: K3dInputs): readonly string[] {
  const { labels, environment, binds, image, name } = old;
  return [
    'create',
    `--name=${name}`,
    `--hostname=${name}`,
    `--network=${contextOf(inputs.name)}`,
    '--restart=unless-stopped',
    '--init',
    '--privileged',
    '--userns=host',
    '--tmpfs=/run',
    '--tmpfs=/var/run',
    `--ulimit=nofile=${OPEN_FILES}:${OPEN_FILES}`,
    ...Object.entries(labels).map(([key, value]) => `--label=${key}=${value}`),
    ...environment.map((variable) => `--env=${variable}`),
    ...binds.map((bind) => `--volume=${bind}`),
    ...loadBalancerPorts(inputs).map((port) => `--publish=${keyOf(port)}`),
    image,
  ];
}

/** Writes the config into the container before it is started. */
async function writeValues(run: Run, container: string, values: string): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-'));
  try {
    const file = join(directory, 'values.yaml');
    await writeFile(file, values);
    await run('docker', ['cp', file, `${container}:${VALUES_FILE}`]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/**
 * Replaces the load balancer by one with the ports that are wanted. Connections break, and new ones
 * wait a few seconds. If the new one cannot start (a port is taken), the old one is started again.
 */
export async function replaceLoadBalancer(run: Run, old: ContainerState, inputs: K3dInputs): Promise<void> {
  const aside = `${old.name}-old`;
  const docker = (...args: readonly string[]) => run('docker', args);
  await docker('rename', old.name, aside);
  try {
    await docker(...createArguments(old, inputs));
    await writeValues(run, old.name, loadBalancerValues(inputs));
    await docker('stop', '--time=2', aside);
    await docker('start', old.name);
  } catch (error) {
    await docker('rm', '--force', '--volumes', old.name).catch(() => undefined);
    await docker('rename', aside, old.name);
    await docker('start', old.name);
    throw error;
  }
  await docker('rm', '--force', '--volumes', aside);
}
