// A group: records that were accepted together. It is the unit of the queue and of the cache.
//
// Its bytes are a table and the records behind it, as BSON documents. The table has a position of
// eight hexadecimal digits for each record and one for the end, so that Redis can cut a record out
// of a group with two reads (cache.ts). A record's id is its group's id and its place in the group.
// With Kafka, where each record is a message of its own, a group is only the cache's, and its
// records are JSON as in the messages.
import { randomInt } from 'node:crypto';
import { decodeDocument, documentBytes, documentId, writeDocument } from './document.ts';
import type { DataRecord, NewRecords } from './record.ts';

/** Largest number of records in a group: a place has three hexadecimal digits. */
export const MAX_GROUP_RECORDS = 4096;

/** A group of this size takes no further request: Redis serves no other client while it copies one. */
export const FULL_GROUP_BYTES = 256 * 1024;

const GROUP_DIGITS = 21;
const POSITION_BYTES = 8;
const PLACES = Array.from({ length: MAX_GROUP_RECORDS }, (_, place) => place.toString(16).padStart(3, '0'));

/** The group in which a record with this id was accepted. */
export const groupOf = (recordId: string): string => recordId.slice(0, GROUP_DIGITS);
/** Three hexadecimal digits. */
export const placeOf = (recordId: string): string => recordId.slice(GROUP_DIGITS);

/** Records of a new group. */
export interface Group {
  readonly id: string;
  readonly records: readonly DataRecord[];
}

/**
 * Makes ids of groups: the second they were made in, a random number of the process, a counter.
 * Sorted, they are in the order of time, to the second.
 */
export class GroupIds {
  readonly #process = randomInt(0x1_0000_0000).toString(16).padStart(8, '0');
  #counter = randomInt(0x10_0000);

  /** 21 hexadecimal digits. @param now milliseconds since 1970 */
  next(now = Date.now()): string {
    this.#counter = (this.#counter + 1) & 0xf_ffff;
    const second = Math.floor(now / 1000)
      .toString(16)
      .padStart(8, '0');
    return second + this.#process + this.#counter.toString(16).padStart(5, '0');
  }
}

/**
 * The records of several requests as one group.
 * @returns their ids by request
 * @throws RangeError when there are more than a group can hold
 */
export function makeGroup(id: string, requests: readonly NewRecords[], now = new Date()): Group & { ids: string[][] } {
  const createdAt = now.toISOString();
  const records: DataRecord[] = [];
  const ids = requests.map((request) => {
    const added = recordsFrom(id, records.length, request, createdAt);
    records.push(...added);
    return added.map(({ _id }) => _id);
  });
  return { id, records, ids };
}

/**
 * The records that a request adds to a group.
 * @param first how many it has already
 * @throws RangeError when there are more than it can hold
 */
export function recordsFrom(
  group: string,
  first: number,
  { type, origin, payloads }: NewRecords,
  createdAt = new Date().toISOString(),
): DataRecord[] {
  if (first + payloads.length > MAX_GROUP_RECORDS)
    throw new RangeError(`a group holds at most ${MAX_GROUP_RECORDS} records`);
  return payloads.map((payload, index) => ({
    _id: group + PLACES[first + index],
    type,
    index,
    payload,
    createdAt,
    origin,
  }));
}

const tableBytes = (records: number): number => POSITION_BYTES * (records + 1);

/** The bytes of a group. */
export function encodeGroup(records: readonly DataRecord[]): Buffer {
  let createdAt = '';
  let time = 0;
  return writeGroup(records, documentBytes, (bytes, at, record) => {
    if (record.createdAt !== createdAt) {
      createdAt = record.createdAt;
      time = Date.parse(createdAt);
    }
    return writeDocument(bytes, at, record, time);
  });
}

/**
 * The bytes of a group of records that are encoded already. An empty place has a position like any
 * other, and no bytes.
 */
export const joinGroup = (records: readonly (Buffer | undefined)[]): Buffer =>
  writeGroup(
    records,
    (record) => record?.length ?? 0,
    (bytes, at, record) => at + (record?.copy(bytes, at) ?? 0),
  );

