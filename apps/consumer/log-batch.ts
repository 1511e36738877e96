// What became of the records of a batch, by id and origin: the far end of the trail that the API begins.
import { decodeDocument } from '../shared/document.ts';
import type { Logger } from '../shared/logger.ts';
import type { Batch } from '../shared/queue/queue.ts';

/** Records in one line: log collectors cut or drop lines of more than some 100 KiB. */
const RECORDS_A_LINE = 500;

/** Logs the ids with their origins, at debug; costs nothing above it. */
export function logBatch(
  logger: Logger,
  what: 'stored' | 'acknowledged',
  batch: Pick<Batch, 'documents' | 'redelivered' | 'traceparents'>,
): void {
  if (!logger.isLevelEnabled('debug')) return;
  const trail = Array.from(batch.documents, nameOf);
  const traces = batch.traceparents.length === 0 ? {} : { trace_ids: batch.traceparents.map(traceIdOf) };
  for (let from = 0; from < trail.length; from += RECORDS_A_LINE) {
    const named = trail.slice(from, from + RECORDS_A_LINE).filter((name) => name !== undefined);
    const records = Object.fromEntries(named.map(({ record, origin }) => [record, origin]));
    logger.debug({ batch: trail.length, redelivered: batch.redelivered, ...traces, records }, what);
  }
}

/** Of a `traceparent`: its second part. */
const traceIdOf = (traceparent: string): string | undefined => traceparent.split('-')[1];

/**
 * What logs call a record; undefined for what is none: MongoDB takes documents that this cannot
 * decode.
 */
export function nameOf(document: Buffer): { readonly record: string; readonly origin: string } | undefined {
  try {
    const { _id, origin } = decodeDocument(document);
    return { record: _id, origin };
  } catch {
    return undefined;
  }
}
