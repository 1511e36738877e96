// The apps as real processes, for tests that kill them.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');

/** Arguments that run one of our files with Node. @param file relative to the repository */
export const nodeArgs = (file: string): string[] => [
  '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON',
  resolve(root, file),
];

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

/** Ends a process that a failed test may have left. */
export function killIfRunning(child: ChildProcess | undefined): void {
  if (child && child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
}

/** One of our apps as a process of its own, which tests may kill and start again. */
export class AppProcess {
  readonly #file: string;
  readonly #env: Record<string, string>;
  #child: ChildProcess | undefined;

  /** @param file relative to the repository */
  constructor(file: string, env: Record<string, string>) {
    this.#file = file;
    this.#env = env;
  }

  /** Starts it; it ends when this process does. */
  start(): void {
    this.#child = spawn(process.execPath, nodeArgs(this.#file), {
      // With an IPC channel it notices when its parent is gone.
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { PATH: process.env.PATH, ...this.#env },
    });
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  kill(): void {
    killIfRunning(this.#child);
  }

  /** Kills it with SIGKILL and starts it again. */
  async crash(): Promise<void> {
    const child = this.#child!;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
    this.start();
  }
}
