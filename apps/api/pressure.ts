// Load shedding: when the event loop is late, new requests are turned away at once, before everybody waits.

export interface Pressure {
  /** True while requests should be shed. */
  high(): boolean;
  /** How late the event loop is: mean of about the last 100 ms, or of its last turn where that took longer; milliseconds. */
  delayMs(): number;
  close(): void;
}

/** How often the delay is measured, milliseconds. */
const SAMPLE_MS = 20;
/** Samples weigh by the time that they stand for; after so long the old ones are forgotten, milliseconds. */
const MEMORY_MS = 100;

/**
 * Measures with a timer of its own: `monitorEventLoopDelay` forgets its last tick when it is reset, so that it sees
 * nothing at all of a loop whose turns are longer than the sample.
 * @param maxDelayMs delay above which to shed; 0 = never
 */
export function watchEventLoop(maxDelayMs: number): Pressure {
  let delayMs = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    const elapsed = now - last;
    last = now;
    const late = Math.max(0, elapsed - SAMPLE_MS);
    delayMs += (late - delayMs) * Math.min(1, elapsed / MEMORY_MS);
  }, SAMPLE_MS);
  timer.unref();
  return {
    high: () => maxDelayMs > 0 && delayMs > maxDelayMs,
    delayMs: () => delayMs,
    close: () => clearInterval(timer),
  };
}
