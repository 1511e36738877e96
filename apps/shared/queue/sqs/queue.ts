// The queue on SQS: a standard queue whose messages hold groups of records; Redis beside it holds
// the counts and the dead letters, of which a second queue has copies.
import type { Logger } from '../../logger.ts';
import { connectRedis, redisReady } from '../../redis.ts';
import { SQS_DURABILITY } from '../durability.ts';
import type { BatchLimits, Queue, QueueDepth, QueueLimits, QueueReader, QueueWriter, WriterOptions } from '../queue.ts';
import { type SqsAddress, SqsCalls } from './client.ts';
import { SqsCounts } from './counts.ts';
import { SqsDeadLetters } from './dead-letters.ts';
import { LetterCopies } from './letter-copies.ts';
import { SqsReader } from './reader.ts';
import { type ScriptedRedis, sqsKeys, withSqsScripts } from './scripts.ts';
import { SqsSender, SqsWriter } from './writer.ts';

export interface SqsQueueOptions extends SqsAddress, QueueLimits {
  /** In the names of its keys in Redis. */
  readonly name: string;
  /** redis://host:port */
  readonly url: string;
  readonly password?: string | undefined;
  /** What a consumer has in hand that died is delivered to others after so long. Default 15. */
  readonly visibilitySeconds?: number;
  /** See CountsOptions. Default 30,000: a send takes 6 seconds at most. */
  readonly orphanMs?: number;
}

/** Connects to Redis at once and keeps trying, and to SQS when it is used. */
export class SqsQueue implements Queue {
  readonly kind = 'sqs';
  readonly durability = SQS_DURABILITY;
  readonly deadLetters: SqsDeadLetters;
  readonly #options: SqsQueueOptions;
  readonly #logger: Logger;
  readonly #redis: ScriptedRedis;
  readonly #calls: SqsCalls;
  readonly #counts: SqsCounts;
  readonly #copies: LetterCopies;
  /** What was opened, to be closed from the last to the first. */
  readonly #closers: (() => void | Promise<void>)[] = [];

  constructor(options: SqsQueueOptions, logger: Logger) {
    const { url, password, name, orphanMs = 30_000 } = options;
    this.#options = options;
    this.#logger = logger;
    // Accepting waits for it, so it must not wait long.
    const connection = { url, password, name: 'queue-counts', commandTimeoutMs: 1_000 };
    this.#redis = withSqsScripts(connectRedis(connection, logger));
    this.#calls = new SqsCalls(options);
    const keys = sqsKeys(name);
    this.#counts = new SqsCounts(this.#redis, keys, { ...options, orphanMs }, logger);
    const sender = new SqsSender(this.#calls, this.#counts);
    this.#copies = new LetterCopies(options, logger);
    this.deadLetters = new SqsDeadLetters(this.#redis, keys, sender, this.#counts, this.#copies);
    this.#closers.push(
      () => this.#calls.close(),
      () => this.#copies.close(),
      () => {
        if (this.#redis.status !== 'end') this.#redis.disconnect();
      },
      () => sender.close(),
    );
  }

  async writer(options: WriterOptions = {}): Promise<QueueWriter> {
    const { messageBytes } = await this.#open();
    const stop = this.#counts.keepReconciling(this.#calls);
    const sender = new SqsSender(this.#calls, this.#counts);
    const writer = new SqsWriter(sender, messageBytes, options, stop);
    this.#closers.push(() => writer.close());
    return writer;
  }

  async reader(limits: BatchLimits): Promise<QueueReader> {
    const { lost } = await this.#open();
    const { visibilitySeconds = 15 } = this.#options;
    await this.#restoreLetters();
    const options = { ...limits, visibilitySeconds };
    const reader = new SqsReader(this.#calls, this.#counts, this.#copies, options, this.#logger);
    reader.addLost(lost);
    const stop = this.#counts.keepReconciling(this.#calls, async (records) => {
      reader.addLost(records);
      await this.#restoreLetters();
    });
    this.#closers.push(() => reader.close(), stop);
    return reader;
  }

  async depth(): Promise<QueueDepth> {
    await redisReady(this.#redis);
    return this.#counts.read();
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close();
  }

  async #restoreLetters(): Promise<void> {
    const letters = await this.deadLetters.restore();
    if (letters > 0) this.#logger.warn({ letters }, 'Redis had lost dead letters; they are there again');
  }

  /** Compares the counts for the first time. @throws when Redis or the queue is not there */
  async #open() {
    await redisReady(this.#redis);
    const { redrives, messageBytes } = await this.#calls.state();
    if (redrives)
      this.#logger.warn('the SQS queue has a redrive policy: it moves records away from the consumers; remove it');
    return { messageBytes, lost: await this.#counts.reconcile(this.#calls) };
  }
}
