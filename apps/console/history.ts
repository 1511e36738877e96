// The last five minutes, as the plots show them.
import { type Snapshot, totalShed } from './snapshot.ts';

/** What is plotted, in this order; a page gets points as rows of numbers. */
export const COLUMNS = [
  'at',
  'requests',
  'shed',
  'p50',
  'p95',
  'p99',
  'accepted',
  'stored',
  'lag',
  'operations',
  'hitRatio',
] as const;

/** One row; null where nobody told the number. */
export type Point = readonly (number | null)[];

/** How far back the plots go, milliseconds. */
export const HISTORY_MS = 300_000;

export const pointOf = (snapshot: Snapshot): Point => {
  const { at, api, producer, consumer, queue, gate, cache } = snapshot;
  // Without a process that would tell it a rate is unknown, not 0.
  const told = (group: { readonly processes: number }, value: number) => (group.processes > 0 ? value : null);
  return [
    at,
    told(api, api.requests),
    told(api, totalShed(snapshot)),
    api.p50,
    api.p95,
    api.p99,
    api.accepted + producer.accepted,
    consumer.stored,
    queue.lag,
    told(gate, gate.operations),
    cache.hitRatio,
  ];
};

export class History {
  #points: Point[] = [];

  add(point: Point): void {
    this.#points.push(point);
    const from = point[0]! - HISTORY_MS;
    const first = this.#points.findIndex(([at]) => at! >= from);
    if (first > 0) this.#points = this.#points.slice(first);
  }

  get points(): readonly Point[] {
    return this.#points;
  }
}
