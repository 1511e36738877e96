// The loop behind the page: asks every process, keeps five minutes, says what is wrong, tells whoever looks.
import { composeSnapshot } from './compose.ts';
import { diagnose, type Names, type Problem } from './diagnosis.ts';
import type { Fleet } from './fleet.ts';
import { History, type Point, pointOf } from './history.ts';
import type { Snapshot } from './snapshot.ts';

/** What a page is told about a second. */
export interface Tick {
  readonly snapshot: Snapshot;
  /** The same as a row of the plots, see COLUMNS. */
  readonly point: Point;
  readonly problems: readonly Problem[];
}

export interface LiveOptions {
  readonly fleet: Pick<Fleet, 'round' | 'processes' | 'asked' | 'lost'>;
  readonly names: Names;
  /** The fleet's clock, milliseconds. */
  readonly now: () => number;
  /** Pause between two rounds while somebody looks, milliseconds. Default 1000. */
  readonly intervalMs?: number;
  /** The same while nobody does. Default 5000: the plots go on, at a fifth of the cost. */
  readonly idleMs?: number;
}

export interface Live {
  readonly points: readonly Point[];
  /** Undefined until the first round is over. */
  readonly latest: Tick | undefined;
  /** Calls back with every tick. @returns how to end it */
  watch(listener: (tick: Tick) => void): () => void;
  /** Ends the loop; may be called twice. */
  close(): Promise<void>;
}

/** Slower answers are taken up with the next tick. */
const PATIENCE_MS = 700;
/** What the diagnosis looks back, milliseconds. */
const RECENT_MS = 60_000;

/** Starts looking. */
export function startLive(options: LiveOptions): Live {
  const { fleet, names, now, intervalMs = 1_000, idleMs = 5_000 } = options;
  const sinceMs = now();
  const history = new History();
  const listeners = new Set<(tick: Tick) => void>();
  let recent: Snapshot[] = [];
  let latest: Tick | undefined;
  let closed = false;
  let wake = (): void => {};

  const look = async (): Promise<void> => {
    await fleet.round(Math.min(PATIENCE_MS, intervalMs));
    const snapshot = composeSnapshot(
      { nowMs: now(), at: Date.now(), sinceMs, asked: fleet.asked },
      fleet.processes,
      fleet.lost,
    );
    recent = [...recent.filter(({ at }) => at > snapshot.at - RECENT_MS), snapshot];
    latest = { snapshot, point: pointOf(snapshot), problems: diagnose(recent, names) };
    history.add(latest.point);
    for (const listener of listeners) listener(latest);
  };
  /** Until so long is over, or somebody begins to look, or it ends. */
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
    await fleet.round(PATIENCE_MS);
    const until = now() + intervalMs;
    while (!closed && now() < until) await pause(until - now());
    while (!closed) {
      const begun = now();
      await look();
      await pause((listeners.size > 0 ? intervalMs : idleMs) - (now() - begun));
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
