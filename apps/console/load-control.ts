// Starts and stops a load test from the page, one at a time, as a process of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Logger } from '../shared/logger.ts';
import { ConsoleError } from './errors.ts';

/** A load that the page offers. */
export interface LoadProfile {
  readonly name: string;
  /** What a run of it answers. */
  readonly question: string;
  /** At its peak. */
  readonly users: number;
  readonly seconds: number;
}

/** How to start one. */
export interface LoadCommand {
  /** Program and arguments; `--profile NAME` is added. It tells its parent how it goes, see LoadProgress. */
  readonly command: readonly string[];
  readonly profiles: readonly LoadProfile[];
}

/** What a load test tells the process that started it. */
export type LoadProgress =
  | { readonly phase: 'load'; readonly second: number; readonly seconds: number; readonly users: number }
  /** The load is over; it waits for the queue and checks. */
  | { readonly phase: 'checking'; readonly text: string }
  | { readonly phase: 'done'; readonly ok: boolean; readonly text: string }
  | { readonly phase: 'failed'; readonly text: string };

/** What the page is told. */
export interface LoadState {
  readonly profile: string;
  readonly running: boolean;
  /** Told to end. */
  readonly stopping: boolean;
  /** Undefined until it has said something. */
  readonly progress: LoadProgress | undefined;
}

export interface LoadControl {
  /** The load that runs, or the last one; undefined before the first. */
  readonly state: LoadState | undefined;
  /** @throws ConsoleError when one runs, or there is no such profile */
  start(profile: string): void;
  /** Ends the load; its records are still stored and checked. Again: ends the waiting too. @throws ConsoleError when none runs */
  stop(): void;
  /** Ends the process; may be called twice. */
  close(): Promise<void>;
}

export function createLoadControl({ command, profiles }: LoadCommand, logger: Logger): LoadControl {
  let child: ChildProcess | undefined;
  let state: LoadState | undefined;
  const change = (more: Partial<LoadState>): void => {
    state = { ...state!, ...more };
  };

  return {
    get state() {
      return state;
    },
    start(profile) {
      if (child) throw new ConsoleError(409, 'LOAD_RUNS', `the profile ${state!.profile} runs; stop it first`);
      if (!profiles.some(({ name }) => name === profile))
        throw new ConsoleError(
          400,
          'NO_SUCH_PROFILE',
          `there is no profile "${profile}"; there are ${profiles.map(({ name }) => name).join(', ')}`,
        );
      const [program, ...args] = command;
      // Our own limits on memory are not for it.
      const { NODE_OPTIONS: _, ...env } = process.env;
      // The channel tells us how it goes, and tells it when we are gone.
      const started = spawn(program!, [...args, '--profile', profile], {
        env,
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
      child = started;
      state = { profile, running: true, stopping: false, progress: undefined };
      logger.info({ profile, loadPid: started.pid }, 'the load begins');
      const failed = (text: string): void => change({ progress: { phase: 'failed', text } });
      started.on('message', (progress) => change({ progress: progress as LoadProgress }));
      started.once('error', (error) => failed(`it could not be started: ${error.message}`));
      // After `exit` messages may still arrive; after `close` none does.
      started.once('close', (code, signal) => {
        const phase = state?.progress?.phase;
        if (phase !== 'done' && phase !== 'failed') failed(`it ended early (${signal ?? `status ${code}`})`);
        change({ running: false, stopping: false });
        child = undefined;
        logger.info({ profile, code, signal }, 'the load has ended');
      });
    },
    stop() {
      if (!child) throw new ConsoleError(409, 'NO_LOAD', 'no load runs');
      change({ stopping: true });
      child.kill('SIGINT');
    },
    async close() {
      if (!child) return;
      const closed = once(child, 'close');
      child.kill('SIGTERM');
      await closed;
    },
  };
}
