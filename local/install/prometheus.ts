// Where Prometheus and its promtool come from: the PATH, or the distribution's package unpacked in
// the cache.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../../tooling/programs.ts';
import { ServerUnavailableError } from '../errors.ts';
import { debianTree } from './debian.ts';
import type { InstallOptions } from './options.ts';

/** What the package holds that we use. */
type PrometheusProgram = 'prometheus' | 'promtool';

/** A program and how it was found. */
interface FoundProgram {
  /** The command and its first arguments. */
  readonly command: readonly [string, ...string[]];
  /** One line: which was chosen and why. */
  readonly origin: string;
}

/** @throws ServerUnavailableError saying what to do where there is none to be had */
export async function findPrometheus(program: PrometheusProgram, options: InstallOptions = {}): Promise<FoundProgram> {
  const { cacheDir, env = {}, log } = options;
  const found = findProgram(program, env.PATH);
  if (found) return { command: [found], origin: `Prometheus: ${found}, found on the PATH` };
  if (process.platform === 'darwin')
    throw new ServerUnavailableError(`no ${program} on the PATH: run 'brew install prometheus'`);
  // Older suites have both in one package, newer ones promtool in a package of its own.
  const unpack = (name: string) => debianTree({ label: name, packages: [name, 'libc6'], cacheDir, log });
  const inTree = (root: string) => join(root, 'usr', 'bin', program);
  let tree = await unpack('prometheus');
  if (!existsSync(inTree(tree.root))) tree = await unpack(program);
  const [command, ...args] = tree.command(inTree(tree.root));
  return {
    command: [command!, ...args],
    origin: `Prometheus: Debian's package of ${tree.suite}, unpacked in the cache (none on the PATH)`,
  };
}
