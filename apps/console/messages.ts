// What the page is told, event by event.
import type { History } from './history.ts';
import type { Tick } from './live.ts';
import type { LoadProfile, LoadState } from './load-control.ts';

/** The event `hello`, the first of a page: what it needs to draw itself. */
export interface Hello {
  readonly stack: string;
  readonly queue: string;
  /** What the numbers of a point are. */
  readonly columns: readonly string[];
  /** The last five minutes. */
  readonly points: History['points'];
  /** Null where there are no controls. */
  readonly profiles: readonly LoadProfile[] | null;
  readonly tick: TickEvent | null;
}

/** The event `tick`, each second. */
export interface TickEvent extends Tick {
  /** Null where no load was started, or there are no controls. */
  readonly load: LoadState | null;
}
