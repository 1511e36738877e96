// Accepting records on SQS: whole requests packed into messages of up to 60 KB, which SQS bills as
// one request each; a larger request is a message of its own.
import { setTimeout as sleep } from 'node:timers/promises';
import { Coalescer } from '../../coalescer.ts';
import { documentBytes } from '../../document.ts';
import { QueueFullError, QueueOutcomeUnknownError, QueueRefusedError, QueueUnavailableError } from '../../errors.ts';
import { encodeGroup, GroupIds, makeGroup } from '../../group.ts';
import type { NewRecords } from '../../record.ts';
import type { QueueWriter, WriterOptions } from '../queue.ts';
import { Room } from '../room.ts';
import { MESSAGE_OVERHEAD, type SqsCalls } from './client.ts';
import type { SqsCounts } from './counts.ts';

const FULL_MESSAGE_BYTES = 60 * 1024;
/** Most requests in a message: with 100 records each they fit into the table of a group. */
const MAX_REQUESTS = 40;
/**
 * While a send is under way, the next one begins after so long, milliseconds, or with a full
 * message.
 */
const PATIENCE_MS = 20;
const MAX_IN_FLIGHT = 16;
const ATTEMPTS = 2;
/**
 * How soon a send that failed is tried again, and how often an SQS that is away is, milliseconds.
 */
const RETRY_MS = 300;

/** Sends groups of records, each as one message. */
export class SqsSender {
  readonly #calls: SqsCalls;
  readonly #counts: SqsCounts;
  readonly #keys = new GroupIds();
  readonly #room = new Room();
  #up = true;
  #watching = false;
  #closed = false;

  constructor(calls: SqsCalls, counts: SqsCounts) {
    this.#calls = calls;
    this.#counts = counts;
  }

  /** SQS answers. */
  get up(): boolean {
    return this.#up;
  }

  /**
   * Resolves once SQS has them.
   * @param group their bytes
   * @param records their number
   * @param traceparents of the requests that are sampled
   * @throws as QueueWriter.accept does
   */
  async send(group: Buffer, records: number, traceparents: readonly string[] = []): Promise<void> {
    const key = this.#keys.next();
    const message = { key, records, bytes: group.length };
    const counted = await this.#room.for(async () => {
      const reserved = await this.#counts.reserve(message);
      if (reserved === false) throw new QueueFullError('the queue is full; try again later');
      return reserved;
    });
    try {
      await this.#try([key, records, ...traceparents].join(' '), group);
    } catch (error) {
      // It may be in SQS after all: acknowledging it will count nothing then.
      await this.#counts.release(message);
      throw error;
    }
    if (counted) await this.#counts.confirm(message);
  }

  close(): void {
    this.#closed = true;
  }

  /**
   * A message that is there twice is stored once, so that a send without an answer can be repeated.
   */
  async #try(body: string, group: Buffer): Promise<void> {
    let unknown: Error | undefined;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#calls.send(body, group);
        this.#up = true;
        return;
      } catch (error) {
        // A later refusal says nothing about the first attempt.
        if (error instanceof QueueOutcomeUnknownError) unknown = error;
        if (error instanceof QueueRefusedError) throw unknown ?? error;
        if (this.#up) void this.#watch();
        if (attempt === ATTEMPTS || this.#closed) throw unknown ?? error;
      }
      await sleep(RETRY_MS);
    }
  }

  /** Finds out whether SQS answers at all: a connection that breaks says little. */
  async #watch(): Promise<void> {
    if (this.#watching) return;
    this.#watching = true;
    do {
      this.#up = await this.#calls.state().then(
        () => true,
        () => false,
      );
      if (!this.#up) await sleep(RETRY_MS, undefined, { ref: false });
    } while (!this.#up && !this.#closed);
    this.#watching = false;
  }
}

interface Request {
  readonly records: NewRecords;
  /** Of a message that consists of it. */
  readonly bytes: number;
}

export class SqsWriter implements QueueWriter {
  readonly #sender: SqsSender;
  readonly #onAccepted: NonNullable<WriterOptions['onAccepted']>;
  readonly #ids = new GroupIds();
  readonly #requests: Coalescer<Request, string[]>;
  readonly #mostBytes: number;
  readonly #onClose: () => void;
  #closed = false;

  /**
   * Takes over `sender`: closes it.
   * @param messageBytes of a message, at most
   * @param onClose called once
   */
  constructor(
    sender: SqsSender,
    messageBytes: number,
    { onAccepted = async () => undefined }: WriterOptions,
    onClose: () => void,
  ) {
    this.#sender = sender;
    this.#mostBytes = messageBytes - MESSAGE_OVERHEAD;
    this.#onAccepted = onAccepted;
    this.#onClose = onClose;
    this.#requests = new Coalescer<Request, string[]>({
      maxItems: MAX_REQUESTS,
      maxBytes: FULL_MESSAGE_BYTES,
      sizeOf: ({ bytes }) => bytes,
      maxInFlight: MAX_IN_FLIGHT,
      patienceMs: PATIENCE_MS,
      flush: (requests) =>
        this.#send(
          this.#ids.next(),
          requests.map(({ records }) => records),
        ),
    });
  }

  ready(): boolean {
    return !this.#closed && this.#sender.up;
  }

  async accept(records: NewRecords, group?: string): Promise<string[]> {
    if (this.#closed) throw new QueueUnavailableError('the queue is closed');
    if (!this.#sender.up) throw new QueueUnavailableError('SQS does not answer; try again later');
    const bytes = bytesOf(records);
    if (bytes > this.#mostBytes)
      throw new QueueRefusedError(
        `the records of a request have ${bytes} bytes, but go into one message of at most ${this.#mostBytes}: send fewer or smaller ones`,
      );
    return group === undefined ? this.#requests.add({ records, bytes }) : (await this.#send(group, [records]))[0]!;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#requests.idle();
    this.#sender.close();
    this.#onClose();
  }

  async #send(id: string, requests: readonly NewRecords[]): Promise<string[][]> {
    const { ids, records } = makeGroup(id, requests);
    const group = encodeGroup(records);
    const traceparents = requests.flatMap(({ traceparent }) => traceparent ?? []);
    await this.#sender.send(group, records.length, traceparents);
    await this.#onAccepted(id, group);
    return ids;
  }
}

const TABLE_ENTRY = 8;
const ID = '0'.repeat(24);

/** Of a message with these records. */
function bytesOf({ type, origin, payloads, traceparent = '' }: NewRecords): number {
  let bytes = TABLE_ENTRY + traceparent.length + 1;
  for (const payload of payloads) bytes += TABLE_ENTRY + documentBytes({ _id: ID, type, origin, payload });
  return bytes;
}
