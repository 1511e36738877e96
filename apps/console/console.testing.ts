// Shared by the console's tests: a healthy system, and the same with changes.
import { COMPONENTS } from './readings.ts';
import type { Snapshot } from './snapshot.ts';

type Deep<T> = { readonly [K in keyof T]?: T[K] extends object ? Partial<T[K]> : T[K] };

/** Everything works, at a thousand requests per second. */
const HEALTHY: Snapshot = {
  at: 1_800_000_000_000,
  components: COMPONENTS,
  api: { processes: 3, connections: 200, requests: 1_000, p50: 4, p95: 12, p99: 30, accepted: 5_000, shed: {} },
  cache: { reads: 5_000, hitRatio: 0.98, misses: 100, errors: 0 },
  queue: { lag: 1_200, lagBytes: 840_000, maxLength: 1_000_000, maxBytes: 1_073_741_824, deadLetters: 0 },
  consumer: {
    processes: 2,
    stored: 5_000,
    duplicates: 0,
    deadLettered: 0,
    lost: 0,
    retries: 0,
    storing: true,
    batch: 400,
    delayP95: 600,
  },
  gate: {
    processes: 1,
    operations: 62,
    byKind: { insert: 40, find: 22 },
    limit: 100,
    waiting: 0,
    waitP95: 8,
    mongoUp: true,
  },
  producer: { processes: 1, accepted: 0, rate: 0 },
  unreachable: [],
  unresolved: {},
};

/** A healthy snapshot with some numbers changed. */
export function snapshot(changes: Deep<Snapshot> = {}): Snapshot {
  const merged = Object.entries(HEALTHY).map(([key, value]) => {
    const change = (changes as Record<string, unknown>)[key];
    if (change === undefined) return [key, value];
    return [key, typeof value === 'object' && !Array.isArray(value) ? { ...value, ...(change as object) } : change];
  });
  return Object.fromEntries(merged) as Snapshot;
}

/** Snapshots of the last `seconds`, one per second. @param changes by second, from 0 */
export function lasting(seconds: number, changes: (second: number) => Deep<Snapshot>): Snapshot[] {
  return Array.from({ length: seconds + 1 }, (_, second) =>
    snapshot({ ...changes(second), at: HEALTHY.at + (second - seconds) * 1000 }),
  );
}
