// Writing records: the queue first; the cache after the queue has confirmed, or atomically with it.
import type { Cache } from '../shared/cache.ts';
import type { Logger } from '../shared/logger.ts';
import type { QueueWriter } from '../shared/queue/queue.ts';
import type { DataRecord } from '../shared/record.ts';
import type { Catalogue } from './catalogue.ts';
import type { ApiMetrics } from './metrics.ts';

export interface RecordWriter {
  /** Resolves when the queue has confirmed them all. @throws the queue's errors (see QueueWriter.accept) */
  write(records: readonly DataRecord[]): Promise<void>;
  ready(): boolean;
}

export function createRecordWriter(
  queue: QueueWriter,
  cache: Cache,
  catalogue: Catalogue,
  metrics: ApiMetrics,
  logger: Logger,
): RecordWriter {
  return {
    async write(records) {
      const begun = performance.now();
      await queue.accept(records);
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
