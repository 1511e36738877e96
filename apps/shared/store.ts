// The store: records in MongoDB, written in batches and read by id.
import { BSON, type Collection, type Db, MongoBulkWriteError } from 'mongodb';
import { StoreUnavailableError } from './errors.ts';
import type { Refusal } from './queue/queue.ts';
import type { DataRecord } from './record.ts';

/** The collection that holds the records. */
export const RECORDS = 'records';

/** A record as MongoDB holds it. */
export type StoredRecord = Omit<DataRecord, 'createdAt'> & { readonly createdAt: Date };

/** What became of a batch. */
export interface StoreResult {
  /** Newly stored. */
  stored: number;
  /** Were there already, under the same `_id`: a redelivery. */
  duplicates: number;
  /** Can never be stored; their neighbours were. */
  refused: Refusal[];
}

export interface RecordStore {
  /**
   * Stores a batch in one unordered command, in the journals of a majority.
   * @throws when MongoDB could not take the batch now; storing the whole batch again is safe
   */
  insert(records: readonly DataRecord[]): Promise<StoreResult>;
  /** Those of `ids` that are stored, in no order. @throws StoreUnavailableError within 5 s, or the driver's errors */
  findMany(ids: readonly string[]): Promise<DataRecord[]>;
  /** The newest ids, at most `limit`. */
  newestIds(limit: number): Promise<string[]>;
  /** About how many records there are (collection metadata). */
  count(): Promise<number>;
}

/** How long a read may take in all, also when MongoDB hangs without closing its connections, milliseconds. */
const READ_TIMEOUT_MS = 5_000;

export function createRecordStore(db: Db): RecordStore {
  const collection: Collection<StoredRecord> = db.collection(RECORDS);
  return {
    insert: (records) => insertBatch(collection, records),
    async findMany(ids) {
      const found = await inTime(
        collection
          .find({ _id: { $in: [...ids] } }, { batchSize: ids.length + 1, maxTimeMS: READ_TIMEOUT_MS })
          .toArray(),
      );
      return found.map((document) => ({ ...document, createdAt: document.createdAt.toISOString() }));
    },
    async newestIds(limit) {
      const found = await collection
        .find({}, { projection: { _id: 1 }, sort: { _id: -1 }, limit, batchSize: 10_000 })
        .toArray();
      return found.map(({ _id }) => _id);
    },
    count: () => inTime(collection.estimatedDocumentCount({ maxTimeMS: READ_TIMEOUT_MS })),
  };
}

/** The driver notices a server that hangs only after some 13 s, whatever its options say: who reads doesn't wait for that. */
async function inTime<T>(read: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new StoreUnavailableError(`MongoDB did not answer within ${READ_TIMEOUT_MS} ms`)),
      READ_TIMEOUT_MS,
    );
  });
  try {
    return await Promise.race([read, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function insertBatch(collection: Collection<StoredRecord>, records: readonly DataRecord[]): Promise<StoreResult> {
  if (records.length === 0) return { stored: 0, duplicates: 0, refused: [] };
  // Field by field: what else a message may carry is not ours to store.
  const documents = records.map(({ _id, type, index, payload, createdAt, origin }) => ({
    _id,
    type,
    index,
    payload,
    createdAt: new Date(createdAt),
    origin,
  }));
  try {
    const { insertedCount } = await collection.insertMany(documents, {
      ordered: false,
      // No member of a replica set that lacks the batch can become primary then.
      writeConcern: { w: 'majority', journal: true },
    });
    return { stored: insertedCount, duplicates: 0, refused: [] };
  } catch (error) {
    if (error instanceof MongoBulkWriteError && [error.writeErrors].flat().length > 0) return judge(records, error);
    // The driver sends nothing of a batch with a document that is too large for MongoDB: that one is refused here.
    const isTooLarge = documents.map((document) => BSON.calculateObjectSize(document) >= MAX_DOCUMENT_BYTES);
    if (!isTooLarge.includes(true)) throw error;
    const reason = `larger than MongoDB's limit of ${MAX_DOCUMENT_BYTES} bytes for a document`;
    const rest = await insertBatch(
      collection,
      records.filter((_, i) => !isTooLarge[i]),
    );
    const refused = records.filter((_, i) => isTooLarge[i]).map((record) => ({ record, reason }));
    return { ...rest, refused: [...refused, ...rest.refused] };
  }
}

const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;

/**
 * Error codes that speak of the document, so that it fails again however often it is tried
 * (MongoDB's error_codes.yml): too large, nested too deeply, not valid BSON, an invalid name or
 * `_id`, rejected by the collection's validator, not indexable. Any other code may pass.
 */
const PERMANENT = new Set([2, 9, 14, 15, 16, 22, 52, 53, 55, 56, 57, 116, 121, 171, 201, 10_334, 11_000, 17_280]);

const DUPLICATE_KEY = 11_000;

/**
 * Sorts the errors of a bulk write.
 * @throws the error itself unless all of it is known to be permanent; the batch is to be tried again
 */
export function judge(records: readonly DataRecord[], error: MongoBulkWriteError): StoreResult {
  const writeErrors = [error.writeErrors].flat();
  if (writeErrors.length === 0 || error.result?.getWriteConcernError?.()) throw error;
  const result: StoreResult = { stored: error.insertedCount, duplicates: 0, refused: [] };
  for (const { code, index, errmsg, err } of writeErrors) {
    if (!PERMANENT.has(Number(code))) throw error;
    const keys = Object.keys((err as { keyPattern?: object } | undefined)?.keyPattern ?? {});
    const isOwnId = keys.length > 0 ? keys.join() === '_id' : /index: _id_ /.test(errmsg ?? '');
    if (code === DUPLICATE_KEY && isOwnId) result.duplicates++;
    else result.refused.push({ record: records[index]!, reason: `MongoDB ${code}: ${errmsg}` });
  }
  return result;
}
