// Delivering records from Kafka in batches that are settled after they are stored.
import type { Logger } from '../../logger.ts';
import { type DataRecord, decodeRecord } from '../../record.ts';
import type { Batch, BatchLimits, Delivery, QueueReader, Refusal } from '../queue.ts';
import type { KafkaAddress } from './client.ts';
import type { KafkaLetters, NewLetter } from './dead-letters.ts';
import { type Fetched, KafkaFetcher, sizeOf } from './fetcher.ts';
import type { KafkaMember, OwnedPartition } from './member.ts';

/** A batch that the caller has. */
interface HandedOut {
  /** The offset after its last message, by partition. */
  readonly offsets: ReadonlyMap<OwnedPartition, bigint>;
  settled: boolean;
}

/** @param letters where refused and unreadable messages go */
export function createKafkaReader(
  address: KafkaAddress,
  member: KafkaMember,
  letters: Pick<KafkaLetters, 'write'>,
  limits: BatchLimits,
  logger: Logger,
): QueueReader {
  const { batchSize, batchBytes, flushIntervalMs } = limits;
  const fetcher = new KafkaFetcher(
    address,
    member,
    { bufferBytes: Math.max(batchBytes, 1 << 20), bufferRecords: 2 * batchSize },
    logger,
  );
  const unsettled: HandedOut[] = [];
  let closed = false;
  let closing: Promise<void> | undefined;

  /** Waits until a batch is full, or its first record has waited long enough. */
  const gather = async (): Promise<Fetched[]> => {
    const messages: Fetched[] = [];
    let bytes = 0;
    let deadline = Number.POSITIVE_INFINITY;
    while (!closed) {
      for (;;) {
        const message =
          messages.length >= batchSize
            ? undefined
            : fetcher.take(messages.length === 0 ? Number.POSITIVE_INFINITY : batchBytes - bytes);
        if (message === undefined) break;
        messages.push(message);
        bytes += sizeOf(message);
      }
      if (messages.length > 0 && deadline === Number.POSITIVE_INFINITY) deadline = performance.now() + flushIntervalMs;
      // What did not fit is still there: the batch is full.
      if (messages.length >= batchSize || bytes >= batchBytes || fetcher.length > 0) return messages;
      const left = deadline - performance.now();
      if (left <= 0) return messages;
      await fetcher.change(Math.min(left, 1_000));
    }
    return [];
  };

  /** Commits up to the first batch that is not settled: a commit says that all before it is done. */
  const settle = async (batch: HandedOut, dead: readonly NewLetter[]): Promise<void> => {
    try {
      if (dead.length > 0) await letters.write(dead);
      batch.settled = true;
      const offsets = new Map<OwnedPartition, bigint>();
      while (unsettled[0]?.settled)
        for (const [state, offset] of unsettled.shift()!.offsets) offsets.set(state, offset);
      await member.commit(offsets);
    } catch (error) {
      // Later batches must not commit beyond it, so their partitions begin again as well.
      member.rewind(batch.offsets.keys());
      batch.settled = true;
      throw error;
    }
  };

  const toBatch = (messages: readonly Fetched[]): Batch => {
    const deliveries: Delivery[] = [];
    const poison: NewLetter[] = [];
    const offsets = new Map<OwnedPartition, bigint>();
    for (const message of messages) {
      const { state, offset } = message;
      offsets.set(state, offset + 1n);
      member.delivered(state.partition, offset);
      try {
        deliveries.push({ record: decode(message), redelivered: offset < state.deliveredBefore });
      } catch (error) {
        const reason = (error as Error).message;
        logger.error({ partition: state.partition, offset: String(offset), err: reason }, 'a message holds no record');
        poison.push({ id: `unreadable-${state.partition}-${offset}`, record: unreadable(message), reason });
      }
    }
    const handedOut: HandedOut = { offsets, settled: false };
    unsettled.push(handedOut);
    return {
      deliveries,
      async settle(refused: readonly Refusal[] = []) {
        const dead = [...poison, ...refused.map(({ record, reason }) => ({ id: record._id, record, reason }))];
        await settle(handedOut, dead);
      },
    };
  };

  member.join();
  return {
    async next() {
      for (;;) {
        const messages = (await gather()).filter(({ state }) => member.owns(state));
        if (closed) return undefined;
        if (messages.length > 0) return toBatch(messages);
      }
    },
    close() {
      closing ??= (async () => {
        closed = true;
        await Promise.all([fetcher.close(), member.close()]);
      })();
      return closing;
    },
  };
}

function decode({ value }: Fetched): DataRecord {
  if (value === null) throw new SyntaxError('not a record: the message is empty');
  return decodeRecord(value.toString());
}

/** What was no record, shown as one: without an id, its bytes as the payload. */
function unreadable({ key, value }: Fetched): DataRecord {
  const payload = value?.toString() ?? '';
  return { _id: '', type: 'unreadable', index: 0, payload, createdAt: '', origin: key?.toString() ?? '' };
}
