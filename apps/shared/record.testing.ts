// Records for tests, as a queue makes them.
import { CachedRecord } from './cache.ts';
import { GroupIds, makeGroup } from './group.ts';
import type { DataRecord } from './record.ts';

const ids = new GroupIds();

/** The records of one request, in a group of their own. */
export function makeRecords(type: string, origin: string, payloads: readonly string[], now?: Date): DataRecord[] {
  return [...makeGroup(ids.next(), [{ type, origin, payloads }], now).records];
}

/** Where a record of a group begins, as its table says. @param i its place; one more for the end */
export const positionIn = (group: Buffer, i: number): number =>
  Number.parseInt(group.toString('latin1', 8 * i, 8 * i + 8), 16);

/**
 * The records of a group in the cache, by their places; undefined where one is empty.
 * @throws SyntaxError when something else is there
 */
export function recordsIn(group: Buffer): (DataRecord | undefined)[] {
  return Array.from({ length: positionIn(group, 0) / 8 - 1 }, (_, i) => {
    const bytes = group.subarray(positionIn(group, i), positionIn(group, i + 1));
    const record = new CachedRecord(bytes).decode();
    if (bytes.length > 0 && record === undefined) throw new SyntaxError(`not a record at place ${i}`);
    return record;
  });
}
