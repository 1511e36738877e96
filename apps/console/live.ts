// The loop behind the page: polls every process, keeps five minutes of history, diagnoses, and
// notifies the open pages.
import { composeSnapshot } from './compose.ts';
import { type DiagnosisOptions, diagnose, type Problem } from './diagnosis.ts';
import type { Fleet } from './fleet.ts';
import { History, type Point, pointOf } from './history.ts';
import type { Snapshot } from './snapshot.ts';

/** One second, as a page receives it. */
export interface Tick {
  readonly snapshot: Snapshot;
  /** The same as a row of the plots, see COLUMNS. */
  readonly point: Point;
  readonly problems: readonly Problem[];
}

export interface LiveOptions {
  readonly fleet: Pick<Fleet, 'poll' | 'processes' | 'components' | 'unresolved'>;
  readonly diagnosis: DiagnosisOptions;
  /** The fleet's clock, milliseconds. */
  readonly now: () => number;
  /** Time between two polls while a page is open, milliseconds. @default 1000 */
  readonly intervalMs?: number;
  /**
   * The same while none is, milliseconds: the plots continue at a fifth of the cost.
   * @default 5000
   */
  readonly idleMs?: number;
}

export interface Live {
  readonly points: readonly Point[];
  /** Undefined until the first poll is done. */
  readonly latest: Tick | undefined;
  /** Calls back with every tick. @returns a function that ends it */
  watch(listener: (tick: Tick) => void): () => void;
  /** Ends the loop; may be called twice. */
  close(): Promise<void>;
}

/** Slower answers count for the next tick, milliseconds. */
const POLL_TIMEOUT_MS = 700;
/** How far the diagnosis looks back, milliseconds. */
const RECENT_MS = 60_000;

/** Starts polling. */
export function startLive(options: LiveOptions): Live {
  const { fleet, diagnosis, now, intervalMs = 1_000, idleMs = 5_000 } = options;
  const sinceMs = now();
  const history = new History();
  const listeners = new Set<(tick: Tick) => void>();
  let recent: Snapshot[] = [];
  let latest: Tick | undefined;
  let closed = false;
  let wake = (): void => {};

  const tick = async (): Promise<void> => {
    await fleet.poll(Math.min(POLL_TIMEOUT_MS, intervalMs));
    const snapshot = composeSnapshot(
      { nowMs: now(), at: Date.now(), sinceMs, components: fleet.components },
      fleet.processes,
      fleet.unresolved,
    );
    recent = [...recent.filter(({ at }) => at > snapshot.at - RECENT_MS), snapshot];
    latest = { snapshot, point: pointOf(snapshot), problems: diagnose(recent, diagnosis) };
    history.add(latest.point);
    for (const listener of listeners) listener(latest);
  };
  /** Resolves after `ms`, when the first page opens, or at the end. */
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(50, ms));
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const run = async (): Promise<void> => {
    // Rates need two readings, some time apart.
    await fleet.poll(POLL_TIMEOUT_MS);
    const until = now() + intervalMs;
    while (!closed && now() < until) await pause(until - now());
    while (!closed) {
      const startedAt = now();
      await tick();
      await pause((listeners.size > 0 ? intervalMs : idleMs) - (now() - startedAt));
    }
  };
  const done = run();

  return {
    get points() {
      return history.points;
    },
    get latest() {
      return latest;
    },
    watch(listener) {
      listeners.add(listener);
      if (listeners.size === 1) wake();
      return () => void listeners.delete(listener);
    },
    close() {
      closed = true;
      wake();
      return done;
    },
  };
}
