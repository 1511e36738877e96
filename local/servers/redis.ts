// Redis for the local run: a real redis-server that keeps its data in an append-only file.
import { mkdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { redisSettings } from '../../config/servers.ts';
import { claimPort } from '../../tooling/ports.ts';
import { GuardedProcess } from '../../tooling/process/guarded.ts';
import { run } from '../../tooling/run.ts';
import { installRedis, redisVariable } from '../install/redis.ts';
import { foreignServer, OwnServer, type RunningServer, type ServerOptions } from './server.ts';

export interface RedisOptions extends ServerOptions {
  /** Limit of Redis' data, in MiB. Only keys with a TTL are evicted. @default 1024 */
  readonly maxMemoryMiB?: number;
  /** When the append-only file is flushed to disk. @default everysec */
  readonly appendFsync?: 'always' | 'everysec' | 'no';
}

const REPAIR = join(import.meta.dirname, '..', '..', 'config', 'redis-repair.sh');

/**
 * How long it may read its file when it starts, as in a cluster
 * (components/servers/redis/redis.ts).
 */
const LOADING_MS = 600_000;

/**
 * Starts Redis, or uses the one that the environment names.
 * @throws ServerUnavailableError if there is none to be had; PortTakenError; ProcessFailedError
 */
export async function startRedis(options: RedisOptions): Promise<RunningServer> {
  const { dataDir, env = {}, maxMemoryMiB = 1024, appendFsync = 'everysec' } = options;
  const given = env[redisVariable];
  if (given) return foreignServer('Redis', given, redisVariable);

  const { command, origin } = await installRedis(options);
  const port = await claimPort(options.port, 'Redis');
  await mkdir(dataDir, { recursive: true });
  await repairLog(command, dataDir);
  const settings = [
    ['bind', '127.0.0.1'],
    ['port', String(port)],
    ['dir', dataDir],
    ['daemonize', 'no'],
    ...redisSettings({ memoryMiB: maxMemoryMiB, appendFsync }),
  ] as const;
  const server = new GuardedProcess({
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
      options.log?.('Redis reads the data of the last run, which takes half a minute for two GiB');
    }
    return answer === 'ready';
  };
  await server.untilReady(ready, LOADING_MS);
  return new OwnServer(server, { url: `redis://127.0.0.1:${port}`, origin });
}

/** Cuts off what a power loss left of the last write; config/redis-repair.sh says why. */
async function repairLog(command: readonly string[], dataDir: string): Promise<void> {
  const loader = command.slice(0, -1);
  const bin = command.at(-1)!.slice(0, -'redis-server'.length);
  await run('sh', [REPAIR, dataDir, bin, ...loader]);
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
