// A child process that cannot outlive us: started through the guard, logging to a file, stopped gracefully.
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ServerFailedError } from '../../local/errors.ts';
import { guardProcess, unguardProcess } from './guard.ts';

/** How a process ended. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface GuardedProcess {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Settles when the process ends, however it does. */
  readonly exited: Promise<Exit>;
  readonly running: boolean;
  kill(signal: NodeJS.Signals): void;
  /** SIGTERM, and SIGKILL if that didn't end it within `graceMs`; may be called twice. */
  stop(): Promise<void>;
}

export interface GuardedOptions {
  /** What to call it in messages. */
  name: string;
  command: string;
  args: readonly string[];
  /** Output goes here, appended. */
  logFile: string;
  /** Added to our own environment, which the process inherits. */
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** How long a graceful stop may take; default 10 s. */
  graceMs?: number;
}

/**
 * Starts a process in a group of its own (Ctrl-C in the terminal doesn't reach it). It waits for a word from us before it
 * becomes the command, so that there is no moment in which it runs and the guard doesn't know it.
 */
export function spawnGuarded(options: GuardedOptions): GuardedProcess {
  const { name, command, args, logFile, env, cwd, graceMs = 10_000 } = options;
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'a');
  const child = spawn('/bin/sh', ['-c', 'read -r go && exec "$@" </dev/null', 'sh', command, ...args], {
    detached: true,
    stdio: ['pipe', log, log],
    ...(env && { env: { ...process.env, ...env } }),
    ...(cwd && { cwd }),
  });
  closeSync(log);
  const pid = child.pid;
  if (pid === undefined) throw new ServerFailedError(`${name}: /bin/sh could not be started`);
  let running = true;
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      running = false;
      unguardProcess(pid);
      resolve({ code, signal });
    });
  });
  guardProcess(pid);
  child.stdin!.on('error', () => {}); // it died before it read; `exited` tells
  child.stdin!.end('go\n');

  const kill = (signal: NodeJS.Signals): void => {
    if (running) process.kill(pid, signal);
  };
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    kill('SIGTERM');
    const timer = new AbortController();
    const late = delay(graceMs, 'late' as const, { signal: timer.signal }).catch(() => 'ended' as const);
    if ((await Promise.race([exited, late])) === 'late') kill('SIGKILL');
    timer.abort();
    await exited;
  };
  return {
    name,
    pid,
    logFile,
    exited,
    get running() {
      return running;
    },
    kill,
    stop: () => (stopping ??= stop()),
  };
}

/**
 * Waits until `probe` is true.
 * @throws ServerFailedError with the last log lines if the process ends first or `timeoutMs` (default 30 s) passes
 */
export async function waitUntilReady(
  process: GuardedProcess,
  probe: () => Promise<boolean>,
  timeoutMs = 30_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    if (process.running && (await probe())) return;
    if (!process.running) {
      const { code, signal } = await process.exited;
      throw failure(process, `stopped while starting (${signal ?? `exit status ${code}`})`);
    }
    if (performance.now() > deadline) {
      await process.stop();
      throw failure(process, `was not ready after ${timeoutMs / 1000} s`);
    }
    await delay(20);
  }
}

function failure(process: GuardedProcess, what: string): ServerFailedError {
  return new ServerFailedError(
    `${process.name} ${what}; its log ${process.logFile} ends with:\n${logTail(process.logFile)}`,
  );
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
