// Brokers that are to go are emptied first: every replica, of whatever topic, moves to one that stays.
import type { Replicas } from './assign.ts';
import type { Move, Observed } from './plan.ts';

/** Whether any replica lies on a broker that is to go. */
export const isLeaving = (observed: Observed, brokerCount: number): boolean =>
  Object.values(observed.topics).some(({ partitions }) =>
    partitions.some(({ replicas }) => replicas.some((id) => id >= brokerCount)),
  );

/**
 * The moves that empty the brokers from `brokerCount` on. What lies on brokers that stay, stays; a replica that leaves goes to
 * the one with the fewest of its topic. Where no broker is left that has no copy yet, there is one copy less.
 */
export function leave({ brokers, topics }: Observed, brokerCount: number): Move[] {
  const staying = brokers.filter((id) => id < brokerCount);
  const load = new Map<number, number>();
  const count = (replicas: readonly number[], counts: Map<number, number>): void => {
    for (const id of replicas) counts.set(id, (counts.get(id) ?? 0) + 1);
  };
  for (const { partitions } of Object.values(topics)) for (const { replicas } of partitions) count(replicas, load);

  return Object.entries(topics).flatMap(([topic, { partitions }]) => {
    const own = new Map<number, number>();
    for (const { replicas } of partitions) count(replicas, own);
    const least = (candidates: readonly number[]): number | undefined =>
      candidates.toSorted(
        (a, b) => (own.get(a) ?? 0) - (own.get(b) ?? 0) || (load.get(a) ?? 0) - (load.get(b) ?? 0) || a - b,
      )[0];
    return partitions.flatMap(({ replicas: from }, partition): Move[] => {
      if (from.every((id) => id < brokerCount)) return [];
      // Those that have the data come first: one of them leads.
      const to: number[] = from.filter((id) => id < brokerCount);
      while (to.length < from.length) {
        const next = least(staying.filter((id) => !to.includes(id)));
        if (next === undefined) break;
        to.push(next);
        count([next], own);
        count([next], load);
      }
      return [{ kind: 'move', topic, partition, from, to: to as Replicas }];
    });
  });
}
