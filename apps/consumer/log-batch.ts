// What became of the records of a batch, by id and origin: the far end of the trail that the API begins.
import type { Logger } from '../shared/logger.ts';
import type { Batch } from '../shared/queue/queue.ts';

/** Records in one line: log collectors cut or drop lines of more than some 100 KiB. */
const RECORDS_A_LINE = 500;

/** Logs the ids with their origins, at debug; costs nothing above it. */
export function logBatch(
  logger: Logger,
  what: 'stored' | 'acknowledged',
  { deliveries }: Pick<Batch, 'deliveries'>,
): void {
  if (!logger.isLevelEnabled('debug')) return;
  for (let from = 0; from < deliveries.length; from += RECORDS_A_LINE) {
    const some = deliveries.slice(from, from + RECORDS_A_LINE);
    const records = Object.fromEntries(some.map(({ record }) => [record._id, record.origin]));
    const redelivered = some.filter((delivery) => delivery.redelivered).length;
    logger.debug({ batch: deliveries.length, redelivered, records }, what);
  }
}
