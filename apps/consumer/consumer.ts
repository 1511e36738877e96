// The consumer: takes batches from the queue, stores them at the pace the store can take, then
// acknowledges. In this order.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cache } from '../shared/cache.ts';
import type { Limiter } from '../shared/limiter.ts';
import type { Logger } from '../shared/logger.ts';
import type { Batch, QueueReader } from '../shared/queue/queue.ts';
import type { Store, StoreResult } from '../shared/store/store.ts';
import type { BatchTrace, StartBatchTrace } from './batch-trace.ts';
import { logBatch, nameOf } from './log-batch.ts';
import type { ConsumerMetrics } from './metrics.ts';

export interface ConsumerParts {
  reader: QueueReader;
  store: Pick<Store, 'insert'>;
  limiter: Limiter;
  /** Told of what is stored, where acknowledging does not do that by itself. */
  cache?: Pick<Cache, 'markStored'> | undefined;
  metrics: ConsumerMetrics;
  logger: Logger;
  /** Extra work a record, milliseconds. */
  workMs: number;
  /** Default: nothing is traced. */
  startTrace?: StartBatchTrace | undefined;
}

/**
 * Batches under way at once: while the store works on one, MongoDB's gate counts the next one's
 * operations.
 */
const PIPELINE = 2;

/** Consumes from its creation on. */
export class Consumer {
  /** Resolves when stopped; rejects when consuming broke down for a reason that no retry mends. */
  readonly done: Promise<void>;
  readonly #parts: ConsumerParts;
  readonly #stopping = new AbortController();
  /** Batches that are being stored or acknowledged, the oldest first. */
  readonly #inHand: Promise<boolean>[] = [];
  #healthy = true;
  #stopped: Promise<void> | undefined;

  constructor(parts: ConsumerParts) {
    this.#parts = parts;
    this.#setHealthy(true);
    this.done = this.#run();
  }

  /** False while the store takes nothing. */
  healthy(): boolean {
    return this.#healthy;
  }

  /** Finishes the batches in hand, then closes the reader. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#inHand);
    await this.#parts.reader.close();
    await this.done;
  }

  #setHealthy(healthy: boolean): void {
    this.#healthy = healthy;
    this.#parts.metrics.storeUp.set(Number(healthy));
  }

  async #run(): Promise<void> {
    for (;;) {
      const batch = await this.#parts.reader.next();
      if (batch === undefined || this.#stopping.signal.aborted) return;
      this.#inHand.push(this.#handle(batch, this.#inHand.at(-1)));
      if (this.#inHand.length >= PIPELINE) await this.#inHand.shift();
    }
  }

  /**
   * Stores at once, acknowledges in the order of delivery: never past a batch that was not stored.
   */
  async #handle(batch: Batch, previous: Promise<boolean> | undefined): Promise<boolean> {
    const trace = this.#parts.startTrace?.(batch);
    const [result, acknowledged] = await Promise.all([this.#storeUntilDone(batch, trace), previous ?? true]);
    if (result === undefined || !acknowledged) {
      trace?.end('stopped');
      return false;
    }
    const failure = await this.#acknowledge(batch, result);
    trace?.end(failure);
    return true;
  }

  /**
   * Stores a batch, however long the store is away; undefined when told to stop before it worked.
   */
  async #storeUntilDone(batch: Batch, trace: BatchTrace | undefined): Promise<StoreResult | undefined> {
    const { metrics, logger } = this.#parts;
    const { signal } = this.#stopping;
    for (let attempt = 0; ; attempt++) {
      try {
        const result = await this.#store(batch, attempt > 0, trace);
        if (!this.#healthy) logger.info('the store takes records again');
        this.#setHealthy(true);
        return result;
      } catch (error) {
        if (signal.aborted) return undefined;
        metrics.storeRetries.inc();
        if (this.#healthy)
          logger.error({ err: (error as Error).message }, 'the store could not take a batch; trying again');
        this.#setHealthy(false);
        await sleep(backoffMs(attempt), undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** One attempt: pays the limiter, stores, counts. */
  async #store(batch: Batch, isRetry: boolean, trace: BatchTrace | undefined): Promise<StoreResult> {
    const { store, limiter, metrics, workMs, logger } = this.#parts;
    const { documents, accepted, redelivered } = batch;
    if (documents.count === 0) return { stored: 0, duplicates: 0, refused: [] };
    metrics.limiterWaitSeconds.inc((await limiter.acquire(this.#stopping.signal)) / 1000);
    const begun = performance.now();
    const insert = () => store.insert(documents, isRetry);
    const result = await (trace === undefined ? insert() : trace.inserting(insert));
    metrics.storeSeconds.observe((performance.now() - begun) / 1000);
    // Told to stop, it leaves the rest of the work: the records are stored, so they shall be
    // acknowledged.
    if (workMs > 0)
      await sleep(workMs * documents.count, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    logBatch(logger, 'stored', batch);
    metrics.stored.inc(result.stored);
    metrics.duplicates.inc(result.duplicates);
    metrics.redelivered.inc(redelivered);
    metrics.batchRecords.observe(documents.count);
    const now = Date.now();
    // Another machine's clock may be ahead of ours.
    for (const { at, records } of accepted)
      metrics.storeDelaySeconds.observeMany(Math.max(0, now - at) / 1000, records);
    return result;
  }

  /** @returns the name of the error if it failed: the batch will be delivered again */
  async #acknowledge(batch: Batch, { refused }: StoreResult): Promise<string | undefined> {
    const { cache, metrics, logger } = this.#parts;
    for (const { index, reason } of refused) {
      logger.error(
        { ...nameOf(batch.documents.at(index)), reason },
        'the store refused a record; it goes to the dead letters',
      );
    }
    try {
      await batch.acknowledge(refused);
      metrics.deadLetters.inc(refused.length);
      metrics.lost.inc(batch.lost);
      logBatch(logger, 'acknowledged', batch);
    } catch (error) {
      // Stored but not acknowledged: it will come again and be a duplicate.
      logger.warn({ err: (error as Error).message }, 'could not acknowledge a batch; it will be delivered again');
      return (error as Error).name;
    }
    await cache
      ?.markStored(batch.documents.groups())
      .catch((error: Error) => logger.warn({ err: error.message }, 'could not mark records as stored in the cache'));
    return undefined;
  }
}

/** 100 ms, doubling to 5 s, with jitter so that consumers don't knock together. */
const backoffMs = (attempt: number): number => Math.min(100 * 2 ** attempt, 5_000) * (0.75 + Math.random() / 2);
