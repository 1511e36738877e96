// This machine: where the program is, its npm scripts, and what Docker holds.
import { join } from 'node:path';
import { run } from '../../tooling/run.ts';

/** Root folder of the program. */
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
async function dockerThings(): Promise<readonly string[]> {
  const lists = await Promise.all(
    Object.entries(LISTS).map(async ([kind, args]) => {
      const names = await run('docker', args);
      return names.split('\n').flatMap((name) => (name === '' ? [] : [`${kind} ${name}`]));
    }),
  );
  return lists.flat().sort();
}

/** What Docker holds of the k3d cluster that a stack makes; its name is in all of it (components/cluster/names.ts). */
export const belongings = async (stack: string): Promise<readonly string[]> =>
  (await dockerThings()).filter((thing) => thing.includes(clusterOf(stack)));

/** Name of the k3d cluster of a run. */
export const clusterOf = (stack: string): string => `breakwater-e2e-${stack}`;
