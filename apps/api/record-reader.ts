// Reading records: what this process read lately, the cache in one round trip for the others,
// MongoDB in one query for all that the cache lacks.
import { LRUCache } from 'lru-cache';
import { type Cache, CachedRecord } from '../shared/cache.ts';
import { Coalescer } from '../shared/coalescer.ts';
import type { Logger } from '../shared/logger.ts';
import type { DataRecord } from '../shared/record.ts';
import type { Store } from '../shared/store/store.ts';
import { countCacheErrors } from './cache-errors.ts';
import type { ApiMetrics } from './metrics.ts';

/** Reads that the average size looks back on. */
const SIZE_MEMORY = 64;

/** Records that one query asks for: a reply holds a fraction of them at the largest size. */
const MAX_QUERY = 200;

/**
 * Size of the records that a process keeps, bytes: about 6,000 of the usual size. With the usual
 * Zipf exponent these are two of three reads.
 */
const NEAR_BYTES = 4 * 2 ** 20;
/**
 * Chance that a record that was read is kept. Popular ones are soon in, and few of them are pushed
 * out by others.
 */
const NEAR_CHANCE = 1 / 8;

export class RecordReader {
  readonly #cache: Cache;
  readonly #store: Pick<Store, 'findMany'>;
  readonly #metrics: ApiMetrics;
  readonly #onCacheError: (error: Error) => void;
  readonly #random: () => number;
  // One query at a time: while MongoDB answers, all further misses gather for the next.
  readonly #queries: Coalescer<string, DataRecord | undefined>;

  /**
   * Encoded records by their ids, as Latin-1 text: a small Buffer would keep others of its pool in
   * memory. Records never change, so what is here stays right.
   */
  readonly #near = new LRUCache<string, string>({
    maxSize: NEAR_BYTES,
    maxEntrySize: NEAR_BYTES / 64,
    sizeCalculation: (record) => record.length,
  });

  #averageBytes = 0;

  constructor(
    cache: Cache,
    store: Pick<Store, 'findMany'>,
    metrics: ApiMetrics,
    logger: Logger,
    random: () => number = Math.random,
  ) {
    this.#cache = cache;
    this.#store = store;
    this.#metrics = metrics;
    this.#onCacheError = countCacheErrors(metrics, logger);
    this.#random = random;
    this.#queries = new Coalescer({ maxItems: MAX_QUERY, maxInFlight: 1, flush: (ids) => this.#query(ids) });
  }

  /** What a read of several records has held in memory lately, on average, bytes. */
  get averageBytes(): number {
    return Math.round(this.#averageBytes);
  }

  /**
   * Those of `ids` that exist, in their order.
   * @throws when MongoDB is needed and does not answer
   */
  async present(ids: readonly string[]): Promise<string[]> {
    const others = ids.filter((id) => this.#near.get(id) === undefined);
    this.#metrics.cacheHits.inc(ids.length - others.length);
    if (others.length === 0) return [...ids];
    const cached = await this.#cached(others);
    if (!cached.includes(null)) return [...ids];
    const exists = await Promise.all(cached.map(async (record, i) => record ?? this.#queries.add(others[i]!)));
    const missing = new Set(others.filter((_, i) => exists[i] === undefined));
    return ids.filter((id) => !missing.has(id));
  }

  /** One record. @throws as above */
  async read(id: string): Promise<DataRecord | undefined> {
    const near = this.#near.get(id);
    if (near !== undefined) this.#metrics.cacheHits.inc();
    const cached = near === undefined ? (await this.#cached([id]))[0] : CachedRecord.of(near);
    // A document that another program stored may lack what a record has: it is shown as it is.
    return cached?.decode() ?? this.#queries.add(id);
  }

  /** Asks the cache, and keeps what it gives. */
  async #cached(ids: readonly string[]): Promise<(CachedRecord | null)[]> {
    const begun = performance.now();
    const cached = await this.#cache.getMany(ids).catch((error: Error): null[] => {
      this.#onCacheError(error);
      return ids.map(() => null);
    });
    this.#metrics.cacheSeconds.observe((performance.now() - begun) / 1000);
    let hits = 0;
    let bytes = 0;
    for (const [i, record] of cached.entries())
      if (record !== null) {
        hits++;
        bytes += record.size;
        if (this.#random() < NEAR_CHANCE) this.#near.set(ids[i]!, record.text());
      }
    this.#averageBytes += (bytes - this.#averageBytes) / SIZE_MEMORY;
    this.#metrics.cacheHits.inc(hits);
    this.#metrics.cacheMisses.inc(ids.length - hits);
    return cached;
  }

  async #query(ids: readonly string[]): Promise<(DataRecord | undefined)[]> {
    const begun = performance.now();
    const records = await this.#store.findMany([...new Set(ids)]);
    this.#metrics.storeReadSeconds.observe((performance.now() - begun) / 1000);
    this.#cache.putStored(records).catch(this.#onCacheError);
    const found = new Map(records.map((record) => [record._id, record]));
    return ids.map((id) => found.get(id));
  }
}
