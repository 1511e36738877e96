// The apps as real processes, for tests that kill them.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { CommandError, type CommandOptions, run } from '../tooling/run.ts';

const root = resolve(import.meta.dirname, '..');

/** Arguments that run one of our files with Node. @param file relative to the repository */
export const nodeArgs = (file: string): string[] => [resolve(root, file)];

/** How a program ended. */
export interface Outcome {
  /** Exit status; null when it was ended by a signal. */
  readonly status: number | null;
  /** What it printed, both streams. */
  readonly output: string;
}

/** Runs a program that may fail. @throws CommandError when it cannot be started */
export async function outcomeOf(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<Outcome> {
  let output = '';
  const onOutput = (text: string) => void (output += text);
  try {
    await run(program, args, { ...options, onOutput });
    return { status: 0, output };
  } catch (error) {
    if (!(error instanceof CommandError) || error.cause !== undefined) throw error;
    return { status: error.status, output };
  }
}

/** Whether a process has ended; one that is dead and not yet reaped by its parent has. */
export function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform === 'linux' && /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
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
      env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, ...this.#env },
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
