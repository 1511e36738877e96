// Waits until a condition holds.
import { setTimeout as sleep } from 'node:timers/promises';

/** How long and how often. */
interface WaitOptions {
  /** Seconds that it may take; `Infinity` waits until `signal` is aborted. */
  readonly within: number;
  /** Milliseconds between two attempts. @default 500 */
  readonly everyMs?: number;
  /** Ends the waiting; it then rejects with the reason of the signal. */
  readonly signal?: AbortSignal | undefined;
  /** What an attempt that throws means: not yet, or the end of the waiting. @default retry */
  readonly onError?: 'retry' | 'throw';
}

/** What a condition gives while it does not hold. */
export type Falsy = false | null | undefined | 0 | '';

/** The condition did not hold in time. */
export class WaitTimeoutError extends Error {
  override readonly name = 'WaitTimeoutError';
  readonly code = 'WAIT_TIMEOUT';
}

/**
 * Tries until an attempt gives something true, and returns that.
 *
 * @param what what should happen, for the error: `the API answers`
 * @throws WaitTimeoutError naming what did not happen, with the last failure as its cause
 */
export async function waitFor<T>(
  what: string,
  attempt: () => T | Promise<T>,
  { within, everyMs = 500, signal, onError = 'retry' }: WaitOptions,
): Promise<Exclude<T, Falsy>> {
  const deadline = performance.now() + within * 1000;
  for (let failure: unknown; ; ) {
    signal?.throwIfAborted();
    try {
      const found = await attempt();
      if (found) return found as Exclude<T, Falsy>;
    } catch (error) {
      if (onError === 'throw') throw error;
      failure = error;
    }
    if (performance.now() > deadline) {
      const because = failure instanceof Error ? ` (${failure.message})` : '';
      throw new WaitTimeoutError(`not within ${within} s: ${what}${because}`, { cause: failure });
    }
    await pause(everyMs, signal);
  }
}

/** Milliseconds that pass, unless the signal is aborted. */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    signal?.throwIfAborted();
  }
}

/** Seconds since `begun`, a `performance.now()`. */
export const secondsSince = (begun: number): number => (performance.now() - begun) / 1000;
