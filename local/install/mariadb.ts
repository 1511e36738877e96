// Where MariaDB comes from: the PATH, or the distribution's package unpacked in the cache.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findProgram } from '../../tooling/programs.ts';
import { ServerUnavailableError } from '../errors.ts';
import { debianTree } from './debian.ts';
import type { InstallOptions } from './options.ts';

const PACKAGES = ['mariadb-server-core', 'libc6', 'libgcc-s1', 'libstdc++6'];

interface MariaDbProgram {
  readonly command: readonly string[];
  /** Folder of messages, character sets and the statements that make the system tables. */
  readonly share: string;
  readonly origin: string;
}

/** @throws ServerUnavailableError if there is none to be had */
export async function installMariaDb(options: InstallOptions): Promise<MariaDbProgram> {
  const program = findProgram('mariadbd', options.env?.PATH);
  if (program) return { command: [program], share: shareOf(program), origin: `MariaDB: ${program}, found on the PATH` };
  if (process.platform === 'darwin')
    throw new ServerUnavailableError("no mariadbd on the PATH: run 'brew install mariadb'");
  const { cacheDir, log } = options;
  const tree = await debianTree({ label: 'mariadb', packages: PACKAGES, cacheDir, log });
  const unpacked = join(tree.root, 'usr', 'sbin', 'mariadbd');
  return {
    command: tree.command(unpacked),
    share: shareOf(unpacked),
    origin: `MariaDB: Debian's package of ${tree.suite}, unpacked in the cache (no mariadbd on the PATH)`,
  };
}

/** @throws ServerUnavailableError */
function shareOf(program: string): string {
  const share = ['mariadb', 'mysql']
    .map((name) => join(dirname(program), '..', 'share', name))
    .find((folder) => existsSync(join(folder, systemTables(folder)[0]!)));
  if (share === undefined) throw new ServerUnavailableError(`${program} has no share folder with its system tables`);
  return share;
}

/** The files that make the system tables; before MariaDB 11 they are called after MySQL. */
export function systemTables(share: string): readonly string[] {
  const brand = existsSync(join(share, 'mariadb_system_tables.sql')) ? 'mariadb' : 'mysql';
  return [`${brand}_system_tables.sql`, `${brand}_system_tables_data.sql`];
}
