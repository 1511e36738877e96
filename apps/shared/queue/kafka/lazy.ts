// Kafka's client costs 65 MB of memory and 0.3 s to load: only processes that use Kafka load it,
// and only when they do.
import type { Logger } from '../../logger.ts';
import type { BatchLimits, DeadLetters, Queue, QueueDepth, QueueReader, QueueWriter, WriterOptions } from '../queue.ts';
import { KAFKA_DURABILITY } from './durability.ts';
import type { KafkaQueueOptions } from './queue.ts';

/** The queue of queue.ts, loaded with the first call. */
export class LazyKafkaQueue implements Queue {
  readonly kind = 'kafka';
  readonly durability = KAFKA_DURABILITY;
  readonly deadLetters: DeadLetters = {
    list: async (limit) => (await this.#queue()).deadLetters.list(limit),
    show: async (id) => (await this.#queue()).deadLetters.show(id),
    replay: async (id) => (await this.#queue()).deadLetters.replay(id),
    drop: async (id) => (await this.#queue()).deadLetters.drop(id),
  };
  readonly #options: KafkaQueueOptions;
  readonly #logger: Logger;
  #opened: Promise<Queue> | undefined;

  constructor(options: KafkaQueueOptions, logger: Logger) {
    this.#options = options;
    this.#logger = logger;
  }

  async writer(options?: WriterOptions): Promise<QueueWriter> {
    return (await this.#queue()).writer(options);
  }

  async reader(limits: BatchLimits): Promise<QueueReader> {
    return (await this.#queue()).reader(limits);
  }

  async depth(): Promise<QueueDepth> {
    return (await this.#queue()).depth();
  }

  async close(): Promise<void> {
    await (await this.#opened)?.close();
  }

  #queue(): Promise<Queue> {
    this.#opened ??= import('./queue.ts').then(({ KafkaQueue }) => new KafkaQueue(this.#options, this.#logger));
    return this.#opened;
  }
}
