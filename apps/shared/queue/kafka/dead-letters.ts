// Dead letters on Kafka: a compacted topic beside the queue, keyed by id; an empty message drops
// the letter.
//
// How many there are is the end of the topic minus its beginning minus what is no letter any more:
// dropped, replaced, or the message that dropped it. A process that looks after the letters reads
// the whole topic and commits that last number as the offset of a group of its own, so that
// counting reads no letter.
import { Admin, Consumer, FetchIsolationLevels } from '@platformatic/kafka';
import type { Logger } from '../../logger.ts';
import type { DataRecord } from '../../record.ts';
import type { DeadLetter, DeadLetters } from '../queue.ts';
import { clientOptions, type KafkaAddress } from './client.ts';
import { hasProtocolError, isUnknownTopic } from './errors.ts';
import { decodeLetter, encodeLetter, type NewLetter, type StoredLetter } from './letter.ts';
import { EARLIEST, KafkaOffsets, LATEST } from './offsets.ts';
import { OccasionalSender } from './writer.ts';

/** Where a letter lies: its text is fetched when somebody wants to see it. */
interface Place {
  readonly partition: number;
  readonly offset: bigint;
  readonly timestamp: bigint;
}

interface Message extends StoredLetter {
  readonly offset: bigint;
  readonly timestamp: bigint;
}

const FETCH_BYTES = 4 << 20;
/** The topic takes 2 MiB (config/servers.ts), twice what the queue's does. */
const LETTER_BYTES = 2_000_000;

/**
 * The dead letters of one queue. Writing and counting read none; the rest reads all once, and then
 * what is new.
 */
export class KafkaLetters implements DeadLetters {
  readonly #topic: string;
  readonly #offsets: KafkaOffsets;
  readonly #admin: Admin;
  readonly #group: string;
  readonly #consumer: Consumer<Buffer, Buffer, Buffer, Buffer>;
  readonly #sender: OccasionalSender;
  readonly #requeue: (record: DataRecord) => Promise<void>;
  readonly #places = new Map<string, Place>();
  #positions: bigint[] = [];
  /** What is no letter, by partition, as it was committed last. */
  #committed: bigint[] = [];
  #folding: Promise<void> | undefined;

