// Load shedding: when the event loop is late, new requests are turned away at once, before everybody waits.
import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface Pressure {
  /** True while requests should be shed. */
  high(): boolean;
  /** Mean delay over the last sample, milliseconds. */
  delayMs(): number;
  close(): void;
}

/** How often the delay is judged, milliseconds. */
const SAMPLE_MS = 100;
const RESOLUTION_MS = 10;

/** @param maxDelayMs delay above which to shed; 0 = never */
export function watchEventLoop(maxDelayMs: number): Pressure {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  let delayMs = 0;
  const timer = setInterval(() => {
    delayMs = Math.max(0, histogram.mean / 1e6 - RESOLUTION_MS) || 0;
    histogram.reset();
  }, SAMPLE_MS);
  timer.unref();
  return {
    high: () => maxDelayMs > 0 && delayMs > maxDelayMs,
    delayMs: () => delayMs,
    close() {
      clearInterval(timer);
      histogram.disable();
    },
  };
}
