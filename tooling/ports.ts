// Ports on this machine: a free one to use, and for a taken one the name of the process that has
// it.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { UserError } from './errors.ts';
import { run } from './run.ts';

const LOOPBACK = '127.0.0.1';

/** Another process listens on the port that was asked for. */
export class PortTakenError extends UserError {
  readonly port: number;

  constructor(port: number, holder: string | undefined, what: string) {
    const who = holder ? `${holder} holds it` : 'a process that this user cannot see holds it';
    super(
      'port_taken',
      `port ${port}, wanted for ${what}, is taken: ${who}. Stop that process or choose another port.`,
    );
    this.port = port;
  }
}

// Below the ports that systems give to outgoing connections (from 32768 on Linux): one of these could
// take a port before the program that it was found for. Each process looks in a place of its own,
// so that two that start stacks at the same time do not find the same ports.
const FIRST_PORT = 10_000;
const PORTS = 22_000;
let looked = (process.pid * 64) % PORTS;

/** Gives `count` different ports of 127.0.0.1 that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = FIRST_PORT + (looked++ % PORTS);
    const error = await tryPort(port, LOOPBACK);
    if (error === undefined) ports.push(port);
    else if (error.code !== 'EADDRINUSE') throw error;
  }
  return ports;
}

/** Gives one port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  return (await freePorts(1))[0]!;
}

/**
 * Gives `wanted` if it is free, or any free port if none is wanted.
 * @param what what the port is for, as the error should name it
 * @throws PortTakenError naming the process that holds the port
 */
export async function claimPort(wanted: number | undefined, what: string): Promise<number> {
  if (wanted === undefined || wanted === 0) return freePort();
  await assertPortFree(wanted, what);
  return wanted;
}

/**
 * @throws PortTakenError naming the process that holds the port; what the system says where it
 * cannot be opened at all
 */
export async function assertPortFree(port: number, what: string): Promise<void> {
  const error = await tryPort(port, LOOPBACK);
  if (error?.code === 'EADDRINUSE') throw new PortTakenError(port, await portHolder(port), what);
  if (error !== undefined) throw error;
}

/** Whether a program listens on the port of that address of this machine. */
export const isPortTaken = async (port: number, address: string): Promise<boolean> =>
  (await tryPort(port, address))?.code === 'EADDRINUSE';

/** Why the port cannot be listened on; undefined when it can. */
async function tryPort(port: number, address: string): Promise<NodeJS.ErrnoException | undefined> {
  try {
    const server = await listen(port, address);
    await new Promise((resolve) => server.close(resolve));
    return undefined;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
}

/**
 * Who listens on a TCP port, as `redis-server (process 123)`; undefined where the system does not
 * say.
 */
export async function portHolder(port: number): Promise<string | undefined> {
  return process.platform === 'linux' ? holderFromProc(port) : holderFromLsof(port);
}

function listen(port: number, host = LOOPBACK): Promise<ReturnType<typeof createServer>> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host, exclusive: true }, () => resolve(server));
  });
}

/** The inodes of the sockets that listen on `port`, from the text of /proc/net/tcp or tcp6. */
export function listeningInodes(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(suffix) && fields[3] === '0A')
    .map((fields) => fields[9]!);
}

function holderFromProc(port: number): string | undefined {
  const inodes = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((path) => listeningInodes(readOr(path), port)));
  if (inodes.size === 0) return undefined;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (socketInodes(pid).some((inode) => inodes.has(inode))) return `${commandOf(pid)} (process ${pid})`;
  }
  return undefined;
}

function socketInodes(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? '';
      } catch {
        return ''; // closed while we looked
      }
    });
  } catch {
    return []; // gone, or another user's
  }
}

function commandOf(pid: string): string {
  const line = readOr(`/proc/${pid}/cmdline`).split('\0').filter(Boolean).join(' ');
  return line ? line.slice(0, 80) : readOr(`/proc/${pid}/comm`).trim();
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

async function holderFromLsof(port: number): Promise<string | undefined> {
  try {
    const printed = await run('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc']);
    const pid = /^p(\d+)$/m.exec(printed)?.[1];
    const command = /^c(.+)$/m.exec(printed)?.[1];
    return pid ? `${command ?? 'a process'} (process ${pid})` : undefined;
  } catch {
    return undefined; // no lsof, or nothing found: the error then does not name the process
  }
}
