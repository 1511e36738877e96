// Dead letters on Kafka: a compacted topic beside the queue, keyed by id; an empty message drops the letter.
import { Consumer, FetchIsolationLevels } from '@platformatic/kafka';
import type { Logger } from '../../logger.ts';
import type { DataRecord } from '../../record.ts';
import type { DeadLetter, DeadLetters } from '../queue.ts';
import { clientOptions, type KafkaAddress } from './client.ts';
import { hasProtocolError, isUnknownTopic } from './errors.ts';
import { KafkaOffsets } from './offsets.ts';
import { KafkaSender } from './writer.ts';

export interface NewLetter {
  readonly id: string;
  readonly record: DataRecord;
  readonly reason: string;
}

/** Where a letter lies: its text is fetched when somebody wants to see it. */
interface Place {
  readonly partition: number;
  readonly offset: bigint;
  readonly timestamp: bigint;
}

interface Message {
  readonly offset: bigint;
  readonly timestamp: bigint;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

const FETCH_BYTES = 4 << 20;

/** The dead letters of one queue. What is in the topic is folded once and then only what is new. */
export class KafkaLetters implements DeadLetters {
  readonly #topic: string;
  readonly #address: KafkaAddress;
  readonly #logger: Logger;
  readonly #offsets: KafkaOffsets;
  readonly #consumer: Consumer<Buffer, Buffer, Buffer, Buffer>;
  readonly #requeue: (record: DataRecord) => Promise<void>;
  readonly #places = new Map<string, Place>();
  #positions: bigint[] = [];
  #folding: Promise<void> | undefined;
  #sender: Promise<KafkaSender> | undefined;

  /** @param requeue puts a record into the queue again */
  constructor(address: KafkaAddress, topic: string, requeue: (record: DataRecord) => Promise<void>, logger: Logger) {
    this.#topic = topic;
    this.#address = address;
    this.#logger = logger;
    this.#requeue = requeue;
    this.#offsets = new KafkaOffsets(address, topic, 'none');
    this.#consumer = new Consumer<Buffer, Buffer, Buffer, Buffer>({
      ...clientOptions(address, 'dead-letters'),
      groupId: 'breakwater-dead-letters',
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
    for (const { id, record, reason } of letters) await this.#send(id, JSON.stringify({ reason, failedAt, record }));
  }

  /** How many there are. */
  async count(): Promise<number> {
    await this.#fold();
    return this.#places.size;
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
    await this.#send(id, null);
    return true;
  }

  async drop(id: string): Promise<boolean> {
    await this.#fold();
    if (!this.#places.has(id)) return false;
    await this.#send(id, null);
    return true;
  }

  async close(): Promise<void> {
    const sender = await this.#sender?.catch(() => undefined);
    await sender?.close();
    await this.#offsets.close();
    await this.#consumer.close(true);
  }

  async #send(id: string, value: string | null): Promise<void> {
    this.#sender ??= this.#offsets
      .partitions()
      .then(
        (partitions) => new KafkaSender(this.#address, this.#topic, () => partitions, this.#logger, { maxInFlight: 1 }),
      );
    try {
      const sender = await this.#sender;
      await sender.send([{ key: Buffer.from(id), value: value === null ? null : Buffer.from(value) }]);
    } catch (error) {
      if (!(await this.#sender.catch(() => undefined))) this.#sender = undefined;
      throw error;
    }
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
    const ends = await this.#offsets.offsets(partitions, -1n);
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
  }

  async #read(id: string, { partition, offset }: Place): Promise<DeadLetter | undefined> {
    const { messages } = await this.#fetch(partition, offset, 1);
    const message = messages.find((candidate) => candidate.offset === offset);
    if (!message?.value) return undefined;
    return { id, ...(JSON.parse(message.value.toString()) as Omit<DeadLetter, 'id'>) };
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
      return { messages: [], next: BigInt((await this.#offsets.offsets(partition + 1, -2n))[partition]!) };
    const messages: Message[] = [];
    let next = from;
    for (const batch of response.responses.flatMap(({ partitions }) =>
      partitions.flatMap(({ records }) => records ?? []),
    )) {
      for (const { offsetDelta, timestampDelta, key, value } of batch.records) {
        const offset = batch.firstOffset + BigInt(offsetDelta);
        if (offset >= from) messages.push({ offset, timestamp: batch.firstTimestamp + timestampDelta, key, value });
      }
      next = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n;
    }
    return { messages, next };
  }
}
