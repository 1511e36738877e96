// Writing records: the queue confirms them, then readers may choose them.
import type { Cache } from '../shared/cache.ts';
import { QueueOutcomeUnknownError } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import type { QueueWriter } from '../shared/queue/queue.ts';
import type { NewRecords } from '../shared/record.ts';
import type { RequestContext } from './answer.ts';
import { countCacheErrors } from './cache-errors.ts';
import type { Catalogue } from './catalogue.ts';
import type { ApiMetrics } from './metrics.ts';

export class RecordWriter {
  readonly #queue: QueueWriter;
  readonly #catalogue: Catalogue;
  readonly #cache: Pick<Cache, 'keep'>;
  readonly #metrics: ApiMetrics;
  readonly #logger: Logger;
  readonly #onCacheError: (error: Error) => void;

  constructor(
    queue: QueueWriter,
    catalogue: Catalogue,
    cache: Pick<Cache, 'keep'>,
    metrics: ApiMetrics,
    logger: Logger,
  ) {
    this.#queue = queue;
    this.#catalogue = catalogue;
    this.#cache = cache;
    this.#metrics = metrics;
    this.#logger = logger;
    this.#onCacheError = countCacheErrors(metrics, logger);
  }

  /**
   * Resolves when the queue has confirmed them all.
   * @param context what the request is logged under, beside the records' origin, and its trace
   * @returns their ids, in order
   * @throws the queue's errors (see QueueWriter.accept)
   */
  async write(records: NewRecords, { requestId, trace }: RequestContext): Promise<string[]> {
    const begun = performance.now();
    const request = { requestId, trace_id: trace?.traceId, origin: records.origin };
    const send = trace?.send(records.payloads.length);
    let ids: string[];
    try {
      ids = await this.#queue.accept(send ? { ...records, traceparent: send.traceparent } : records);
      send?.set({ 'breakwater.record_ids': ids });
    } catch (error) {
      send?.fail((error as Error).name);
      // Who has to find out later whether they are stored will look for their origin.
      if (error instanceof QueueOutcomeUnknownError)
        this.#logger.warn({ ...request, err: error.message }, 'the queue did not confirm records in time');
      throw error;
    } finally {
      send?.end();
    }
    // What leads from a request to its records: the consumers log the same ids and origin.
    if (this.#logger.isLevelEnabled('debug')) this.#logger.debug({ ...request, records: ids }, 'accepted');
    this.#metrics.queueSeconds.observe((performance.now() - begun) / 1000);
    this.#metrics.accepted.inc(ids.length);
    for (const [i, id] of ids.entries()) {
      // A full Redis evicts its group first, because the other records in it are hardly ever read.
      if (this.#catalogue.add(id))
        this.#cache.keep(id, Buffer.byteLength(records.payloads[i]!)).catch(this.#onCacheError);
    }
    return ids;
  }

  ready(): boolean {
    return this.#queue.ready();
  }
}

/**
 * What keeps accepted groups in the cache. Accepted is accepted: a cache that fails costs a miss
 * later, never the request.
 */
export const cacheAccepted =
  (cache: Pick<Cache, 'putPending'>, metrics: ApiMetrics, logger: Logger) =>
  (id: string, group: Buffer): Promise<void> =>
    cache.putPending(id, group).catch(countCacheErrors(metrics, logger));
