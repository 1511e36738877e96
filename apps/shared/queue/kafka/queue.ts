// The queue on Kafka: a topic, a consumer group, offsets committed after the store.
import type { Logger } from '../../logger.ts';
import type { DataRecord } from '../../record.ts';
import { KAFKA_DURABILITY } from '../durability.ts';
import type { BatchLimits, Queue, QueueDepth, QueueLimits, QueueReader, QueueWriter, WriterOptions } from '../queue.ts';
import type { KafkaAddress } from './client.ts';
import { KafkaLetters } from './dead-letters.ts';
import { KafkaMember } from './member.ts';
import { DepthMonitor, KafkaOffsets } from './offsets.ts';
import { KafkaReader } from './reader.ts';
import { KafkaSweeper, type SweepOptions } from './sweeper.ts';
import { KafkaSender, KafkaWriter, type KafkaWriterOptions, OccasionalSender, toMessage } from './writer.ts';

export interface KafkaQueueOptions extends KafkaAddress, KafkaWriterOptions, QueueLimits {
  /** The topic; dead letters are in `<name>.dlq`. Both are made by the topics app. */
  name: string;
  group: string;
  /**
   * How long, and up to how many bytes in a partition, stored records stay for other groups.
   * Default: forever.
   */
  retention?: SweepOptions | undefined;
  /**
   * A consumer that was silent for so long loses its partitions, milliseconds. Default 6000,
   * Kafka's least: with the heartbeats of the others they are taken over within about 8 s.
   */
  sessionTimeoutMs?: number;
}

/**
 * A replayed record, at most: what other programs send may be larger than a batch of ours, up to
 * the broker's own limit (message.max.bytes, 1,048,588).
 */
const REPLAY_BYTES = 1_048_500;

/** The queue; connects when it is used. */
export class KafkaQueue implements Queue {
  readonly kind = 'kafka';
  readonly durability = KAFKA_DURABILITY;
  readonly deadLetters: KafkaLetters;
  readonly #options: KafkaQueueOptions;
  readonly #logger: Logger;
  readonly #offsets: KafkaOffsets;
  /** What was opened, to be closed from the last to the first. */
  readonly #opened: { close(): void | Promise<void> }[];

  constructor(options: KafkaQueueOptions, logger: Logger) {
    const { name, group } = options;
    this.#options = options;
    this.#logger = logger;
    this.#offsets = new KafkaOffsets(options, name, group, { sampleMs: 0 });
    const replayer = new OccasionalSender(options, name, this.#offsets, logger, { maxBatchBytes: REPLAY_BYTES });
    const requeue = (record: DataRecord) => replayer.send(toMessage(record));
    this.deadLetters = new KafkaLetters(options, `${name}.dlq`, `${group}.dlq`, requeue, logger);
    this.#opened = [this.#offsets, replayer, this.deadLetters];
  }

  async writer(options?: WriterOptions): Promise<QueueWriter> {
    const { name, group } = this.#options;
    // Of its own: the monitor must know which of its records each sample of the sizes has counted.
    const offsets = new KafkaOffsets(this.#options, name, group);
    const monitor = new DepthMonitor(offsets, this.#logger);
    this.#opened.push(offsets, monitor);
    await monitor.start();
    const sender = new KafkaSender(this.#options, name, () => monitor.partitions, this.#logger, this.#options);
    const writer = new KafkaWriter(sender, monitor, name, this.#options, options);
    this.#opened.push(writer);
    return writer;
  }

  async reader(limits: BatchLimits): Promise<QueueReader> {
    const { name: topic, group, retention, sessionTimeoutMs = 6_000 } = this.#options;
    const heartbeatMs = Math.min(1_000, sessionTimeoutMs / 3);
    const member = new KafkaMember(this.#options, { topic, group, sessionTimeoutMs, heartbeatMs }, this.#logger);
    const reader = new KafkaReader(this.#options, member, this.deadLetters, limits, this.#logger);
    this.#opened.push(reader);
    if (retention !== undefined) {
      const owned = () => [...member.owned].map(({ partition }) => partition);
      this.#opened.push(new KafkaSweeper(this.#offsets, owned, retention, this.#logger));
    }
    return reader;
  }

  async depth(): Promise<QueueDepth> {
    const [{ accepted, lag, lagBytes = 0 }, deadLetters] = await Promise.all([
      this.#offsets.depth(),
      this.deadLetters.count(),
    ]);
    return { accepted, lag, lagBytes: Math.round(lagBytes), deadLetters };
  }

  async close(): Promise<void> {
    for (const part of this.#opened.splice(0).reverse()) await part.close();
  }
}
