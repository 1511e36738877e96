// Waiting for a condition in the cluster, which costs a call each time it is looked at.
import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitOptions {
  /** Seconds that it may take. */
  readonly within: number;
  /** Milliseconds between two looks. @default 500 */
  readonly everyMs?: number;
  readonly signal?: AbortSignal;
}

type Falsy = false | null | undefined | 0 | '';

/**
 * Looks until `look` gives something true, and returns it. A look that fails counts as not yet.
 * @throws Error naming what did not happen, with the last failure as its cause
 */
export async function waitFor<T>(
  what: string,
  look: () => Promise<T>,
  { within, everyMs = 500, signal }: WaitOptions,
): Promise<Exclude<T, Falsy>> {
  const deadline = performance.now() + within * 1000;
  for (let failure: unknown; ; ) {
    signal?.throwIfAborted();
    try {
      const found = await look();
      if (found) return found as Exclude<T, Falsy>;
    } catch (error) {
      failure = error;
    }
    if (performance.now() > deadline) throw new Error(`not within ${within} s: ${what}`, { cause: failure });
    await sleep(everyMs, undefined, { signal });
  }
}

/** Seconds since `begun`, a `performance.now()`. */
export const secondsSince = (begun: number): number => (performance.now() - begun) / 1000;
