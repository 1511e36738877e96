// What the page controls in the local run: a load test, as a child process, and the producer's
// rate.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Logger } from '../shared/logger.ts';
import { ConsoleError } from './errors.ts';

/** A load test that the page offers. */
export interface LoadProfile {
  readonly name: string;
  /** The question that a run of it answers. */
  readonly question: string;
  /** At the peak. */
  readonly users: number;
  readonly seconds: number;
}

/** How to start a load test. */
export interface LoadCommand {
  /**
   * Program and arguments, to which `--profile NAME` is added. It sends LoadProgress to its parent.
   */
  readonly command: readonly string[];
  readonly profiles: readonly LoadProfile[];
}

/** What a load test reports to its parent process. */
export type LoadProgress =
  | { readonly phase: 'load'; readonly second: number; readonly seconds: number; readonly users: number }
  /** The load is over; the queue drains, and the result is checked. */
  | { readonly phase: 'checking'; readonly text: string }
  | { readonly phase: 'done'; readonly ok: boolean; readonly text: string }
  | { readonly phase: 'failed'; readonly text: string };

/** The state of a load test, as a page receives it. */
export interface LoadState {
  readonly profile: string;
  readonly running: boolean;
  /** It was asked to stop. */
  readonly stopping: boolean;
  /** Undefined until its first report. */
  readonly progress: LoadProgress | undefined;
}

export interface LoadControl {
  /** The running load test, or the last one; undefined before the first. */
  readonly state: LoadState | undefined;
  /** @throws ConsoleError when one is running, or the profile does not exist */
  start(profile: string): void;
  /**
   * Ends the load; its records are still stored and checked. A second call skips the waiting too.
   * @throws ConsoleError when none is running
   */
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
      if (child) throw new ConsoleError(409, 'LOAD_RUNS', `the profile ${state!.profile} is running; stop it first`);
      if (!profiles.some(({ name }) => name === profile))
        throw new ConsoleError(
          400,
          'NO_SUCH_PROFILE',
          `there is no profile "${profile}"; there are ${profiles.map(({ name }) => name).join(', ')}`,
        );
      const [program, ...args] = command;
      // The console's own memory limits do not apply to it.
      const { NODE_OPTIONS: _, ...env } = process.env;
      // The channel carries its reports. It also closes when the console dies, which ends the test.
      const started = spawn(program!, [...args, '--profile', profile], {
        env,
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
      child = started;
      state = { profile, running: true, stopping: false, progress: undefined };
      logger.info({ profile, loadPid: started.pid }, 'load test started');
      const failed = (text: string): void => change({ progress: { phase: 'failed', text } });
      started.on('message', (progress) => change({ progress: progress as LoadProgress }));
      started.once('error', (error) => failed(`could not be started: ${error.message}`));
      // Messages may still arrive after `exit`, but not after `close`.
      started.once('close', (code, signal) => {
        const phase = state?.progress?.phase;
        if (phase !== 'done' && phase !== 'failed') failed(`ended early (${signal ?? `status ${code}`})`);
        change({ running: false, stopping: false });
        child = undefined;
        logger.info({ profile, code, signal }, 'load test ended');
      });
    },
    stop() {
      if (!child) throw new ConsoleError(409, 'NO_LOAD', 'no load test is running');
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

const RATE_TIMEOUT_MS = 3_000;

/**
 * Sets the producer's rate, which the producer itself validates.
 *
 * @param address `host:port` of the producer's metrics server
 * @throws ConsoleError with the producer's own message, or when it does not answer
 */
export async function setRate(address: string | undefined, rate: unknown): Promise<{ rate: number }> {
  if (address === undefined) throw new ConsoleError(409, 'NO_PRODUCER', 'no producer is running');
  const answer = await fetch(`http://${address}/rate`, {
    method: 'PUT',
    body: JSON.stringify({ rate }),
    signal: AbortSignal.timeout(RATE_TIMEOUT_MS),
  }).catch(() => {
    throw new ConsoleError(503, 'PRODUCER_AWAY', 'the producer does not answer; try again in a moment');
  });
  const body = (await answer.json()) as { rate: number; code?: string; message?: string };
  if (!answer.ok)
    throw new ConsoleError(400, body.code ?? 'BAD_RATE', body.message ?? 'the producer refused this rate');
  return { rate: body.rate };
}