/** @param write gives the position after the record */
function writeGroup<Item>(
  records: readonly Item[],
  sizeOf: (record: Item) => number,
  write: (bytes: Buffer, at: number, record: Item) => number,
): Buffer {
  let at = tableBytes(records.length);
  const bytes = Buffer.allocUnsafe(records.reduce((sum, record) => sum + sizeOf(record), at));
  for (const [i, record] of records.entries()) {
    writePosition(bytes, i, at);
    at = write(bytes, at, record);
  }
  writePosition(bytes, records.length, at);
  return bytes;
}

const DIGITS = Buffer.from('0123456789abcdef', 'latin1');

function writePosition(bytes: Buffer, i: number, at: number): void {
  const end = POSITION_BYTES * (i + 1);
  for (let to = end - 1, left = at; to >= end - POSITION_BYTES; to--, left >>>= 4) bytes[to] = DIGITS[left & 15]!;
}

/** Part of a group: `count` documents, one after the other. */
interface Piece {
  readonly bytes: Buffer;
  readonly count: number;
}

/** Encoded records in their order, of one group or of several. */
export class Documents {
  readonly #pieces: readonly Piece[];
  /** Each document by its place, once somebody asks for one. */
  #places: readonly Buffer[] | undefined;
  /** Their number. */
  readonly count: number;
  /** Their size, bytes. */
  readonly bytes: number;

  private constructor(pieces: readonly Piece[]) {
    this.#pieces = pieces;
    this.count = pieces.reduce((sum, piece) => sum + piece.count, 0);
    this.bytes = pieces.reduce((sum, piece) => sum + piece.bytes.length, 0);
  }

  /** Of the bytes of a group. @throws SyntaxError when they are none */
  static ofGroup(group: Buffer): Documents {
    const start = Number.parseInt(group.toString('latin1', 0, POSITION_BYTES), 16);
    const count = start / POSITION_BYTES - 1;
    if (!Number.isSafeInteger(count) || count < 0 || start > group.length)
      throw new SyntaxError(`not a group of records: it begins with no table (${group.length} bytes)`);
    const bytes = group.subarray(start);
    let found = 0;
    let at = 0;
    while (at < bytes.length && found <= count) {
      at = endOf(bytes, at);
      found++;
    }
    if (found !== count || at !== bytes.length)
      throw new SyntaxError(`not a group of records: ${found} documents where the table has ${count}`);
    return new Documents([{ bytes, count }]);
  }

  static ofRecords(records: readonly DataRecord[]): Documents {
    const bytes = encodeGroup(records).subarray(tableBytes(records.length));
    return new Documents([{ bytes, count: records.length }]);
  }

  static join(parts: readonly Documents[]): Documents {
    return new Documents(parts.flatMap((part) => part.#pieces));
  }

  /** The bytes of all documents in order, in as many buffers as they happen to lie in. */
  chunks(): Buffer[] {
    return this.#pieces.map(({ bytes }) => bytes);
  }

  *[Symbol.iterator](): IterableIterator<Buffer> {
    for (const { bytes } of this.#pieces)
      for (let at = 0; at < bytes.length; ) {
        const end = endOf(bytes, at);
        yield bytes.subarray(at, end);
        at = end;
      }
  }

  /** One document. @throws RangeError */
  at(index: number): Buffer {
    this.#places ??= [...this];
    const document = this.#places[index];
    if (document === undefined) throw new RangeError(`there is no document ${index} among ${this.count}`);
    return document;
  }

  /** One record, decoded. @throws RangeError, BSONError */
  record(index: number): DataRecord {
    return decodeDocument(this.at(index));
  }

  /** All records, decoded. @throws BSONError */
  records(): DataRecord[] {
    return Array.from(this, decodeDocument);
  }

  /** The groups in which they were accepted, each once. */
  groups(): string[] {
    const groups = new Set<string>();
    for (const document of this) groups.add(groupOf(documentId(document)));
    return [...groups];
  }

  /** Those whose place `keep` accepts. */
  filter(keep: (index: number) => boolean): Documents {
    return new Documents([...this].filter((_, index) => keep(index)).map((bytes) => ({ bytes, count: 1 })));
  }
}

const SMALLEST_DOCUMENT = 5;

/** Where the document at `at` ends. @throws SyntaxError when there is none */
function endOf(bytes: Buffer, at: number): number {
  const size = at + 4 <= bytes.length ? bytes.readInt32LE(at) : 0;
  const end = at + size;
  if (size < SMALLEST_DOCUMENT || end > bytes.length || bytes[end - 1] !== 0)
    throw new SyntaxError(`not a group of records: no document at byte ${at}`);
  return end;
}
