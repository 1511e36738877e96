// The store in MongoDB: a collection, and one command for a batch.
import { type Collection, type Db, type Document, MongoServerError } from 'mongodb';
import { fromStored, isValidBson, type StoredRecord } from '../../document.ts';
import type { Documents } from '../../group.ts';
import type { Refusal } from '../../queue/queue.ts';
import type { DataRecord } from '../../record.ts';
import { inTime, READ_TIMEOUT_MS, RECORDS, type Store, type StoreResult } from '../store.ts';
import { DocumentCount } from './document-count.ts';
import { documentSequence } from './document-sequence.ts';

/** MongoDB's limit for a document, bytes. */
const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;

export class MongoStore implements Store {
  readonly #db: Db;
  readonly #collection: Collection<StoredRecord>;
  readonly #documents: DocumentCount;
  #isReplicated: boolean | undefined;

  /** @param db closed with the store */
  constructor(db: Db) {
    this.#db = db;
    this.#collection = db.collection(RECORDS);
    this.#documents = DocumentCount.of(db, RECORDS, READ_TIMEOUT_MS);
  }

  /**
   * Stores a batch in one unordered command, in the journals of a majority.
   * @param isRetry whether MongoDB did not take it before. A document that is not valid BSON fails
   * the command that it comes with, or ends the connection, so documents are checked then. Default
   * false.
   * @throws when MongoDB could not take the batch now; storing the whole batch again is safe
   */
  async insert(documents: Documents, isRetry = false): Promise<StoreResult> {
    if (isRetry || documents.bytes >= MAX_DOCUMENT_BYTES) {
      const reasons = Array.from(documents, (document) => reasonAgainst(document, isRetry));
      if (reasons.some((reason) => reason !== undefined)) return this.#insertWithout(documents, reasons);
    }
    return this.#insert(documents);
  }

  async #insert(documents: Documents): Promise<StoreResult> {
    if (documents.count === 0) return { stored: 0, duplicates: 0, refused: [] };
    return judge(
      await this.#db.command({
        insert: RECORDS,
        documents: documentSequence(documents),
        ordered: false,
        writeConcern: await this.#durable(),
      }),
    );
  }

  /**
   * In a replica set, no member that lacks the batch can become primary once a majority has it. A
   * standalone server must not be asked for its majority: it then answers before the journal is
   * written (docs/decisions/0034-write-concern.md).
   */
  async #durable(): Promise<{ w: 'majority' | 1; j: true }> {
    this.#isReplicated ??= ((await this.#db.command({ hello: 1 })).setName as string | undefined) !== undefined;
    return { w: this.#isReplicated ? 'majority' : 1, j: true };
  }

  // The driver notices a server that hangs only after some 13 s, whatever its options say.
  async findMany(ids: readonly string[]): Promise<DataRecord[]> {
    const found = await inTime(
      'MongoDB',
      this.#collection
        .find({ _id: { $in: [...ids] } }, { batchSize: ids.length + 1, maxTimeMS: READ_TIMEOUT_MS })
        .toArray(),
    );
    return found.map(fromStored);
  }

  async newestIds(limit: number): Promise<string[]> {
    const found = await this.#collection
      .find({}, { projection: { _id: 1 }, sort: { _id: -1 }, limit, batchSize: 10_000 })
      .toArray();
    return found.map(({ _id }) => _id);
  }

  /** How many records there are: exactly at first, then by the collection's metadata. */
  count(): Promise<number> {
    return inTime('MongoDB', this.#documents.read());
  }

  async *scan(since: string): AsyncGenerator<DataRecord> {
    for await (const stored of this.#collection.find({ _id: { $gte: since } })) yield fromStored(stored);
  }

  close(): Promise<void> {
    return this.#db.client.close();
  }

  /** @param reasons why a document cannot be stored, by its place */
  async #insertWithout(documents: Documents, reasons: readonly (string | undefined)[]): Promise<StoreResult> {
    const kept: number[] = [];
    const refused: Refusal[] = [];
    for (const [index, reason] of reasons.entries()) {
      if (reason === undefined) kept.push(index);
      else refused.push({ index, reason });
    }
    const result = await this.#insert(documents.filter((index) => reasons[index] === undefined));
    return {
      ...result,
      refused: [...refused, ...result.refused.map(({ index, reason }) => ({ index: kept[index]!, reason }))],
    };
  }
}

/** Why MongoDB will never take the document, as far as its bytes tell. */
function reasonAgainst(document: Buffer, isSuspect: boolean): string | undefined {
  if (document.length > MAX_DOCUMENT_BYTES)
    return `larger than MongoDB's limit of ${MAX_DOCUMENT_BYTES} bytes for a document`;
  return isSuspect && !isValidBson(document) ? 'not valid BSON' : undefined;
}

const DUPLICATE_KEY = 11_000;

/**
 * Error codes that speak of the document, so that it fails again however often it is tried
 * (MongoDB's error_codes.yml): too large, nested too deeply, not valid BSON, an invalid name or
 * `_id`, rejected by the collection's validator, not indexable. Any other code may pass.
 */
const PERMANENT = new Set([2, 9, 14, 15, 16, 22, 52, 53, 55, 56, 57, 116, 121, 171, 201, 10_334, 11_000, 17_280]);

/**
 * Sorts the errors in the reply to an insert.
 * @throws unless all of them are known to be permanent; the batch is to be tried again
 */
export function judge(reply: Document): StoreResult {
  const { n = 0, writeErrors = [], writeConcernError } = reply;
  if (writeConcernError) throw new MongoServerError(writeConcernError);
  const result: StoreResult = { stored: n, duplicates: 0, refused: [] };
  for (const error of writeErrors as { index: number; code: number; errmsg?: string; keyPattern?: object }[]) {
    const { index, code, errmsg = '' } = error;
    const keys = Object.keys(error.keyPattern ?? {});
    const isOwnId = keys.length > 0 ? keys.join() === '_id' : /index: _id_ /.test(errmsg);
    if (code === DUPLICATE_KEY && isOwnId) result.duplicates++;
    else if (PERMANENT.has(code)) result.refused.push({ index, reason: `MongoDB ${code}: ${errmsg}` });
    else throw new MongoServerError({ ...error, errmsg });
  }
  return result;
}
