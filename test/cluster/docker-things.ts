// What Docker holds on this machine, to tell what a run has left behind.
import { run } from '../../loadtest/cluster/command.ts';

const LISTS = {
  container: ['ps', '--all', '--format', '{{.Names}}'],
  volume: ['volume', 'ls', '--format', '{{.Name}}'],
  network: ['network', 'ls', '--format', '{{.Name}}'],
} as const;

/** Containers, volumes and networks, as `container k3d-x-server-0`. Nothing where there is no Docker. */
export async function dockerThings(): Promise<readonly string[]> {
  const lists = await Promise.all(
    Object.entries(LISTS).map(async ([kind, args]) => {
      const names = await run('docker', args);
      return names.split('\n').flatMap((name) => (name === '' ? [] : [`${kind} ${name}`]));
    }),
  );
  return lists.flat().sort();
}

/** What is there now and was not. */
export const newThings = (before: readonly string[], now: readonly string[]): readonly string[] =>
  now.filter((thing) => !before.includes(thing));
