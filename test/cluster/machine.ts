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

/** Name of the run's k3d cluster. */
export const clusterOf = (stack: string): string => `breakwater-e2e-${stack}`;
