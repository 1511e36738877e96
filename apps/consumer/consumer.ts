// The consumer: takes batches from the queue, stores them at the pace MongoDB can take, then acknowledges. In this order.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cache } from '../shared/cache.ts';
import type { Limiter } from '../shared/limiter.ts';
import type { Logger } from '../shared/logger.ts';
import type { Batch, QueueReader } from '../shared/queue/queue.ts';
import type { RecordStore, StoreResult } from '../shared/store.ts';
import { logBatch } from './log-batch.ts';
import type { ConsumerMetrics } from './metrics.ts';

export interface ConsumerParts {
  reader: QueueReader;
  store: RecordStore;
  limiter: Limiter;
  /** Told of what is stored, where settling does not do that by itself. */
  cache?: Cache | undefined;
  metrics: ConsumerMetrics;
  logger: Logger;
  /** Extra work a record, milliseconds. */
  workMs: number;
}

export interface Consumer {
  /** Resolves when stopped; rejects when consuming broke down for a reason that no retry mends. */
  readonly done: Promise<void>;
  /** False while MongoDB takes nothing. */
  healthy(): boolean;
  /** Finishes the batch in hand, then closes the reader. */
  stop(): Promise<void>;
}

/** Batches under way at once: while MongoDB works on one, the gate counts the next one's operations. */
const PIPELINE = 2;

/** Starts consuming. */
export function startConsumer(parts: ConsumerParts): Consumer {
  const { reader, logger } = parts;
  const stopping = new AbortController();
  let healthy: boolean;
  const setHealthy = (value: boolean): void => {
    healthy = value;
    parts.metrics.storeUp.set(Number(value));
  };
  setHealthy(true);
  /** Batches that are being stored or acknowledged, the oldest first. */
  const inHand: Promise<boolean>[] = [];

  const run = async (): Promise<void> => {
    for (;;) {
      const batch = await reader.next();
      if (batch === undefined || stopping.signal.aborted) return;
      inHand.push(handle(batch, inHand.at(-1)));
      if (inHand.length >= PIPELINE) await inHand.shift();
    }
  };

  /** Stores at once, acknowledges in the order of delivery: never past a batch that was not stored. */
  const handle = async (batch: Batch, previous: Promise<boolean> | undefined): Promise<boolean> => {
    const [result, settled] = await Promise.all([storeUntilDone(batch), previous ?? true]);
    if (result === undefined || !settled) return false;
    await settle(batch, result);
    return true;
  };

  /** Stores a batch, however long MongoDB is away; undefined when told to stop before it worked. */
  const storeUntilDone = async (batch: Batch): Promise<StoreResult | undefined> => {
    for (let attempt = 0; ; attempt++) {
      try {
        const result = await storeBatch(batch, parts, stopping.signal);
        if (!healthy) logger.info('MongoDB takes records again');
        setHealthy(true);
        return result;
      } catch (error) {
        if (stopping.signal.aborted) return undefined;
        parts.metrics.storeRetries.inc();
        if (healthy) logger.error({ err: (error as Error).message }, 'MongoDB could not take a batch; trying again');
        setHealthy(false);
        await sleep(backoffMs(attempt), undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
  };

  const settle = async (batch: Batch, { refused }: StoreResult): Promise<void> => {
    for (const { record, reason } of refused)
      logger.error(
        { record: record._id, origin: record.origin, reason },
        'MongoDB refused a record; it goes to the dead letters',
      );
    try {
      await batch.settle(refused);
      parts.metrics.deadLetters.inc(refused.length);
      logBatch(logger, 'acknowledged', batch);
    } catch (error) {
      // Stored but not acknowledged: it will come again and be a duplicate.
      logger.warn({ err: (error as Error).message }, 'could not acknowledge a batch; it will be delivered again');
      return;
    }
    await parts.cache
      ?.markStored(batch.deliveries.map(({ record }) => record._id))
      .catch((error: Error) => logger.warn({ err: error.message }, 'could not mark records as stored in the cache'));
  };

  const done = run();
  let stopped: Promise<void> | undefined;
  return {
    done,
    healthy: () => healthy,
    stop() {
      stopped ??= (async () => {
        stopping.abort();
        await Promise.all(inHand);
        await reader.close();
        await done;
      })();
      return stopped;
    },
  };
}

/** One attempt: pays the limiter, stores, counts. */
async function storeBatch(batch: Batch, parts: ConsumerParts, signal: AbortSignal): Promise<StoreResult> {
  const { metrics } = parts;
  const records = batch.deliveries.map(({ record }) => record);
  metrics.limiterWaitSeconds.inc((await parts.limiter.acquire(signal)) / 1000);
  const begun = performance.now();
  const result = await parts.store.insert(records);
  metrics.storeSeconds.observe((performance.now() - begun) / 1000);
  // Told to stop, it leaves the rest of the work: the records are stored, so they shall be acknowledged.
  if (parts.workMs > 0) await sleep(parts.workMs * records.length, undefined, { signal }).catch(() => undefined);
  logBatch(parts.logger, 'stored', batch);
  metrics.stored.inc(result.stored);
  metrics.duplicates.inc(result.duplicates);
  metrics.batchRecords.observe(records.length);
  const now = Date.now();
  for (const { record, redelivered } of batch.deliveries) {
    metrics.storeDelaySeconds.observe((now - Date.parse(record.createdAt)) / 1000);
    if (redelivered) metrics.redelivered.inc();
  }
  return result;
}

/** 100 ms, doubling to 5 s, with jitter so that consumers don't knock together. */
const backoffMs = (attempt: number): number => Math.min(100 * 2 ** attempt, 5_000) * (0.75 + Math.random() / 2);
