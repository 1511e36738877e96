// MariaDB as a process of ours: a database that answers like MySQL, with a user of the stack and an
// administrator, both without a password and on loopback only.
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { claimPort } from '../../tooling/ports.ts';
import { GuardedProcess } from '../../tooling/process/guarded.ts';
import { run } from '../../tooling/run.ts';
import { installMariaDb, systemTables } from '../install/mariadb.ts';
import { OwnServer, type RunningServer, type ServerOptions } from './server.ts';

/** Owns every database, and has no right over the server. */
export const MARIADB_USER = 'breakwater';
/** Has every right. */
export const MARIADB_ADMIN = 'admin';

export interface MariaDbOptions extends ServerOptions {
  /** Further settings, like `['read-only=ON']`. @default none */
  readonly settings?: readonly string[];
}

/** Run at each start, one statement a line; not for replicas, which have users of their own. */
const INIT = `SET sql_log_bin = 0;
CREATE DATABASE IF NOT EXISTS breakwater;
CREATE USER IF NOT EXISTS ${MARIADB_USER}@'127.0.0.1';
GRANT ALL ON \`%\`.* TO ${MARIADB_USER}@'127.0.0.1';
CREATE USER IF NOT EXISTS ${MARIADB_ADMIN}@'127.0.0.1';
GRANT ALL ON *.* TO ${MARIADB_ADMIN}@'127.0.0.1' WITH GRANT OPTION;
`;

/**
 * Starts MariaDB.
 * @throws ServerUnavailableError if there is none to be had; PortTakenError; ProcessFailedError
 */
export async function startMariaDb(options: MariaDbOptions): Promise<RunningServer> {
  const { dataDir, settings = [] } = options;
  const { command, share, origin } = await installMariaDb(options);
  const port = await claimPort(options.port, 'MariaDB');
  const [program, ...loader] = command as [string, ...string[]];
  const common = [
    '--no-defaults',
    ...(process.getuid?.() === 0 ? ['--user=root'] : []),
    `--lc-messages-dir=${share}`,
    `--character-sets-dir=${join(share, 'charsets')}`,
    '--innodb-log-file-size=64M',
  ];
  const db = join(dataDir, 'db');
  if (!existsSync(db)) {
    const unfinished = join(dataDir, 'unfinished');
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { recursive: true });
    const files = await Promise.all(systemTables(share).map((file) => readFile(join(share, file), 'utf8')));
    const input = ['CREATE DATABASE mysql;', 'USE mysql;', ...files].join('\n');
    await run(program, [...loader, ...common, '--bootstrap', `--datadir=${unfinished}`], { input });
    await rename(unfinished, db);
  }
  await writeFile(join(dataDir, 'init.sql'), INIT);
  const server = new GuardedProcess({
    name: 'MariaDB',
    command: program,
    args: [
      ...loader,
      ...common,
      ...['--bind-address=127.0.0.1', `--port=${port}`, '--skip-name-resolve', '--performance-schema=OFF'],
      ...[`--datadir=${db}`, '--socket=mariadb.sock', '--pid-file=mariadb.pid'],
      `--init-file=${join(dataDir, 'init.sql')}`,
      ...settings.map((setting) => `--${setting}`),
    ],
    logFile: join(dataDir, 'mariadb.log'),
    graceMs: 20_000,
  });
  await server.untilReady(() => greets(port), 60_000);
  return new OwnServer(server, { url: `mysql://127.0.0.1:${port}/breakwater`, origin });
}

/** True if a server on the port greets its client: only once its init file has run. */
function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.setTimeout(2000, () => socket.destroy());
    socket.once('data', () => {
      resolve(true);
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}
