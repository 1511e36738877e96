// Waits until everything that was accepted is stored, as far as the API can tell.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sample } from '../stats.ts';

export interface Drain {
  /** The lag came down to zero in time. */
  readonly drained: boolean;
  /** From the end of the load. */
  readonly seconds: number;
  /** Highest lag that was seen, during the load or after; null where it was never known. */
  readonly maxLag: number | null;
}

const CONFIRM_MS = 2000;
const POLL_MS = 200;

export interface DrainOptions {
  /** The sampler's list, which grows while we wait. */
  readonly samples: readonly Sample[];
  /** Now, on the clock of the samples. */
  readonly now: () => number;
  readonly timeoutSeconds: number;
  /**
   * How long a zero must last, milliseconds: the API may answer with numbers that are a second old.
   * Default 2,000.
   */
  readonly confirmMs?: number | undefined;
  /** Waits no longer. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (lag: number | null, seconds: number) => void;
}

/** Never throws: a queue that does not drain is a result. */
export async function waitForDrain(options: DrainOptions): Promise<Drain> {
  const start = options.now();
  const { confirmMs = CONFIRM_MS } = options;
  for (;;) {
    const elapsed = options.now() - start;
    const drainedAt = zeroSince(options.samples, start);
    const last = options.samples.at(-1);
    options.onProgress?.(last?.lag ?? null, elapsed);
    const done = drainedAt !== null && last!.t - drainedAt >= confirmMs / 1000;
    if (done || elapsed > options.timeoutSeconds || options.signal?.aborted) {
      const seconds = done ? drainedAt - start : elapsed;
      return { drained: done, seconds: Math.max(0, seconds), maxLag: maxLag(options.samples) };
    }
    await sleep(POLL_MS);
  }
}

/** When the lag became zero for good, null where it has not; only samples taken after `from` count. */
export function zeroSince(samples: readonly Sample[], from: number): number | null {
  let since: number | null = null;
  for (const { t, lag } of samples) {
    if (t < from) continue;
    if (lag === 0) since ??= t;
    else since = null;
  }
  return since;
}

export function maxLag(samples: readonly Sample[]): number | null {
  const known = samples.flatMap(({ lag }) => (lag === null ? [] : [lag]));
  return known.length === 0 ? null : known.reduce((a, b) => Math.max(a, b));
}
