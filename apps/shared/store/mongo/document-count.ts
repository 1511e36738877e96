// Counts the documents of a collection: by its metadata, which is cheap, corrected by an exact
// count, which is not.
import type { Db } from 'mongodb';

/** An exact count reads the whole index of ids: longer than this is too long, milliseconds. */
const EXACT_TIMEOUT_MS = 5_000;

/**
 * How many documents a collection has that only grows. After MongoDB was killed its metadata lacks
 * what was stored since the last checkpoint, and stays too low by that. So the first count is
 * exact, and also the one after the metadata went down.
 */
export class DocumentCount {
  readonly #estimate: () => Promise<number>;
  readonly #exact: () => Promise<number>;
  /** What the metadata lacks. */
  #missing = 0;
  #last = Number.POSITIVE_INFINITY;

  /**
   * @param estimate the count of the metadata
   * @param exact counts; may fail, then the metadata is believed
   */
  constructor(estimate: () => Promise<number>, exact: () => Promise<number>) {
    this.#estimate = estimate;
    this.#exact = exact;
  }

  static of(db: Db, name: string, maxTimeMS: number): DocumentCount {
    const collection = db.collection<{ _id: string }>(name);
    return new DocumentCount(
      () => collection.estimatedDocumentCount({ maxTimeMS }),
      // A range that holds all ids: the index is counted, and no document is read.
      () => collection.countDocuments({ _id: { $gte: '' } }, { hint: '_id_', maxTimeMS: EXACT_TIMEOUT_MS }),
    );
  }

  /** @throws what `estimate` throws */
  async read(): Promise<number> {
    const estimate = await this.#estimate();
    if (estimate < this.#last) this.#missing = await this.#lackOf(estimate);
    this.#last = estimate;
    return estimate + this.#missing;
  }

  async #lackOf(before: number): Promise<number> {
    try {
      const exact = await this.#exact();
      const after = await this.#estimate();
      // What was stored meanwhile is in `after`, and perhaps in `exact`.
      if (exact > after) return exact - after;
      return Math.min(0, exact - before);
    } catch {
      // Too many documents to count in time, or MongoDB has gone: the next estimate fails, too.
      return 0;
    }
  }
}
