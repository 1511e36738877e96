// This machine: the repository, its npm scripts, and the Docker objects of a run.
import { join } from 'node:path';
import { run } from '../../tooling/run.ts';

/** Root folder of the repository. */
export const REPOSITORY = join(import.meta.dirname, '..', '..');

/** Runs `npm run <script>` as a user would. @throws CommandError */
export const npmRun = (
  script: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<string> => run('npm', ['run', '--silent', script, '--', ...args], { cwd: REPOSITORY, env });

const LISTS = {
  container: ['ps', '--all', '--format', '{{.Names}}'],
  volume: ['volume', 'ls', '--format', '{{.Name}}'],
  network: ['network', 'ls', '--format', '{{.Name}}'],
} as const;

/** Containers, volumes and networks, as `container k3d-x-server-0`. */
async function dockerObjects(): Promise<readonly string[]> {
  const lists = await Promise.all(
    Object.entries(LISTS).map(async ([kind, args]) => {
      const names = await run('docker', args);
      return names.split('\n').flatMap((name) => (name === '' ? [] : [`${kind} ${name}`]));
    }),
  );
  return lists.flat().sort();
}

/** Docker objects of the run's k3d cluster. All carry its name (components/cluster/names.ts). */
export const dockerObjectsOf = async (stack: string): Promise<readonly string[]> =>
  (await dockerObjects()).filter((object) => object.includes(clusterOf(stack)));

/** Memory of the containers of the run's k3d cluster, the nodes with all their pods, in words. */
export const clusterMemory = async (stack: string): Promise<string> =>
  memoryInWords(
    await run('docker', ['stats', '--no-stream', '--format', '{{.Name}}\t{{.MemUsage}}']),
    clusterOf(stack),
  );

const MEBIBYTES: Readonly<Record<string, number>> = { B: 2 ** -20, KiB: 2 ** -10, MiB: 1, GiB: 2 ** 10 };

/** @param printed `docker stats` in the format above: `k3d-x-server-0⇥1.5GiB / 15.6GiB` */
export function memoryInWords(printed: string, cluster: string): string {
  const containers = printed.split('\n').flatMap((line) => {
    const [, name, number, unit] = /^k3d-(\S+)\t([\d.]+)([KMG]?i?B) /.exec(line) ?? [];
    return name?.startsWith(`${cluster}-`)
      ? [{ name: name.slice(cluster.length + 1), mib: Number(number) * MEBIBYTES[unit!]! }]
      : [];
  });
  const each = containers.map(({ name, mib }) => `${name} ${Math.round(mib)}`).sort();
  return `${Math.round(containers.reduce((sum, { mib }) => sum + mib, 0))} MiB: ${each.join(', ')}`;
}

/** Name of the run's k3d cluster. */
export const clusterOf = (stack: string): string => `breakwater-e2e-${stack}`;
