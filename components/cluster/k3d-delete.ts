// Deletes a k3d cluster and looks that nothing of it is left: containers, volumes, network, registry.
// No import of modules at the top but plain functions: Pulumi serializes these into the stack's state.
import { clusterLabel, containersOf } from './containers.ts';
import { contextOf } from './names.ts';
import type { Run } from './run.ts';

const lines = (printed: string): readonly string[] => printed.split(/\s+/).filter((line) => line !== '');

/** Deletes the cluster; one that is gone already is no error. k3d does most, what it leaves is swept up. */
export async function deleteK3dCluster(run: Run, cluster: string): Promise<void> {
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

  // A filter by name matches parts of names too.
  const networks = await docker('network', 'ls', '--format', '{{.Name}}', '--filter', `name=${contextOf(cluster)}`);
  if (networks.includes(contextOf(cluster))) await docker('network', 'rm', contextOf(cluster));
}
