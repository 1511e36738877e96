// Kafka's client costs 65 MB of memory and 0.3 s to load, that of SQS 30 MB: only processes that
// use one load it, and only when they do.
import type { BatchLimits, DeadLetters, Queue, QueueDepth, QueueReader, QueueWriter, WriterOptions } from './queue.ts';

/** A queue whose adapter is loaded with the first call. */
export class LazyQueue implements Queue {
  readonly kind: Queue['kind'];
  readonly durability: string;
  readonly deadLetters: DeadLetters = {
    list: async (limit) => (await this.#queue()).deadLetters.list(limit),
    show: async (id) => (await this.#queue()).deadLetters.show(id),
    replay: async (id) => (await this.#queue()).deadLetters.replay(id),
    drop: async (id) => (await this.#queue()).deadLetters.drop(id),
  };
  readonly #load: () => Promise<Queue>;
  #opened: Promise<Queue> | undefined;

  constructor(kind: Queue['kind'], durability: string, load: () => Promise<Queue>) {
    this.kind = kind;
    this.durability = durability;
    this.#load = load;
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
    this.#opened ??= this.#load();
    return this.#opened;
  }
}
