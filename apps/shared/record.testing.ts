// Records for tests, as a queue makes them.
import { GroupIds, makeGroup } from './group.ts';
import type { DataRecord } from './record.ts';

const ids = new GroupIds();

/** The records of one request, in a group of their own. */
export function makeRecords(type: string, origin: string, payloads: readonly string[], now?: Date): DataRecord[] {
  return [...makeGroup(ids.next(), [{ type, origin, payloads }], now).records];
}
