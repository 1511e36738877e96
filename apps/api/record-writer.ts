// Writing records: the queue first; the cache after the queue has confirmed, or atomically with it.
import type { Cache } from '../shared/cache.ts';
import { QueueOutcomeUnknownError } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import type { QueueWriter } from '../shared/queue/queue.ts';
import type { DataRecord } from '../shared/record.ts';
import type { Catalogue } from './catalogue.ts';
import type { ApiMetrics } from './metrics.ts';

export interface RecordWriter {
  /**
   * Resolves when the queue has confirmed them all.
   * @param requestId what the request is logged under, beside the records' origin
   * @throws the queue's errors (see QueueWriter.accept)
   */
  write(records: readonly DataRecord[], requestId: string): Promise<void>;
  ready(): boolean;
}

/** What leads from a request to its records: the consumers log the same ids and origin. */
const traceOf = (records: readonly DataRecord[], requestId: string) => ({
  requestId,
  origin: records[0]?.origin,
  records: records.map(({ _id }) => _id),
});

export function createRecordWriter(
  queue: QueueWriter,
  cache: Cache,
  catalogue: Catalogue,
  metrics: ApiMetrics,
  logger: Logger,
): RecordWriter {
  return {
    async write(records, requestId) {
      const begun = performance.now();
      try {
        await queue.accept(records);
      } catch (error) {
        // Who has to find out later whether they are stored will look for their ids.
        if (error instanceof QueueOutcomeUnknownError)
          logger.warn(
            { ...traceOf(records, requestId), err: error.message },
            'the queue did not confirm records in time',
          );
        throw error;
      }
      if (logger.isLevelEnabled('debug')) logger.debug(traceOf(records, requestId), 'accepted');
      metrics.queueSeconds.observe((performance.now() - begun) / 1000);
      metrics.accepted.inc(records.length);
      for (const { _id } of records) catalogue.add(_id);
      if (queue.cachesAccepted) return;
      try {
        await cache.putPending(records);
      } catch (error) {
        // Accepted is accepted: a cache that fails costs a miss later, never this request.
        metrics.cacheErrors.inc();
        logger.debug({ err: (error as Error).message }, 'the cache failed');
      }
    },
    ready: () => queue.ready(),
  };
}
