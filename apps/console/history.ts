// The last five minutes, as rows of the plots.
import { type Snapshot, totalShed } from './snapshot.ts';

/** The numbers of a point, in this order. */
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

/** One row; null where a number is unknown. */
export type Point = readonly (number | null)[];

/** Range of the plots, milliseconds. */
export const HISTORY_MS = 300_000;

export const pointOf = (snapshot: Snapshot): Point => {
  const { at, api, producer, consumer, queue, gate, cache } = snapshot;
  // Without a process that reports it, a rate is unknown rather than 0.
  const known = (group: { readonly processes: number }, value: number) => (group.processes > 0 ? value : null);
  return [
    at,
    known(api, api.requests),
    known(api, totalShed(snapshot)),
    api.p50,
    api.p95,
    api.p99,
    api.accepted + producer.accepted,
    consumer.stored,
    queue.lag,
    known(gate, gate.operations),
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
