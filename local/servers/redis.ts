// Redis for the local run: a real redis-server that keeps its data in an append-only file.
import { mkdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { redisSettings } from '../../config/servers.ts';
import { claimPort } from '../../tooling/ports.ts';
import { spawnGuarded, waitUntilReady } from '../../tooling/process/guarded.ts';
import { ServerUnavailableError } from '../errors.ts';
import { debianTree } from '../install/debian.ts';
import { defaultCacheDir, findProgram } from '../install/paths.ts';
import { foreignServer, type RunningServer, type ServerOptions } from './server.ts';

export interface RedisOptions extends ServerOptions {
  /** Limit of Redis' data, in MiB; default 1024. Only keys with a TTL are evicted. */
  maxMemoryMiB?: number;
  /** When the append-only file is flushed to disk; default `everysec`. */
  appendFsync?: 'always' | 'everysec' | 'no';
}

/** For so long it may read its file when it starts, as in a cluster (components/servers/redis/redis.ts). */
const LOADING_MS = 600_000;

/** Environment variable with the address of a Redis to use instead of starting one. */
export const redisVariable = 'BREAKWATER_REDIS_URL';

/**
 * Starts Redis, or uses the one that the environment names.
 * @throws ServerUnavailableError if there is none to be had; PortTakenError; ServerFailedError
 */
export async function startRedis(options: RedisOptions): Promise<RunningServer> {
  const { dataDir, env = {}, maxMemoryMiB = 1024, appendFsync = 'everysec' } = options;
  const given = env[redisVariable];
  if (given) return foreignServer('redis', 'Redis', given, redisVariable);

  const { command, origin } = await findRedis(options);
  const port = await claimPort(options.port, 'Redis');
  await mkdir(dataDir, { recursive: true });
  const settings = [
    ['bind', '127.0.0.1'],
    ['port', String(port)],
    ['dir', dataDir],
    ['daemonize', 'no'],
    ...redisSettings({ memoryMiB: maxMemoryMiB, appendFsync }),
  ] as const;
  const server = spawnGuarded({
    name: 'Redis',
    command: command[0]!,
    args: [...command.slice(1), ...settings.flatMap(([key, value]) => [`--${key}`, value])],
    logFile: join(dataDir, 'redis.log'),
    env: { LC_ALL: 'C' },
  });
  let told = false;
  const ready = async () => {
    const answer = await ping(port);
    if (answer === 'loading' && !told) {
      told = true;
      options.log?.('Redis reads the data of the last run; two GiB take it half a minute');
    }
    return answer === 'ready';
  };
  await waitUntilReady(server, ready, LOADING_MS);
  return {
    name: 'Redis',
    kind: 'redis',
    url: `redis://127.0.0.1:${port}`,
    pid: server.pid,
    origin,
    exited: server.exited,
    stop: server.stop,
    kill: server.kill,
  };
}

/** Fetches what `startRedis` needs, without starting it. */
export async function installRedis(options: Omit<RedisOptions, 'dataDir'>): Promise<void> {
  if (!options.env?.[redisVariable]) await findRedis(options);
}

async function findRedis(options: Omit<RedisOptions, 'dataDir'>): Promise<{ command: string[]; origin: string }> {
  const program = findProgram('redis-server', options.env?.PATH);
  if (program) return { command: [program], origin: `Redis: ${program}, found on the PATH` };
  if (process.platform === 'darwin') {
    throw new ServerUnavailableError(`no redis-server on the PATH: run 'brew install redis', or set ${redisVariable}`);
  }
  const { cacheDir = defaultCacheDir, log } = options;
  const packages = ['redis-tools', 'redis-server', 'libc6', 'libgcc-s1'];
  const tree = await debianTree({ label: 'redis', packages, cacheDir, ...(log && { log }) });
  return {
    command: tree.command(join(tree.root, 'usr', 'bin', 'redis-server')),
    origin: `Redis: Debian's package of ${tree.suite}, unpacked in the cache (no redis-server on the PATH)`,
  };
}

/** What a server on the port answers to PING; one that still reads its file is loading. */
function ping(port: number): Promise<'ready' | 'loading' | 'silent'> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write('PING\r\n'));
    socket.setTimeout(1000, () => socket.destroy());
    socket.once('data', (data) => {
      const answer = data.toString();
      resolve(answer.startsWith('+PONG') ? 'ready' : answer.startsWith('-LOADING') ? 'loading' : 'silent');
      socket.destroy();
    });
    socket.once('error', () => resolve('silent'));
    socket.once('close', () => resolve('silent'));
  });
}
