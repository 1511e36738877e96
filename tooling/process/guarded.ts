// A server or an app as a child process: it cannot outlive us, logs to a file, and is stopped
// gracefully.
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../errors.ts';
import { WaitTimeoutError, waitFor } from '../poll.ts';
import { spawnGroup } from './guard.ts';

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

interface GuardedOptions {
  /** What to call it in messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Output goes here, appended. */
  readonly logFile: string;
  /** Added to the environment of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** How long a graceful stop may take, milliseconds. @default 10,000 */
  readonly graceMs?: number;
}

/** A process did not start, or ended by itself; the message ends with the last lines of its log. */
export class ProcessFailedError extends UserError {
  constructor(message: string) {
    super('server_failed', message);
  }
}

/**
 * A process in a group of its own, which Ctrl-C in the terminal does not reach. It waits for a line
 * from us before it becomes the command, so that it never runs unguarded.
 */
export class GuardedProcess {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves when the process ends, however it does. */
  readonly exited: Promise<Exit>;
  readonly #graceMs: number;
  #running = true;
  #stopping: Promise<void> | undefined;

  /** Starts it. @throws ProcessFailedError when there is no shell to start it with */
  constructor({ name, command, args, logFile, env, graceMs = 10_000 }: GuardedOptions) {
    this.name = name;
    this.logFile = logFile;
    this.#graceMs = graceMs;
    mkdirSync(dirname(logFile), { recursive: true });
    const log = openSync(logFile, 'a');
    const child = spawnGroup('/bin/sh', ['-c', 'read -r go && exec "$@" </dev/null', 'sh', command, ...args], {
      stdio: ['pipe', log, log],
      env: { ...process.env, ...env },
    });
    closeSync(log);
    if (child.pid === undefined) throw new ProcessFailedError(`${name}: /bin/sh could not be started`);
    this.pid = child.pid;
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#running = false;
        resolve({ code, signal });
      });
    });
    child.stdin!.on('error', () => {}); // it died before it read; `exited` says how
    child.stdin!.end('go\n');
  }

  get running(): boolean {
    return this.#running;
  }

  kill(signal: NodeJS.Signals): void {
    if (this.#running) process.kill(this.pid, signal);
  }

  /** SIGTERM, and SIGKILL if that did not end it in time; may be called twice. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.kill('SIGTERM');
    const timer = new AbortController();
    const late = sleep(this.#graceMs, 'late' as const, { signal: timer.signal }).catch(() => 'ended' as const);
    if ((await Promise.race([this.exited, late])) === 'late') this.kill('SIGKILL');
    timer.abort();
    await this.exited;
  }

  /**
   * Waits until `probe` gives true. A process that is not ready in time is stopped.
   *
   * @param timeoutMs
   * @default 30,000
   * @throws ProcessFailedError with the last lines of the log if the process ends first or is not
   * ready in time
   */
  async untilReady(probe: () => Promise<boolean>, timeoutMs = 30_000): Promise<void> {
    const ended = new AbortController();
    void this.exited.then(() => ended.abort());
    try {
      await waitFor(`${this.name} is ready`, probe, {
        within: timeoutMs / 1000,
        everyMs: 20,
        signal: ended.signal,
        onError: 'throw',
      });
    } catch (error) {
      if (!this.#running) {
        const { code, signal } = await this.exited;
        throw this.#failure(`stopped while starting (${signal ?? `exit status ${code}`})`);
      }
      if (!(error instanceof WaitTimeoutError)) throw error;
      await this.stop();
      throw this.#failure(`was not ready after ${timeoutMs / 1000} s`);
    }
  }

  #failure(what: string): ProcessFailedError {
    return new ProcessFailedError(`${this.name} ${what}; its log ${this.logFile} ends with:\n${logTail(this.logFile)}`);
  }
}

/** The last lines of a log file, indented for a message. */
export function logTail(path: string, lines = 15): string {
  try {
    return readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .slice(-lines)
      .map((line) => `  ${line}`)
      .join('\n');
  } catch {
    return '  (no log)';
  }
}
