// The catalogue: ids of records that exist, out of which reads are chosen.
import type { RankSampler } from './zipf.ts';

export interface Catalogue {
  readonly size: number;
  /**
   * Adds the id of an accepted record.
   * @returns whether it may be chosen from now on
   */
  add(id: string): boolean;
  /** `count` different ids (fewer when it knows fewer), popular ones more often. */
  pick(count: number): string[];
}

/**
 * Keeps at most `capacity` ids: once full, a fair sample of all that were added (reservoir
 * sampling), so that old records are read too and the popular ones rarely change.
 */
export function createCatalogue(capacity: number, sample: RankSampler, random: () => number = Math.random): Catalogue {
  const ids: string[] = [];
  let seen = 0;
  return {
    get size() {
      return ids.length;
    },
    add(id) {
      seen++;
      if (ids.length < capacity) {
        ids.push(id);
        return true;
      }
      const slot = Math.floor(random() * seen);
      if (slot < capacity) ids[slot] = id;
      return slot < capacity;
    },
    pick(count) {
      if (ids.length <= count) return [...ids];
      const picked: string[] = [];
      while (picked.length < count) {
        let rank = sample(ids.length, random());
        // Taken already: its neighbour is about as popular.
        while (picked.includes(ids[rank]!)) rank = (rank + 1) % ids.length;
        picked.push(ids[rank]!);
      }
      return picked;
    },
  };
}
