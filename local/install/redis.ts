// Where Redis comes from: the PATH, or the distribution's package unpacked in the cache.
import { join } from 'node:path';
import { findProgram } from '../../tooling/programs.ts';
import { ServerUnavailableError } from '../errors.ts';
import { debianTree } from './debian.ts';
import type { InstallOptions } from './options.ts';

/** Environment variable with the address of a Redis to use instead of starting one. */
export const redisVariable = 'BREAKWATER_REDIS_URL';

const PACKAGES = ['redis-tools', 'redis-server', 'libc6', 'libgcc-s1'];

/**
 * The command that starts Redis, and how it was found.
 *
 * @throws ServerUnavailableError if there is none to be had
 */
export async function installRedis(
  options: InstallOptions,
): Promise<{ readonly command: readonly string[]; readonly origin: string }> {
  const program = findProgram('redis-server', options.env?.PATH);
  if (program) return { command: [program], origin: `Redis: ${program}, found on the PATH` };
  if (process.platform === 'darwin')
    throw new ServerUnavailableError(`no redis-server on the PATH: run 'brew install redis', or set ${redisVariable}`);
  const { cacheDir, log } = options;
  const tree = await debianTree({ label: 'redis', packages: PACKAGES, cacheDir, log });
  return {
    command: tree.command(join(tree.root, 'usr', 'bin', 'redis-server')),
    origin: `Redis: Debian's package of ${tree.suite}, unpacked in the cache (no redis-server on the PATH)`,
  };
}
