// Reading records: the cache in one round trip, MongoDB in one query for all that the cache lacks.
import type { Cache } from '../shared/cache.ts';
import { Coalescer } from '../shared/coalescer.ts';
import type { Logger } from '../shared/logger.ts';
import { type DataRecord, decodeRecord, encodeRecord } from '../shared/record.ts';
import type { RecordStore } from '../shared/store.ts';
import type { ApiMetrics } from './metrics.ts';

export interface RecordReader {
  /** Those of `ids` that exist, encoded, in their order. @throws when MongoDB is needed and does not answer */
  readMany(ids: readonly string[]): Promise<string[]>;
  /** One record. @throws as above */
  read(id: string): Promise<DataRecord | undefined>;
}

export function createRecordReader(
  cache: Cache,
  store: RecordStore,
  metrics: ApiMetrics,
  logger: Logger,
): RecordReader {
  // One query at a time: while MongoDB answers, all further misses gather for the next.
  const queries = new Coalescer<string, string | undefined>({
    maxItems: 1_000,
    maxInFlight: 1,
    flush: async (ids) => {
      const begun = performance.now();
      const records = await store.findMany([...new Set(ids)]);
      metrics.storeReadSeconds.observe((performance.now() - begun) / 1000);
      const found = new Map(records.map((record) => [record._id, encodeRecord(record)]));
      cache.putStored(records).catch((error: Error) => cacheFailed(error));
      return ids.map((id) => found.get(id));
    },
  });
  const cacheFailed = (error: Error) => {
    metrics.cacheErrors.inc();
    logger.debug({ err: error.message }, 'the cache failed');
  };

  const readMany = async (ids: readonly string[]): Promise<string[]> => {
    const begun = performance.now();
    const cached = await cache.getMany(ids).catch((error: Error): null[] => {
      cacheFailed(error);
      return ids.map(() => null);
    });
    metrics.cacheSeconds.observe((performance.now() - begun) / 1000);
    const hits = cached.filter((text) => text !== null).length;
    metrics.cacheHits.inc(hits);
    metrics.cacheMisses.inc(ids.length - hits);
    if (hits === ids.length) return cached as string[];
    const all = await Promise.all(cached.map((text, i) => text ?? queries.add(ids[i]!)));
    return all.filter((text) => text !== undefined);
  };

  return {
    readMany,
    async read(id) {
      const [text] = await readMany([id]);
      return text === undefined ? undefined : decodeRecord(text);
    },
  };
}
