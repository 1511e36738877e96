// The record: the one thing that travels the whole path, and how it looks as JSON.
import { isUtf8 } from 'node:buffer';

/** One document. */
export interface DataRecord {
  /**
   * 24 hexadecimal digits: its group's id and its place in the group (group.ts). Sortable by the
   * second.
   */
  readonly _id: string;
  /** What kind of record: `post` for the API's, `message` for the producer's. */
  readonly type: string;
  /** Position within its request, from 0. */
  readonly index: number;
  readonly payload: string;
  /** When the API made it, ISO 8601. */
  readonly createdAt: string;
  /** Who asked: given by the caller, or the request id. */
  readonly origin: string;
}

export const RECORD_ID = /^[0-9a-f]{24}$/;

/** The records of one request, before they have ids. */
export interface NewRecords {
  readonly type: string;
  readonly origin: string;
  readonly payloads: readonly string[];
  /** Trace that the request belongs to, as in the W3C header of that name; absent if not sampled. */
  readonly traceparent?: string | undefined;
}

/**
 * The record as JSON: a message in Kafka and its copy in the cache, a dead letter, a cached record
 * that came from MongoDB.
 */
export const encodeRecord = (record: DataRecord): string => JSON.stringify(record);

const STRINGS = ['_id', 'type', 'payload', 'createdAt', 'origin'] as const;

/** Without what JSON.parse says: it quotes the text, and with it a payload. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SyntaxError(`not a record: not JSON (${text.length} characters)`);
  }
}

/** @throws SyntaxError when the text is no record, naming the field that is wrong */
export function decodeRecord(text: string): DataRecord {
  const value = parse(text) as DataRecord;
  if (typeof value !== 'object' || value === null) throw new SyntaxError('not a record: not an object');
  for (const field of STRINGS)
    if (typeof value[field] !== 'string') throw new SyntaxError(`not a record: ${field} is not a string`);
  if ((value.index | 0) !== value.index) throw new SyntaxError('not a record: index is not a whole number of 32 bits');
  if (!isTime(value.createdAt)) throw new SyntaxError('not a record: createdAt is not a time');
  return value;
}

/** With its offset: without one, it would be local to the machine that reads it. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;

/**
 * The record in a message that any program may have sent. Stricter than `decodeRecord`: what is
 * stored must be what was sent, and the API must find it by its id.
 * @throws SyntaxError as above
 */
export function decodeMessage(value: Buffer): DataRecord {
  if (!isUtf8(value)) throw new SyntaxError('not a record: not UTF-8');
  const record = decodeRecord(value.toString());
  if (!RECORD_ID.test(record._id)) throw new SyntaxError('not a record: _id is not 24 hexadecimal digits');
  // BSON has no half characters.
  for (const field of ['payload', 'type', 'origin'] as const)
    if (!record[field].isWellFormed()) throw new SyntaxError(`not a record: ${field} is not well-formed Unicode`);
  if (!TIME.test(record.createdAt))
    throw new SyntaxError('not a record: createdAt is not a time such as 2026-01-02T03:04:05Z');
  return record;
}

let lastTime = '';

/** Records that follow each other were mostly made in the same millisecond. */
function isTime(text: string): boolean {
  if (text === lastTime) return true;
  if (Number.isNaN(Date.parse(text))) return false;
  lastTime = text;
  return true;
}
