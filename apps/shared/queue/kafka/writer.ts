// Accepting records on Kafka: all records of a request in one batch of one partition, which is atomic.
//
// Requests that arrive while sends are under way share the next batch. A lane is a producer with one send at a time: the
// library keeps sequence numbers a producer and forgets all of them when any send fails, so sends side by side on one
// producer could mix old numbers with a new producer id. Within a send the library repeats the same batch under the same
// producer id and sequence, so a repetition is recognized by the broker and neither doubles nor reorders. A batch that the
// broker certainly did not append is sent again under a new producer id, to another partition where there is one.
import type { Base } from '@platformatic/kafka';
import { Coalescer } from '../../coalescer.ts';
import { QueueFullError, QueueOutcomeUnknownError, QueueRefusedError, QueueUnavailableError } from '../../errors.ts';
import { FULL_GROUP_BYTES, GroupIds, joinGroup, MAX_GROUP_RECORDS, recordsFrom } from '../../group.ts';
import type { Logger } from '../../logger.ts';
import { type DataRecord, encodeRecord, type NewRecords } from '../../record.ts';
import type { QueueLimits, QueueWriter, WriterOptions } from '../queue.ts';
import { Room } from '../room.ts';
import { TRACEPARENT } from '../traces.ts';
import { bytesOf, encodeBatch, type KafkaMessage } from './batch.ts';
import { BatchProducer } from './batch-producer.ts';
import { clientOptions, type KafkaAddress } from './client.ts';
import { classify, describe, hasProtocolError, verdictOf } from './errors.ts';
import type { DepthMonitor, KafkaOffsets } from './offsets.ts';

export interface KafkaWriterOptions {
  /** Bytes of a batch, at most; stay below the broker's limit (message.max.bytes, 1 MiB). Default 900000. */
  maxBatchBytes?: number;
  /** Batches under way at once, at most; never two in one partition. Default 4. */
  maxInFlight?: number;
  /** How long `accept` takes at most, milliseconds. Default 5000. */
  deadlineMs?: number;
}

/** One request: its messages go together. */
interface Request {
  readonly messages: readonly KafkaMessage[];
  readonly bytes: number;
  state: 'waiting' | 'sending' | 'given up';
}

const RETRIES = 8;
const RETRY_DELAY_MS = 250;
/**
 * While a send is under way, the next one begins after so long, milliseconds, or with a full batch.
 * At 3,000 requests a second that makes groups of twenty instead of five, which takes a third off
 * the CPU of a request, here and in the broker.
 */
const PATIENCE_MS = 10;
/** How long a partition is left alone after a failed send, milliseconds. */
const AVOID_MS = 2_000;

/** Sends requests as whole batches to the partitions of one topic. */
export class KafkaSender {
  readonly #topic: string;
  readonly #partitions: () => number;
  readonly #maxBatchBytes: number;
  readonly #deadlineMs: number;
  readonly #coalescer: Coalescer<Request>;
  readonly #lanes: BatchProducer[];
  readonly #free: BatchProducer[];
  readonly #busy = new Set<number>();
  readonly #avoidUntil = new Map<number, number>();
  readonly #logger: Logger;
  /** Called when what waits becomes a batch. */
  onBatch: () => void = () => undefined;
  #next = 0;
  #closed = false;

