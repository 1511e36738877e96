// Records for tests, as a queue makes them.
import { CachedRecord } from './cache.ts';
import { GroupIds, makeGroup } from './group.ts';
import type { DataRecord } from './record.ts';

const ids = new GroupIds();

/** The records of one request, in a group of their own. */
export function makeRecords(type: string, origin: string, payloads: readonly string[], now?: Date): DataRecord[] {
  return [...makeGroup(ids.next(), [{ type, origin, payloads }], now).records];
}

/** The records of a group in the cache, by their places; undefined where one is empty. */
export function recordsIn(group: Buffer): (DataRecord | undefined)[] {
  const position = (i: number) => Number.parseInt(group.toString('latin1', 8 * i, 8 * i + 8), 16);
  return Array.from({ length: position(0) / 8 - 1 }, (_, i) =>
    new CachedRecord(group.subarray(position(i), position(i + 1))).decode(),
  );
}
