// The records of a batch, for databases that do not take BSON.
import { decodeDocument } from '../document.ts';
import type { Documents } from '../group.ts';
import type { Refusal } from '../queue/queue.ts';
import { type DataRecord, RECORD_ID } from '../record.ts';

/** A record and its place among the documents of the batch. */
export interface Placed {
  readonly index: number;
  readonly record: DataRecord;
}

/** Decodes a batch; what is no record is refused. */
export function decodeBatch(documents: Documents): { records: Placed[]; refused: Refusal[] } {
  const records: Placed[] = [];
  const refused: Refusal[] = [];
  let index = 0;
  for (const document of documents) {
    const record = decode(document);
    if (typeof record === 'string') refused.push({ index, reason: record });
    else records.push({ index, record });
    index++;
  }
  return { records, refused };
}

/** The record, or why it is none. */
function decode(document: Buffer): DataRecord | string {
  let record: DataRecord;
  try {
    record = decodeDocument(document);
  } catch {
    return 'not valid BSON';
  }
  if (!RECORD_ID.test(record._id)) return 'not a record: _id is not 24 hexadecimal digits';
  for (const field of ['type', 'payload', 'origin'] as const)
    if (typeof record[field] !== 'string') return `not a record: ${field} is not a string`;
  if (!Number.isInteger(record.index)) return 'not a record: index is not a whole number';
  return record;
}
