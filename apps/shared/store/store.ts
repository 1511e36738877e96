// What a store is to Breakwater: one interface, one adapter for each database, one contract
// test-suite.
import { StoreUnavailableError } from '../errors.ts';
import type { Documents } from '../group.ts';
import type { Refusal } from '../queue/queue.ts';
import type { DataRecord } from '../record.ts';

/** The table or collection that holds the records, in every database. */
export const RECORDS = 'records';

/** What became of a batch. */
export interface StoreResult {
  /** Newly stored. */
  stored: number;
  /** Were there already, under the same `_id`: a redelivery. */
  duplicates: number;
  /** Can never be stored; their neighbours were. */
  refused: Refusal[];
}

/** Holds the records, written in batches and read by id. */
export interface Store {
  /**
   * Stores a batch durably.
   * @param isRetry whether the store did not take the batch before. Default false
   * @throws when the store could not take the batch now; storing the whole batch again is safe
   */
  insert(documents: Documents, isRetry?: boolean): Promise<StoreResult>;
  /**
   * Those of `ids` that are stored, in no order. What `insert` has stored is found.
   * @throws StoreUnavailableError within 5 s
   */
  findMany(ids: readonly string[]): Promise<DataRecord[]>;
  /** The newest ids, at most `limit`. */
  newestIds(limit: number): Promise<string[]>;
  /** How many records there are; each adapter says how exactly it knows. */
  count(): Promise<number>;
  /**
   * All records with an id of at least `since`, in no order: for checks, since it may read the
   * whole store.
   */
  scan(since: string): AsyncIterable<DataRecord>;
  /** Closes its connections. */
  close(): Promise<void>;
}

/** How long a read may take in all, milliseconds. */
export const READ_TIMEOUT_MS = 5_000;

/**
 * Bounds a read whose client notices only late, or never, that the database hangs.
 * @param database its name, for the message
 * @throws StoreUnavailableError when the read fails, or has not ended within `READ_TIMEOUT_MS`
 */
export async function inTime<T>(database: string, read: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new StoreUnavailableError(`${database} did not answer within ${READ_TIMEOUT_MS} ms`)),
      READ_TIMEOUT_MS,
    );
  });
  try {
    return await Promise.race([read, late]);
  } catch (error) {
    // Errors of the language are bugs, and stay what they are.
    if (error instanceof StoreUnavailableError || error instanceof TypeError || error instanceof RangeError)
      throw error;
    throw new StoreUnavailableError(`${database} cannot be read: ${(error as Error).message}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
