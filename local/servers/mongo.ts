// MongoDB for the local run: mongod where there is one, else the embedded engine as a process of
// its own.
import { mkdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { claimPort } from '../../tooling/ports.ts';
import { GuardedProcess } from '../../tooling/process/guarded.ts';
import { installMongo, mongoVariable } from '../install/mongo.ts';
import { helloRequest } from './mongo-wire.ts';
import { foreignServer, OwnServer, type RunningServer, type ServerOptions } from './server.ts';

export interface MongoOptions extends ServerOptions {
  /** WiredTiger's cache in MiB, at least 256. @default 256 */
  readonly cacheMiB?: number;
}

/**
 * Starts MongoDB, or uses the one that the environment names.
 * @throws ServerUnavailableError if there is none to be had; PortTakenError; ProcessFailedError
 */
export async function startMongo(options: MongoOptions): Promise<RunningServer> {
  const { dataDir, env = {}, cacheMiB = 256 } = options;
  const given = env[mongoVariable];
  if (given) return foreignServer('MongoDB', given, mongoVariable);

  const { command, origin } = await installMongo(options);
  const port = await claimPort(options.port, 'MongoDB');
  await mkdir(join(dataDir, 'db'), { recursive: true });
  const [program, ...args] = command(port, join(dataDir, 'db'), cacheMiB);
  const server = new GuardedProcess({
    name: 'MongoDB',
    command: program!,
    args,
    logFile: join(dataDir, 'mongo.log'),
    env: { NODE_OPTIONS: '' }, // ours are not the engine's
    graceMs: 20_000,
  });
  await server.untilReady(() => answersHello(port), 60_000);
  return new OwnServer(server, { url: `mongodb://127.0.0.1:${port}/?directConnection=true`, origin });
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
