// Delivering records from Kafka in batches that are acknowledged after they are stored.
import { Documents } from '../../group.ts';
import type { Logger } from '../../logger.ts';
import { type DataRecord, decodeMessage } from '../../record.ts';
import type { Batch, BatchLimits, QueueReader, Refusal } from '../queue.ts';
import type { KafkaAddress } from './client.ts';
import type { KafkaLetters } from './dead-letters.ts';
import { type Fetched, KafkaFetcher, recordBytes } from './fetcher.ts';
import type { NewLetter } from './letter.ts';
import type { KafkaMember, OwnedPartition, Place } from './member.ts';

/** A batch that the caller has. */
interface HandedOut {
  /** The place after its last message, by partition. */
  readonly offsets: ReadonlyMap<OwnedPartition, Place>;
  acknowledged: boolean;
}

/** Gathers what the fetcher has read into batches and commits them in order. */
export class KafkaReader implements QueueReader {
  readonly #limits: BatchLimits;
  readonly #member: KafkaMember;
  readonly #letters: Pick<KafkaLetters, 'write'>;
  readonly #logger: Logger;
  readonly #fetcher: KafkaFetcher;
  readonly #handedOut: HandedOut[] = [];
  #closed = false;
  #closing: Promise<void> | undefined;

  /** Joins the group. @param letters where refused and unreadable messages go */
  constructor(
    address: KafkaAddress,
    member: KafkaMember,
    letters: Pick<KafkaLetters, 'write'>,
    limits: BatchLimits,
    logger: Logger,
  ) {
    this.#member = member;
    this.#letters = letters;
    this.#limits = limits;
    this.#logger = logger;
    const buffer = { bufferBytes: Math.max(limits.batchBytes, 1 << 20), bufferRecords: 2 * limits.batchSize };
    this.#fetcher = new KafkaFetcher(address, member, buffer, logger);
    member.join();
  }

  async next(): Promise<Batch | undefined> {
    for (;;) {
      const messages = (await this.#gather()).filter(({ state }) => this.#member.owns(state));
      if (this.#closed) return undefined;
      if (messages.length > 0) return this.#toBatch(messages);
    }
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#closing ??= Promise.all([this.#fetcher.close(), this.#member.close()]).then(() => undefined);
    return this.#closing;
  }

  /** Waits until a batch is full, or its first record has waited long enough. */
  async #gather(): Promise<Fetched[]> {
    const { batchSize, batchBytes, flushIntervalMs } = this.#limits;
    const messages: Fetched[] = [];
    let bytes = 0;
    let deadline = Number.POSITIVE_INFINITY;
    while (!this.#closed) {
      while (messages.length < batchSize) {
        const message = this.#fetcher.take(messages.length === 0 ? Number.POSITIVE_INFINITY : batchBytes - bytes);
        if (message === undefined) break;
        messages.push(message);
        bytes += recordBytes(message);
      }
      if (messages.length > 0 && deadline === Number.POSITIVE_INFINITY) deadline = performance.now() + flushIntervalMs;
      // What did not fit is still there: the batch is full.
      if (messages.length >= batchSize || bytes >= batchBytes || this.#fetcher.length > 0) return messages;
      const left = deadline - performance.now();
      if (left <= 0) return messages;
      await this.#fetcher.change(Math.min(left, 1_000));
    }
    return [];
  }

  #toBatch(messages: readonly Fetched[]): Batch {
    const records: DataRecord[] = [];
    const accepted: { at: number; records: number }[] = [];
    let redelivered = 0;
    let lost = 0;
    const poison: NewLetter[] = [];
    const traceparents = new Set<string>();
    const offsets = new Map<OwnedPartition, Place>();
    for (const message of messages) {
      const { state, offset, epoch } = message;
      offsets.set(state, { offset: offset + 1n, epoch });
      this.#member.delivered(state.partition, offset);
      if (message.lost !== undefined) {
        lost += message.lost;
        continue;
      }
      try {
        records.push(decode(message));
        addAccepted(accepted, message.at);
        if (message.traceparent !== undefined) traceparents.add(message.traceparent);
        if (offset < state.deliveredBefore) redelivered++;
      } catch (error) {
        const reason = (error as Error).message;
        const place = { partition: state.partition, offset: String(offset) };
        this.#logger.error({ ...place, err: reason }, 'a message holds no record');
        poison.push({ id: `unreadable-${state.partition}-${offset}`, content: message, reason });
      }
    }
    const handedOut: HandedOut = { offsets, acknowledged: false };
    this.#handedOut.push(handedOut);
    const documents = Documents.ofRecords(records);
    return {
      documents,
      accepted,
      redelivered,
      lost,
      traceparents: [...traceparents],
      acknowledge: async (refused: readonly Refusal[] = []) => {
        // Decoded again: records that were kept until now would be most of the garbage.
        const dead = refused.map(({ index, reason }) => {
          const content = documents.record(index);
          return { id: content._id, content, reason };
        });
        await this.#acknowledge(handedOut, [...poison, ...dead]);
      },
    };
  }

  /**
   * Commits up to the first batch that is not acknowledged: a commit says that all before it is
   * done.
   */
  async #acknowledge(batch: HandedOut, dead: readonly NewLetter[]): Promise<void> {
    try {
      if (dead.length > 0) await this.#letters.write(dead);
      batch.acknowledged = true;
      const offsets = new Map<OwnedPartition, Place>();
      while (this.#handedOut[0]?.acknowledged)
        for (const [state, place] of this.#handedOut.shift()!.offsets) offsets.set(state, place);
      await this.#member.commit(offsets);
    } catch (error) {
      // Later batches must not commit beyond it, so their partitions begin again as well.
      this.#member.rewind(batch.offsets.keys());
      batch.acknowledged = true;
      throw error;
    }
  }
}

function decode({ value }: Fetched): DataRecord {
  if (value === null) throw new SyntaxError('not a record: the message is empty');
  return decodeMessage(value);
}

/** Counts a record; those in a row that were accepted at the same time are one entry. */
function addAccepted(accepted: { at: number; records: number }[], at: number): void {
  const last = accepted.at(-1);
  if (last?.at === at) last.records++;
  else accepted.push({ at, records: 1 });
}