  /**
   * @param group keeps the count; no consumer may join it
   * @param requeue puts a record into the queue again
   */
  constructor(
    address: KafkaAddress,
    topic: string,
    group: string,
    requeue: (record: DataRecord) => Promise<void>,
    logger: Logger,
  ) {
    this.#topic = topic;
    this.#group = group;
    this.#requeue = requeue;
    this.#offsets = new KafkaOffsets(address, topic, group, { sampleMs: Number.POSITIVE_INFINITY });
    this.#sender = new OccasionalSender(address, topic, this.#offsets, logger, { maxBatchBytes: LETTER_BYTES });
    this.#admin = new Admin({ ...clientOptions(address, 'dead-letters'), retries: 2, retryDelay: 200 });
    this.#consumer = new Consumer<Buffer, Buffer, Buffer, Buffer>({
      ...clientOptions(address, 'dead-letters'),
      groupId: group,
      isolationLevel: FetchIsolationLevels.READ_UNCOMMITTED,
      autocommit: false,
      retries: 2,
      retryDelay: 200,
    });
    this.#consumer.topics.track(topic);
  }

  /** Adds letters; one for an id that is there already takes its place. */
  async write(letters: readonly NewLetter[]): Promise<void> {
    const failedAt = new Date().toISOString();
    await Promise.all(letters.map((letter) => this.#sender.send(encodeLetter(letter, failedAt))));
  }

  /** How many there are; too many rather than too few after a consumer died while it wrote one. */
  async count(): Promise<number> {
    try {
      const partitions = await this.#offsets.read();
      return partitions.reduce((sum, { start, end, committed }) => sum + end - start - Math.max(0, committed), 0);
    } catch (error) {
      // Not declared: then nothing was ever refused.
      if (isUnknownTopic(error)) return 0;
      throw error;
    }
  }

  async list(limit: number): Promise<DeadLetter[]> {
    await this.#fold();
    const oldest = [...this.#places].sort(([, a], [, b]) => Number(a.timestamp - b.timestamp)).slice(0, limit);
    const letters: DeadLetter[] = [];
    for (const [id, place] of oldest) {
      const letter = await this.#read(id, place);
      if (letter !== undefined) letters.push(letter);
    }
    return letters;
  }

  async show(id: string): Promise<DeadLetter | undefined> {
    await this.#fold();
    const place = this.#places.get(id);
    return place && this.#read(id, place);
  }

  async replay(id: string): Promise<boolean> {
    const letter = await this.show(id);
    if (letter === undefined || letter.record._id === '') return false;
    // In this order: a crash in between leaves it in both places, which does no harm.
    await this.#requeue(letter.record);
    await this.#remove(id);
    return true;
  }

  async drop(id: string): Promise<boolean> {
    await this.#fold();
    if (!this.#places.has(id)) return false;
    await this.#remove(id);
    return true;
  }

  async close(): Promise<void> {
    await this.#sender.close();
    await Promise.all([this.#offsets.close(), this.#admin.close(), this.#consumer.close(true)]);
  }

  async #remove(id: string): Promise<void> {
    await this.#sender.send({ key: id, value: null });
    await this.#fold();
  }

  /** Reads what is new since the last time; calls at the same time share it. */
  #fold(): Promise<void> {
    this.#folding ??= this.#foldNew().finally(() => {
      this.#folding = undefined;
    });
    return this.#folding;
  }

  async #foldNew(): Promise<void> {
    let partitions: number;
    try {
      partitions = await this.#offsets.partitions();
    } catch (error) {
      // Not declared: then nothing was ever refused.
      if (isUnknownTopic(error)) return;
      throw error;
    }
    const ends = await this.#offsets.offsets(partitions, LATEST);
    for (const [partition, end] of ends.entries()) {
      this.#positions[partition] ??= 0n;
      while (this.#positions[partition]! < BigInt(end)) {
        const { messages, next } = await this.#fetch(partition, this.#positions[partition]!, FETCH_BYTES);
        for (const { key, value, offset, timestamp } of messages) {
          const id = key?.toString() ?? '';
          if (value === null) this.#places.delete(id);
          else this.#places.set(id, { partition, offset, timestamp });
        }
        this.#positions[partition] = next;
      }
    }
    await this.#commitCount(partitions);
  }

  /** Says how much of what was read is no letter. */
  async #commitCount(partitions: number): Promise<void> {
    const starts = await this.#offsets.offsets(partitions, EARLIEST);
    const letters = new Array<bigint>(partitions).fill(0n);
    for (const { partition } of this.#places.values()) letters[partition] = letters[partition]! + 1n;
    const partitionOffsets = starts
      .map((start, partition) => ({
        partition,
        offset: this.#positions[partition]! - BigInt(start) - letters[partition]!,
      }))
      .filter(({ partition, offset }) => offset !== (this.#committed[partition] ?? 0n));
    if (partitionOffsets.length === 0) return;
    const topics = [{ name: this.#topic, partitionOffsets }];
    await this.#admin.alterConsumerGroupOffsets({ groupId: this.#group, topics });
    for (const { partition, offset } of partitionOffsets) this.#committed[partition] = offset;
  }

  async #read(id: string, { partition, offset }: Place): Promise<DeadLetter | undefined> {
    const { messages } = await this.#fetch(partition, offset, 1);
    const message = messages.find((candidate) => candidate.offset === offset);
    return message && decodeLetter(id, message);
  }

  /** Messages from an offset on, and where to go on. */
  async #fetch(partition: number, from: bigint, maxBytes: number): Promise<{ messages: Message[]; next: bigint }> {
    const metadata = await this.#consumer.metadata({ topics: [this.#topic] });
    const topic = metadata.topics.get(this.#topic)!;
    const request = {
      partition,
      fetchOffset: from,
      partitionMaxBytes: maxBytes,
      currentLeaderEpoch: -1,
      lastFetchedEpoch: -1,
    };
    const response = await this.#consumer
      .fetch({
        node: topic.partitions[partition]!.leader,
        topics: [{ topicId: topic.id, partitions: [request] }],
        maxWaitTime: 100,
        minBytes: 1,
        maxBytes,
      })
      .catch(async (error: Error) => {
        if (!hasProtocolError(error, 'OFFSET_OUT_OF_RANGE')) throw error;
        return undefined;
      });
    if (response === undefined)
      return { messages: [], next: BigInt((await this.#offsets.offsets(partition + 1, EARLIEST))[partition]!) };
    const messages: Message[] = [];
    let next = from;
    for (const batch of response.responses.flatMap(({ partitions }) =>
      partitions.flatMap(({ records }) => records ?? []),
    )) {
      for (const { offsetDelta, timestampDelta, key, value, headers } of batch.records) {
        const offset = batch.firstOffset + BigInt(offsetDelta);
        const timestamp = batch.firstTimestamp + timestampDelta;
        if (offset >= from) messages.push({ offset, timestamp, key, value, headers });
      }
      next = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n;
    }
    return { messages, next };
  }
}
