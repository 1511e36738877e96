// dynalite for tests: a server that answers like DynamoDB, as a process with its data on disk.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { OwnServer, type RunningServer, type ServerOptions } from '../local/servers/server.ts';
import { call } from '../tooling/http.ts';
import { claimPort } from '../tooling/ports.ts';
import { GuardedProcess } from '../tooling/process/guarded.ts';
import { ServerFixture } from './servers.ts';

const PROGRAM = join(createRequire(import.meta.url).resolve('dynalite/package.json'), '..', 'cli.js');

async function startDynalite({ dataDir, port }: ServerOptions): Promise<RunningServer> {
  const own = await claimPort(port, 'dynalite');
  const url = `http://127.0.0.1:${own}`;
  const server = new GuardedProcess({
    name: 'dynalite',
    command: process.execPath,
    args: [
      PROGRAM,
      ...['--host', '127.0.0.1', '--port', String(own), '--path', join(dataDir, 'db')],
      ...['--createTableMs', '0', '--deleteTableMs', '0'],
    ],
    logFile: join(dataDir, 'dynalite.log'),
  });
  const answers = () =>
    call(url).then(
      () => true,
      () => false,
    );
  await server.untilReady(answers, 60_000);
  return new OwnServer(server, { url, origin: 'dynalite, from npm' });
}

/** A dynalite for this test file. */
export const useDynalite = (): ServerFixture => ServerFixture.use('dynalite', startDynalite, {});
