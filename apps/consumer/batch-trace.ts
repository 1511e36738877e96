// The traces of a batch: in each that one of its requests belongs to, a span for the batch and one
// for every attempt to store it.
import type { Batch } from '../shared/queue/queue.ts';
import { RECORDS } from '../shared/store/store.ts';
import { processSpan, type TracedQueue } from '../shared/tracing/messaging.ts';
import type { Span, SpanStart, Tracing } from '../shared/tracing/tracing.ts';

/** The spans of a batch that at least one sampled request is part of. */
export class BatchTrace {
  readonly #spans: readonly Span[];
  readonly #insert: SpanStart;

  /**
   * @param database by its name in the conventions: `mongodb`
   * @param records those of the whole batch
   */
  constructor(spans: readonly Span[], database: string, records: number) {
    this.#spans = spans;
    this.#insert = {
      name: `insert ${RECORDS}`,
      kind: 'client',
      attributes: {
        'db.system.name': database,
        'db.operation.name': 'insert',
        'db.collection.name': RECORDS,
        'db.operation.batch.size': records,
      },
    };
  }

  /** One attempt to store the batch. @throws what `attempt` throws */
  async inserting<T>(attempt: () => Promise<T>): Promise<T> {
    const inserts = this.#spans.map((span) => span.child(this.#insert));
    try {
      return await attempt();
    } catch (error) {
      for (const insert of inserts) insert.fail((error as Error).name);
      throw error;
    } finally {
      for (const insert of inserts) insert.end();
    }
  }

  /** @param failure why the batch will be delivered again. Default: it was acknowledged */
  end(failure?: string): void {
    for (const span of this.#spans) {
      if (failure !== undefined) span.fail(failure);
      span.end();
    }
  }
}

/** @returns undefined if none of the batch's requests is sampled */
export type StartBatchTrace = (batch: Batch) => BatchTrace | undefined;

/** Continues the traces that come with batches. @param database see BatchTrace */
export const traceBatches =
  (tracing: Tracing, queue: TracedQueue, database: string): StartBatchTrace =>
  ({ traceparents, documents: { count } }) => {
    if (traceparents.length === 0) return undefined;
    const start = processSpan(queue, count);
    const spans = traceparents.flatMap((traceparent) => tracing.resume(start, traceparent) ?? []);
    return spans.length === 0 ? undefined : new BatchTrace(spans, database, count);
  };