  /** @param partitions how many the topic has by now */
  constructor(
    address: KafkaAddress,
    topic: string,
    partitions: () => number,
    logger: Logger,
    options: KafkaWriterOptions = {},
  ) {
    this.#topic = topic;
    this.#partitions = partitions;
    this.#logger = logger;
    this.#maxBatchBytes = options.maxBatchBytes ?? 900_000;
    this.#deadlineMs = options.deadlineMs ?? 5_000;
    const maxInFlight = Math.max(1, Math.min(options.maxInFlight ?? 4, partitions()));
    this.#lanes = Array.from({ length: maxInFlight }, () => createLane(address));
    this.#free = [...this.#lanes];
    this.#coalescer = new Coalescer({
      maxItems: 2_000,
      maxBytes: this.#maxBatchBytes,
      sizeOf: (request) => request.bytes,
      maxInFlight,
      patienceMs: PATIENCE_MS,
      flush: (requests) => this.#flush(requests),
    });
  }

  /**
   * Resolves once Kafka has confirmed all of them.
   * @param bytes see bytesOf, for a caller that knows
   * @throws as QueueWriter.accept does
   */
  async send(messages: readonly KafkaMessage[], bytes = bytesOf(messages)): Promise<void> {
    if (messages.length === 0) return;
    if (this.#closed) throw new QueueUnavailableError('the queue is closed');
    if (bytes > this.#maxBatchBytes)
      throw new QueueRefusedError(
        `the records of a request have ${bytes} bytes, but go into one batch of at most ${this.#maxBatchBytes}: send fewer or smaller ones`,
      );
    const request: Request = { messages, bytes, state: 'waiting' };
    await this.#withDeadline(request, this.#coalescer.add(request));
  }

  async close(): Promise<void> {
    this.#closed = true;
    // A send that cannot end (no broker answers) ends with its producer.
    const timeout = new Promise((resolve) => setTimeout(resolve, this.#deadlineMs).unref());
    await Promise.race([this.#coalescer.idle(), timeout]);
    await Promise.all(this.#lanes.map((lane) => lane.close(true)));
  }

  #withDeadline(request: Request, sent: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const wasSending = request.state === 'sending';
        request.state = 'given up';
        const took = `within ${this.#deadlineMs} ms`;
        if (wasSending)
          reject(
            new QueueOutcomeUnknownError(`Kafka did not confirm the records ${took}; they may or may not be stored`),
          );
        else reject(new QueueUnavailableError(`Kafka could not be sent the records ${took}; try again later`));
      }, this.#deadlineMs);
      sent.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }

  async #flush(requests: readonly Request[]): Promise<void> {
    const wanted = requests.filter(({ state }) => state === 'waiting');
    if (wanted.length === 0) return;
    this.onBatch();
    for (const request of wanted) request.state = 'sending';
    const messages = wanted.flatMap((request) => request.messages);
    const bytes = wanted.reduce((sum, request) => sum + request.bytes, 0);
    const lane = this.#free.pop()!;
    const deadline = performance.now() + this.#deadlineMs;
    const tried = new Set<number>();
    try {
      for (;;) {
        const partition = this.#choose(tried);
        tried.add(partition);
        this.#busy.add(partition);
        try {
          await lane.sendBatch(this.#topic, partition, encodeBatch(messages, bytes));
          this.#avoidUntil.delete(partition);
          return;
        } catch (error) {
          this.#avoidUntil.set(partition, performance.now() + AVOID_MS);
          const verdict = verdictOf(error);
          this.#logger.error(
            { topic: this.#topic, partition, verdict, err: describe(error) },
            'a batch was not confirmed',
          );
          const elsewhere = tried.size < Math.min(2, this.#partitions()) && performance.now() < deadline;
          if (verdict !== 'not stored' || !elsewhere || this.#closed) throw classify(error, this.#topic);
        } finally {
          this.#busy.delete(partition);
        }
      }
    } finally {
      this.#free.push(lane);
    }
  }

  /** Round robin over partitions that nobody is sending to, those that failed lately last. */
  #choose(tried: ReadonlySet<number>): number {
    const count = Math.max(1, this.#partitions());
    const now = performance.now();
    let best = -1;
    let bestScore = Number.POSITIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      const partition = (this.#next + i) % count;
      const score =
        (tried.has(partition) ? 4 : 0) +
        ((this.#avoidUntil.get(partition) ?? 0) > now ? 2 : 0) +
        (this.#busy.has(partition) ? 1 : 0);
      if (score >= bestScore) continue;
      best = partition;
      bestScore = score;
      if (score === 0) break;
    }
    this.#next = (best + 1) % count;
    return best;
  }
}

/**
 * A sender of one batch at a time, for the few messages that are not accepted records. Opened with
 * the first of them.
 */
export class OccasionalSender {
  readonly #open: () => Promise<KafkaSender>;
  #sender: Promise<KafkaSender> | undefined;

  constructor(
    address: KafkaAddress,
    topic: string,
    offsets: KafkaOffsets,
    logger: Logger,
    options: KafkaWriterOptions = {},
  ) {
    this.#open = async () => {
      const partitions = await offsets.partitions();
      return new KafkaSender(address, topic, () => partitions, logger, { maxInFlight: 1, ...options });
    };
  }

  /** @throws as QueueWriter.accept does, or what keeps it from opening */
  async send(message: KafkaMessage): Promise<void> {
    this.#sender ??= this.#open().catch((error) => {
      this.#sender = undefined;
      throw error;
    });
    await (await this.#sender).send([message]);
  }

  async close(): Promise<void> {
    await (await this.#sender?.catch(() => undefined))?.close();
  }
}

function createLane(address: KafkaAddress): BatchProducer {
  return new BatchProducer({
    ...clientOptions(address, 'writer'),
    retries: RETRIES,
    retryDelay: (client, _operation, _attempt, _retries, error) => {
      // The library would ask the same broker again until its metadata is old; ask who leads the partition now.
      if (hasProtocolError(error, 'NOT_LEADER_OR_FOLLOWER', 'UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE'))
        (client as Base).clearMetadata();
      return RETRY_DELAY_MS;
    },
  });
}

/**
 * A record as a message. As bytes at once, which no collection of garbage has to copy while they
 * wait.
 * @param headers default none
 */
export const toMessage = (record: DataRecord, headers?: KafkaMessage['headers']) => ({
  key: record._id,
  value: Buffer.from(encodeRecord(record)),
  headers,
});

/** A group that further requests may join. */
interface OpenGroup {
  readonly id: string;
  /** As in their messages. What was refused leaves its place empty. */
  readonly records: (Buffer | undefined)[];
  bytes: number;
  /** Its way to the cache, once the first of its records is confirmed. */
  cached?: Promise<void>;
}

/**
 * Accepts records into the topic while the consumer group's lag leaves room. The requests of a
 * batch share a group in the cache.
 */
export class KafkaWriter implements QueueWriter {
  readonly #sender: KafkaSender;
  readonly #monitor: DepthMonitor;
  readonly #topic: string;
  readonly #limits: QueueLimits;
  readonly #onAccepted: WriterOptions['onAccepted'];
  readonly #ids = new GroupIds();
  readonly #room = new Room();
  #open: OpenGroup | undefined;
  #closed = false;

  /** Takes over `sender` and `monitor`: closes them. @param onAccepted see Queue.writer */
  constructor(
    sender: KafkaSender,
    monitor: DepthMonitor,
    topic: string,
    limits: QueueLimits,
    { onAccepted }: WriterOptions = {},
  ) {
    this.#sender = sender;
    this.#monitor = monitor;
    this.#topic = topic;
    this.#limits = limits;
    this.#onAccepted = onAccepted;
    sender.onBatch = () => {
      this.#open = undefined;
    };
  }

  ready(): boolean {
    return !this.#closed && this.#monitor.healthy;
  }

  async accept(newRecords: NewRecords, id?: string): Promise<string[]> {
    const { traceparent } = newRecords;
    const headers = traceparent === undefined ? undefined : { [TRACEPARENT]: traceparent };
    let bytes = 0;
    const { group, place, messages, ended } = await this.#room.for(() => {
      this.#requireRoom(newRecords.payloads.length, bytes);
      const group = id === undefined ? this.#openGroup(newRecords.payloads.length) : newGroup(id);
      const records = recordsFrom(group.id, group.records.length, newRecords);
      const messages = records.map((record) => toMessage(record, headers));
      bytes = bytesOf(messages);
      this.#requireRoom(messages.length, bytes);
      const place = group.records.push(...messages.map(({ value }) => value)) - messages.length;
      group.bytes += bytes;
      return { group, place, messages, ended: this.#monitor.begin(messages.length, bytes) };
    });
    try {
      await this.#sender.send(messages, bytes);
      ended(true);
      this.#monitor.sawLife();
    } catch (error) {
      ended(error instanceof QueueOutcomeUnknownError);
      group.records.fill(undefined, place, place + messages.length);
      throw error;
    }
    group.cached ??= this.#onAccepted?.(group.id, joinGroup(group.records));
    await group.cached;
    return messages.map(({ key }) => key);
  }

  /** @throws QueueUnavailableError, QueueFullError */
  #requireRoom(records: number, bytes: number): void {
    if (this.#closed) throw new QueueUnavailableError('the queue is closed');
    if (!this.#monitor.healthy) throw new QueueUnavailableError('Kafka does not answer; try again later');
    const { maxLength, maxBytes } = this.#limits;
    if (this.#monitor.lag + records > maxLength || this.#monitor.lagBytes + bytes > maxBytes)
      throw new QueueFullError(`the queue ${this.#topic} is full; try again later`);
  }

  #openGroup(records: number): OpenGroup {
    const open = this.#open;
    if (open && open.records.length + records <= MAX_GROUP_RECORDS && open.bytes < FULL_GROUP_BYTES) return open;
    this.#open = newGroup(this.#ids.next());
    return this.#open;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#sender.close();
    this.#monitor.close();
  }
}

const newGroup = (id: string): OpenGroup => ({ id, records: [], bytes: 0 });
